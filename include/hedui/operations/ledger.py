"""Reads the ledger by the texts of ``include/sql/operations``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from hedui import engine
from hedui.context import Context
from hedui.ledger.database import begin


def rows(context: Context, name: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of one text, by column; its header names the bind parameters."""
    with begin(context.ledger_url) as connection:
        found = connection.execute(text(engine.render(f"operations/{name}.sql.jinja")), parameters)
        return [dict(row) for row in found.mappings()]
