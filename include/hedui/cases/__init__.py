"""Cases: findings of a date become open, cleared and reopened cases in the ledger."""
