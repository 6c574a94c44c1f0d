"""Alembic's entry: runs the migrations on the connection that :mod:`hedui.ledger.schema` passes."""

from __future__ import annotations

from alembic import context

from hedui.ledger.models import SCHEMA, Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table_schema=SCHEMA,
    include_schemas=True,
)
with context.begin_transaction():
    context.run_migrations()
