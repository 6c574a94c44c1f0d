"""References to codes in other tables: institutions, accounts, permissions, inboxes. Counts those that lead nowhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import make_url

from hedui.regions.errors import RegionError
from hedui.regions.migrate import oracle_text, postgres_text
from hedui.site.regions import Reference


def orphans(references: Sequence[Reference], connection: Callable[[str], str]) -> dict[str, int]:
    """Rows per reference whose code is not in the table that it refers to.

    Raises:
        RegionError: A table cannot be read, or the database is of a kind that has no targets.
    """
    return {item.name: _count(item, connection(item.connection)) for item in references}


def _count(item: Reference, url: str) -> int:
    kind = make_url(url).get_backend_name()
    if kind not in ("postgresql", "oracle"):
        raise RegionError(f"The reference {item.name} is in {kind}; references can be in PostgreSQL or Oracle.")
    quote = postgres_text.quote if kind == "postgresql" else oracle_text.quote
    table, to_table = (".".join(quote(part) for part in name.split(".")) for name in (item.table, item.to_table))
    query = (
        f"SELECT COUNT(*) FROM {table} t WHERE t.{quote(item.column)} IS NOT NULL "
        f"AND NOT EXISTS (SELECT 1 FROM {to_table} r WHERE r.{quote(item.to_column)} = t.{quote(item.column)})"
    )
    try:
        return _one(query, url, item.name) if kind == "oracle" else _first(postgres_text.connect(url), query)
    except RegionError:
        raise
    except Exception as error:  # the drivers' errors may quote rows
        raise RegionError(
            f"The reference {item.name} cannot be counted ({type(error).__name__}): {item.table}.{item.column} or "
            f"{item.to_table}.{item.to_column} is not there, or may not be read."
        ) from None


def _one(query: str, url: str, name: str) -> int:
    from hedui.sources.oracle_connect import connect

    return _first(connect(make_url(url), name, "Asia/Shanghai"), query)


def _first(database: Any, query: str) -> int:
    with closing(database), database.cursor() as cursor:
        cursor.execute(query)
        return int(cursor.fetchone()[0])
