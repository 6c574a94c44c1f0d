"""The ledger's tables and migrations."""
