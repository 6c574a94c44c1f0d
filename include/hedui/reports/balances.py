"""Totals and footing lines, from what the comparisons kept in their partitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from hedui import engine
from hedui.canonical.schemas import dataset
from hedui.compare.plan import sides_of
from hedui.context import Context
from hedui.lake import Manifest
from hedui.reports.dimensions import insurance_names
from hedui.reports.night import BalanceLine, FieldDeviation, FlowTotals, GroupTotal, SnapshotNight
from hedui.reports.partitions import NightPartitions, received_rows, version_of
from hedui.reports.regions import RegionView
from hedui.reports.sections.names import COMPONENTS, PARTS, TOTAL_STATES
from hedui.reports.statements import statement
from hedui.site.models import FlowComparison, Side, SnapshotComparison

GROUPS_SHOWN = 2_000
"""Groups per pair in the workbook; balanced ones beyond it are counted and left out."""

GROUP_TITLES = {
    "pool_region": "统筹区",
    "agency_code": "经办机构",
    "insurance": "险种",
    "payment_flag": "缴费标识",
    "period": "所属期",
    "date": "日期",
}
FLAG_NAMES = {"pay": "缴费", "refund": "退费"}
STATE_ORDER = ("unbalanced", "detail_differs", "in_transit", "balanced")


def flow_totals(
    context: Context, connection: duckdb.DuckDBPyConnection, partitions: NightPartitions, view: RegionView
) -> tuple[FlowTotals, ...]:
    """Totals and footing of every flow comparison that ran."""
    flows = [c for c in context.site.comparisons if isinstance(c, FlowComparison) and c.id in partitions.tonight]
    return tuple(_flow(context, connection, partitions, flow, view) for flow in flows)


def _flow(
    context: Context, connection: duckdb.DuckDBPyConnection, partitions: NightPartitions, flow: FlowComparison, view: RegionView
) -> FlowTotals:
    manifest = partitions.tonight[flow.id]
    groups, left_out = _groups(context, connection, partitions, flow, view)
    balance = manifest.meta.get("balance", {})
    lines = [
        balance_line(context, partitions, side, balance[key])
        for key, side in (("left", flow.left), ("right", flow.right))
        if key in balance
    ]
    return FlowTotals(
        id=flow.id,
        name=flow.name,
        left=context.site.source(flow.left.source).name,
        right=context.site.source(flow.right.source).name,
        group_titles=tuple(GROUP_TITLES.get(name, name) for name in flow.group),
        components=tuple(COMPONENTS.get(name, name) for name in flow.amounts),
        groups=groups,
        left_out=left_out,
        balance=tuple(lines),
        statement=statement(context, connection, partitions, flow, view, names=_group_names(context, view), named=_named),
    )


def _groups(
    context: Context, connection: duckdb.DuckDBPyConnection, partitions: NightPartitions, flow: FlowComparison, view: RegionView
) -> tuple[tuple[GroupTotal, ...], int]:
    files = context.lake.files(context.findings(flow.id, partitions.date), "totals")
    if not files:
        return (), 0
    parts = ("count", *flow.amounts)
    sums = [f"{prefix}{side}_{part}" for prefix in ("", "explained_") for side in ("left", "right") for part in parts]
    figures: dict[str, Any] = {"group": list(flow.group), "amounts": list(flow.amounts)}
    of = version_of(partitions.tonight[flow.id])
    rows = engine.run(
        connection,
        "reports/totals.sql",
        totals=view.regrouped(connection, engine.parquet(files), sums=sums, of=of, **figures),
        **figures,
        states=STATE_ORDER,
    ).fetchall()
    shown = rows[:GROUPS_SHOWN] if len(rows) > GROUPS_SHOWN else rows
    shown += [row for row in rows[GROUPS_SHOWN:] if row[-1] != "balanced"]
    names = _group_names(context, view)
    return tuple(_group(flow, row, names) for row in shown), len(rows) - len(shown)


def _group(flow: FlowComparison, row: Sequence[Any], names: Mapping[str, Mapping[str, str]]) -> GroupTotal:
    keys, numbers = row[: len(flow.group)], [int(value or 0) for value in row[len(flow.group) : -1]]
    components = len(flow.amounts)
    return GroupTotal(
        group=tuple(_named(name, value, names) for name, value in zip(flow.group, keys, strict=True)),
        left_count=numbers[0],
        right_count=numbers[1],
        left_fen=tuple(numbers[2 : 2 + components]),
        right_fen=tuple(numbers[2 + components : 2 + 2 * components]),
        explained_count=numbers[-2],
        explained_fen=numbers[-1],
        state=TOTAL_STATES.get(row[-1], str(row[-1])),
    )


def _group_names(context: Context, view: RegionView) -> dict[str, Mapping[str, str]]:
    return {
        "pool_region": view.names,
        "insurance": insurance_names(context),
        "payment_flag": FLAG_NAMES,
    }


def _named(field: str, value: object, names: Mapping[str, Mapping[str, str]]) -> str:
    """A group value with its name: ``990102 西湖区``."""
    code = "（空）" if value is None else str(value)
    name = names.get(field, {}).get(code)
    if name is None:
        return code
    return name if field == "payment_flag" else f"{code} {name}"


def balance_line(context: Context, partitions: NightPartitions, side: Side, figures: Mapping[str, int]) -> BalanceLine:
    """The footing of one side from the comparison's balance, tied to the rows that the source delivered.

    What the comparison's own ``where`` leaves out is the difference between the canonical rows and those it read; a side without
    ``where`` has none, so that a row that got lost shows as a gap.
    """
    canonical = partitions.canonical.get((side.dataset, side.source), Manifest(rows=figures.get("rows", 0)))
    money = any(f"{part}_fen" in figures for part in PARTS)
    return BalanceLine(
        side=context.site.source(side.source).name,
        received=received_rows(canonical),
        carried_in=figures.get("carried_in", 0),
        outside=canonical.rows - figures.get("rows", 0) if side.where else 0,
        rejected=canonical.rejected,
        parts=tuple(
            (part, figures[part], figures.get(f"{part}_fen") if money else None) for part in PARTS if _counts(part, figures)
        ),
        received_fen=figures.get("rows_fen") if money else None,
        carried_in_fen=figures.get("carried_in_fen", 0) if money else None,
    )


def _counts(part: str, figures: Mapping[str, int]) -> bool:
    """Whether the balance has the outcome; rejected rows are counted where they were read, outside of the comparison."""
    return part in figures and part not in ("rejected", "outside")


def snapshot_nights(
    context: Context, connection: duckdb.DuckDBPyConnection, partitions: NightPartitions
) -> tuple[SnapshotNight, ...]:
    """Presence, deviations and footing of every snapshot comparison that ran."""
    presence = {(row[0], row[1]): row[2:] for row in engine.run(connection, "reports/presence.sql").fetchall()}
    fields: dict[str, dict[tuple[str, str], dict[int, Sequence[int]]]] = {}
    for scope, field, rule, position, *counts in engine.run(connection, "reports/fields.sql").fetchall():
        fields.setdefault(scope, {}).setdefault((field, rule), {})[position] = counts
    snapshots = [c for c in context.site.comparisons if isinstance(c, SnapshotComparison) and c.id in partitions.tonight]
    return tuple(_snapshot(context, partitions, snapshot, presence, fields.get(snapshot.id, {})) for snapshot in snapshots)


def _snapshot(
    context: Context,
    partitions: NightPartitions,
    snapshot: SnapshotComparison,
    presence: Mapping[tuple[str, int], Sequence[int]],
    fields: Mapping[tuple[str, str], Mapping[int, Sequence[int]]],
) -> SnapshotNight:
    sides = sides_of(snapshot)
    positions = range(len(sides))
    nothing = (0, 0, 0)
    found = [presence.get((snapshot.id, position), nothing) for position in positions]
    deviations = []
    for (field, rule), by_position in sorted(fields.items(), key=lambda item: list(snapshot.fields).index(item[0][0])):
        total, undecided = next((counts[0], counts[3]) for counts in by_position.values())
        deviations.append(
            FieldDeviation(
                field=dataset(sides[0].dataset).fields[field].label,
                rule=rule,
                total=total,
                deviating=tuple(by_position[p][1] if p in by_position else 0 for p in positions),
                right=tuple(by_position[p][2] if p in by_position else 0 for p in positions),
                undecided=undecided,
            )
        )
    balance = partitions.tonight[snapshot.id].meta.get("balance", {})
    return SnapshotNight(
        id=snapshot.id,
        name=snapshot.name,
        sides=tuple(context.site.source(side.source).name for side in sides),
        missing=tuple(counts[0] for counts in found),
        duplicates=tuple(counts[1] for counts in found),
        unusable=tuple(counts[2] for counts in found),
        fields=tuple(deviations),
        balance=tuple(balance_line(context, partitions, side, balance[side.source]) for side in sides if side.source in balance),
    )
