"""The reconciliation statements (未达账项调节表) of a night's flows, read from the comparisons' partitions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import duckdb

from hedui import engine
from hedui.context import Context
from hedui.reports.night import StatementLine
from hedui.reports.partitions import NightPartitions, version_of
from hedui.reports.regions import RegionView
from hedui.site.models import FlowComparison

Names = Mapping[str, Mapping[str, str]]
Named = Callable[[str, object, Names], str]
ELSEWHERE = ("crossed", "bundled")
EXCLUDED = ("duplicate", "unusable", "keymap", "reversed")


def statement(
    context: Context,
    connection: duckdb.DuckDBPyConnection,
    partitions: NightPartitions,
    flow: FlowComparison,
    view: RegionView,
    *,
    names: Names,
    named: Named,
) -> tuple[StatementLine, ...]:
    """The statement's groups in the order of their values; nothing where the partition is older than statements."""
    files = context.lake.files(context.findings(flow.id, partitions.date), "statement")
    if not files:
        return ()
    order = ", ".join(engine.ident(name) for name in flow.group)
    figures = engine.parquet(files)
    held = [str(row[0]) for row in connection.execute(f"DESCRIBE SELECT * FROM {figures}").fetchall()]
    sums, of = [name for name in held if name not in flow.group], version_of(partitions.tonight[flow.id])
    figures = view.regrouped(connection, figures, group=list(flow.group), sums=sums, of=of)
    result = connection.execute(f"SELECT * FROM {figures} ORDER BY {order}")
    columns = [column[0] for column in result.description or ()]
    rows = [dict(zip(columns, values, strict=True)) for values in result.fetchall()]
    return tuple(_line(row, tuple(named(name, row[name], names) for name in flow.group)) for row in rows)


def _line(row: Mapping[str, Any], group: tuple[str, ...]) -> StatementLine:
    def both(*parts: str) -> tuple[int, int]:
        left, right = (sum(int(row[f"{side}_{part}"]) for part in parts) for side in ("left", "right"))
        return left, right

    return StatementLine(
        group=group,
        balance=both("balance"),
        transit=both("in_transit"),
        one_sided=both("one_sided"),
        elsewhere=both(*ELSEWHERE),
        excluded=both(*EXCLUDED),
        difference=int(row["difference"]) + int(row["tolerated"]),
        adjusted=both("adjusted"),
    )
