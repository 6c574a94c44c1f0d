"""Findings on flows stand until their own date is corrected.

A night compares and checks the rows that were delivered for its date. That a payment of Wednesday has the wrong amount is seen on
Wednesday's night only; on Thursday it is as wrong as before. So a night's findings on flows are its own ones and those that it inherits
from the nights before; they go when their own date is run again on corrected data, which makes the later dates' findings anew. What
the window evaluates each night (in transit, late, one-sided, cut-off) is never inherited.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Final

import duckdb

from hedui.context import Context
from hedui.engine import ident, literal, parquet, run
from hedui.findings import FINDING_COLUMNS
from hedui.lake import Manifest

MOVING_KINDS: Final = (
    "BUNDLE", "CUTOFF", "IN_TRANSIT", "LATE", "LONG", "ONLY_LEFT", "ONLY_RIGHT", "REFUND", "REV_ORPHAN", "SHORT"
)  # fmt: skip
"""Kinds that a window evaluates anew each night."""

OWN: Final = "own"
"""File group of a check's findings partition: what the date itself found. ``data`` adds what it inherits."""


def inherit(connection: duckdb.DuckDBPyConnection, date: dt.date) -> int:
    """Adds the table ``standing`` to the table ``findings`` and makes ``standing`` what the next date inherits.

    Returns:
        The number of findings with the inherited ones.
    """
    run(connection, "findings/standing.sql", columns=list(FINDING_COLUMNS), date=date, moving=MOVING_KINDS)
    row = connection.execute("SELECT count(*) FROM findings").fetchone()
    return int(row[0]) if row else 0


def start(connection: duckdb.DuckDBPyConnection, context: Context, scope: str, base: dt.date | None) -> None:
    """Makes the table ``standing``: what the date after ``base`` inherits; empty without a base."""
    columns = ", ".join(ident(name) for name in FINDING_COLUMNS)
    files = context.lake.files(context.findings(scope, base)) if base else []
    if files:
        query = f"SELECT {columns} FROM {parquet(files)} WHERE kind NOT IN {literal(MOVING_KINDS)}"
    else:
        query = (
            f"SELECT {', '.join(f'CAST(NULL AS {kind}) AS {ident(name)}' for name, kind in FINDING_COLUMNS.items())} WHERE FALSE"
        )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE standing AS {query}")


def write(
    connection: duckdb.DuckDBPyConnection, context: Context, *, scope: str, date: dt.date, own: str, manifest: Manifest
) -> Manifest:
    """Writes a check's findings partition with what it inherits, and makes the later dates' partitions anew.

    Args:
        connection: A DuckDB that knows the relation ``own``.
        context: The step's context.
        scope: What ran.
        date: Business date.
        own: Query of the date's own findings.
        manifest: The partition's manifest; ``rows`` is set here.
    """
    start(connection, context, scope, max((day for day in context.lake.dates("findings", scope) if day < date), default=None))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE own AS {own}")
    written = _commit(connection, context, scope, date, manifest)
    _pass_on(connection, context, scope, date)
    return written


def forget(connection: duckdb.DuckDBPyConnection, context: Context, scope: str, date: dt.date) -> None:
    """Makes the partitions after ``date`` anew when the partition of ``date`` has been removed."""
    start(connection, context, scope, max((day for day in context.lake.dates("findings", scope) if day < date), default=None))
    _pass_on(connection, context, scope, date)


def _pass_on(connection: duckdb.DuckDBPyConnection, context: Context, scope: str, date: dt.date) -> None:
    for day in (day for day in context.lake.dates("findings", scope) if day > date):
        partition = context.findings(scope, day)
        manifest = context.lake.manifest(partition)
        if manifest is not None:
            connection.execute(f"CREATE OR REPLACE TEMP TABLE own AS SELECT * FROM {parquet(context.lake.files(partition, OWN))}")
            _commit(connection, context, scope, day, manifest)


def _commit(connection: duckdb.DuckDBPyConnection, context: Context, scope: str, date: dt.date, manifest: Manifest) -> Manifest:
    connection.execute("CREATE OR REPLACE TEMP TABLE findings AS SELECT * FROM own")
    rows = inherit(connection, date)
    with context.lake.writer(context.findings(scope, date)) as writer:
        for table, name in (("findings", "data"), ("own", OWN)):
            path = literal(writer.new_file(name))
            connection.execute(
                f"COPY (SELECT * FROM {table} ORDER BY rule, fingerprint) TO {path} (FORMAT parquet, COMPRESSION zstd)"
            )
        return writer.commit(replace(manifest, rows=rows))
