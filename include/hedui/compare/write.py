"""From hits to a findings partition: severities, agencies, fingerprints, one sorted Parquet file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import duckdb

from hedui import engine
from hedui.compare.plan import SidePlan
from hedui.context import Context
from hedui.errors import HeduiError
from hedui.findings import FINDING_COLUMNS, fingerprint_sql
from hedui.lake import Manifest, PartitionWriter
from hedui.rules import rule
from hedui.site.models import RuleSetting

ORDER = "rule, fingerprint"


def who(context: Context, rule_ids: Iterable[str], sides: Sequence[SidePlan]) -> list[tuple[str, str, str, str, str]]:
    """Per enabled rule and side: (rule, source, dataset, severity, agency)."""
    rows = []
    for rule_id in sorted(set(rule_ids)):
        setting = context.site.rules.get(rule_id, RuleSetting())
        if not setting.enabled:
            continue
        severity = setting.severity or rule(rule_id).severity
        for side in sides:
            agency = setting.agency or context.site.source(side.source).agency
            rows.append((rule_id, side.source, side.dataset, severity, agency))
    return rows


def make_findings(
    connection: duckdb.DuckDBPyConnection,
    *,
    scope: str,
    date: dt.date,
    subject_type: str,
    people: list[tuple[str, str, str, str, str]],
    origin: str = "CAST(NULL AS DATE)",
) -> int:
    """Makes the table ``findings`` from the table ``hits``; every finding has a fingerprint of its own.

    Returns:
        The number of findings.
    """
    fingerprint = fingerprint_sql(
        scope=engine.literal(scope),
        rule="h.rule",
        subject_key="h.subject_key",
        insurance="h.insurance",
        period="h.period",
        field="h.mark",
    )
    engine.run(
        connection,
        "compare/findings.sql",
        columns=FINDING_COLUMNS,
        business_date=date,
        scope=scope,
        subject_type=subject_type,
        origin=origin,
        fingerprint=fingerprint,
        who=people or [("", "", "", "", "")],
    )
    count, distinct = fetch_one(connection, "SELECT count(*), count(DISTINCT fingerprint) FROM findings")
    if count != distinct:
        engine.run(connection, "compare/findings_distinct.sql", columns=list(FINDING_COLUMNS))
    return int(count)


def fetch_one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    """The first row of a query that always has one."""
    row = connection.execute(sql).fetchone()
    if row is None:
        raise HeduiError("A query that always yields a row yielded none; report this.")
    return tuple(row)


def copy_out(
    connection: duckdb.DuckDBPyConnection, writer: PartitionWriter, table: str, *, name: str = "data", order: str = ORDER
) -> None:
    """Writes a table as a file of the partition, in an order that makes equal content equal bytes."""
    path = engine.literal(writer.new_file(name))
    connection.execute(f"COPY (SELECT * FROM {engine.ident(table)} ORDER BY {order}) TO {path} (FORMAT parquet, COMPRESSION zstd)")


def write_findings(
    connection: duckdb.DuckDBPyConnection, context: Context, *, scope: str, date: dt.date, rows: int, meta: dict[str, Any]
) -> Manifest:
    """Replaces the findings partition of a scope and date with the table ``findings``."""
    with context.lake.writer(context.findings(scope, date)) as writer:
        copy_out(connection, writer, "findings")
        return writer.commit(Manifest(rows=rows, meta=meta))
