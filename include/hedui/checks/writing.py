"""From what rules found to a findings partition, set by set on the engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from hedui import standing
from hedui.checks.model import Check, RuleRecord
from hedui.context import Context
from hedui.engine import connect, literal, render
from hedui.findings import FINDING_COLUMNS, fingerprint_sql
from hedui.lake import Manifest


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The query of what one rule found in one source; its columns are those that ``failing_subjects.sql`` names."""

    rule: str
    source: str
    query: str


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What all findings of one rule about one source have in common."""

    rule: str
    source: str
    severity: str
    agency: str
    dataset: str
    kind: str
    field: str | None
    subject_type: str
    flow: bool


@dataclass(frozen=True, kw_only=True)
class RawBatch:
    """Where values as received are: a relation over the raw batch and, per rule, the column that its field came from."""

    relation: str
    columns: dict[str, str]


def setting(check: Check, *, subject: str, flow: bool) -> Setting:
    """What the findings of a check have in common."""
    return Setting(
        rule=check.rule,
        source=check.source,
        severity=check.severity,
        agency=check.agency,
        dataset=check.dataset,
        kind=check.kind,
        field=check.field,
        subject_type=subject,
        flow=flow,
    )


def query(name: str, **parameters: Any) -> str:
    """The text of a file of ``include/sql/rules`` that is one query, fit to stand inside another."""
    return render(f"rules/{name}", **parameters).rstrip().removesuffix(";")


def write_findings(
    context: Context,
    connection: duckdb.DuckDBPyConnection,
    *,
    scope: str,
    date: dt.date,
    shapes: Sequence[Shape],
    settings: Sequence[Setting],
    records: Sequence[RuleRecord],
    inputs: dict[str, str],
    raw: RawBatch | None = None,
    stands: bool = False,
) -> Manifest:
    """Writes the findings partition of a scope, also where nothing was found.

    Args:
        context: The step's context.
        connection: A DuckDB that knows the relations in the shapes.
        scope: What ran.
        date: Business date.
        shapes: What the rules found.
        settings: Per rule and source.
        records: How the rules fared; kept in the manifest.
        inputs: Digest of each partition that was read, by its path.
        raw: Where values as received are.
        stands: The scope is about a flow: findings of earlier dates stand beside the date's own, see :mod:`hedui.standing`.
    """
    relation = _findings(connection, scope=scope, date=date, shapes=shapes, settings=settings, raw=raw)
    columns = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in FINDING_COLUMNS.items())
    own = f"SELECT {columns} FROM {relation}"
    broken = [item.rule for item in records if item.state == "error"]
    meta = {"rules": [record.as_meta() for record in records], "inputs": inputs, "broken": broken}
    if stands:
        return standing.write(connection, context, scope=scope, date=date, own=own, manifest=Manifest(rows=0, meta=meta))
    with context.lake.writer(context.findings(scope, date)) as writer:
        copied = connection.execute(f"COPY ({own}) TO {literal(writer.new_file())} (FORMAT PARQUET, COMPRESSION ZSTD)")
        rows = (copied.fetchone() or (0,))[0]
        return writer.commit(Manifest(rows=rows, meta=meta))


def remove_findings(context: Context, scope: str, date: dt.date, *, stands: bool) -> None:
    """Removes the findings partition of a scope that could not run; what later dates inherited from it goes with it."""
    partition = context.findings(scope, date)
    if context.lake.manifest(partition) is None:
        return
    context.lake.remove(partition)
    if stands:
        with connect(memory_limit=context.memory_limit, threads=context.threads) as connection:
            standing.forget(connection, context, scope, date)


def _findings(
    connection: duckdb.DuckDBPyConnection,
    *,
    scope: str,
    date: dt.date,
    shapes: Sequence[Shape],
    settings: Sequence[Setting],
    raw: RawBatch | None,
) -> str:
    if not shapes:
        return f"(SELECT {', '.join(f'NULL AS {name}' for name in FINDING_COLUMNS)} WHERE FALSE)"
    found = query(
        "failing_subjects.sql",
        shapes=[asdict(shape) for shape in shapes],
        raw=raw.relation if raw else None,
        raw_columns=raw.columns if raw else {},
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE found AS\n{found}")
    present = {(shape.rule, shape.source) for shape in shapes}
    common = [asdict(item) for item in settings if (item.rule, item.source) in present]
    fingerprint = fingerprint_sql(
        scope=literal(scope),
        rule="rule",
        subject_key="subject_key",
        insurance="insurance",
        period="period",
        field="part",
    )
    text = query("findings.sql", subjects="found", date=date, scope=scope, settings=common, fingerprint=fingerprint)
    return f"({text}\n)"
