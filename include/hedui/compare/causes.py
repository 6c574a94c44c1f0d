"""Root causes: which field, changing from what to what, in which region and unit, explains how many findings of a comparison."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import duckdb

from hedui import engine
from hedui.canonical.schemas import dataset
from hedui.compare.plan import sides_of
from hedui.context import Context
from hedui.errors import LakeError
from hedui.security.masking import PERSON_FIELDS
from hedui.site.models import Comparison

MAJORITY = 60
"""Per cent of a pattern's findings from which its region or unit is named."""


@dataclass(frozen=True, kw_only=True)
class RootCause:
    """A pattern that explains findings.

    Attributes:
        kind: Kind of the findings.
        rule: Rule id.
        field: Field that deviates, or None.
        source: The side that deviates or lacks the key.
        before: The right side's value; None for money, personal fields and findings without a field; empty: no value.
        after: The deviating side's value, likewise.
        region: Region of most of the findings, or None.
        unit: Unit number of most of the findings, or None.
        findings: How many findings the pattern explains.
        share: Of all findings of the comparison that are differences (no totals, nothing in transit).
        amount_fen: Their money at stake.
    """

    kind: str
    rule: str
    field: str | None
    source: str
    before: str | None
    after: str | None
    region: str | None
    unit: str | None
    findings: int
    share: float
    amount_fen: int


def finding_units(connection: duckdb.DuckDBPyConnection, context: Context, comparison: Comparison, date: dt.date) -> str:
    """Makes the table ``finding_units`` (fingerprint, unit) for a comparison's findings of a date.

    The unit is that of the first side whose row the finding names and whose dataset has unit numbers. Rows of dates whose canonical
    partition is gone have none.

    Returns:
        The findings as a relation.

    Raises:
        LakeError: The comparison has no findings partition of the date.
    """
    files = context.lake.files(context.findings(comparison.id, date))
    if not files:
        raise LakeError(f"The findings of {comparison.id} on {date} have no file; run the comparison again.")
    findings = engine.parquet(files)
    rows = connection.execute(f"SELECT DISTINCT coalesce(origin_date, business_date) FROM {findings} ORDER BY 1").fetchall()
    partitions: list[dict[str, Any]] = []
    for position, side in enumerate(sides_of(comparison)):
        if "unit_no" not in dataset(side.dataset).fields:
            continue
        for (day,) in rows:
            partition = context.canonical(side.dataset, side.source, day)
            if context.lake.manifest(partition) is not None and (found := context.lake.files(partition)):
                partitions.append({"position": position, "source": side.source, "date": day, "relation": engine.parquet(found)})
    engine.run(connection, "compare/finding_units.sql", findings=findings, partitions=partitions)
    return findings


def root_causes(
    connection: duckdb.DuckDBPyConnection,
    context: Context,
    comparison: Comparison,
    date: dt.date,
    *,
    most: int = 10,
    hidden: Collection[str] = tuple(PERSON_FIELDS),
) -> list[RootCause]:
    """The strongest patterns among a comparison's findings of a date.

    Args:
        connection: A connection of the engine.
        context: Where the lake is.
        comparison: The comparison.
        date: Business date.
        most: How many patterns.
        hidden: Fields whose values are not shown.
    """
    findings = finding_units(connection, context, comparison, date)
    first = sides_of(comparison)[0].source
    result = engine.run(
        connection, "compare/causes.sql", findings=findings, first=first, hidden=tuple(hidden), majority=MAJORITY, most=most
    )
    names = ("kind", "rule", "field", "source", "before", "after", "region", "unit", "findings")
    return [
        RootCause(**dict(zip(names, row, strict=False)), share=row[8] / row[9], amount_fen=row[10]) for row in result.fetchall()
    ]
