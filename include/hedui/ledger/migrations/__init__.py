"""Alembic migrations of the ledger; run by :func:`hedui.ledger.schema.upgrade`."""
