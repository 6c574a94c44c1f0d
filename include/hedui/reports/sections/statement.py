"""调节表: per pair of flows and group, both sides' balances and what lies between them; the adjusted balances are equal."""

from __future__ import annotations

from hedui.reports.content import Block, Column, Formula, Notes, Sheet, Table, Value
from hedui.reports.night import FlowTotals, Night, StatementLine
from hedui.reports.sections import names

SHOWN = 500
"""Groups of a pair in the workbook; those that need no adjustment come last and are left out first."""


def statement(night: Night) -> Sheet:
    """The sheet of all pairs."""
    blocks: list[Block] = [_table(flow) for flow in night.flows if flow.statement]
    lines = [line for flow in night.flows for line in flow.statement]
    off = sum(line.adjusted[0] != line.adjusted[1] for line in lines)
    if not blocks:
        blocks.append(Notes(title="", lines=("本期没有可编制调节表的数据。",)))
    return Sheet(
        name=names.STATEMENT,
        title="未达账项调节表",
        lead="余额为本期发生与上期未达之和。加对方已记、本方未记的款项，减不应计入的款项，加减配对金额之差，调节后两方余额相等。"
        + names.restated(night.restated),
        blocks=tuple(blocks),
        summary=f"{len(lines):,} 组，调节后不等 {off:,} 组",
    )


def _table(flow: FlowTotals) -> Table:
    columns = [Column(key=f"g{i}", title=title, kind="code", width=11) for i, title in enumerate(flow.group_titles)]
    for side, own, other in (("left", flow.left, "乙方"), ("right", flow.right, "甲方")):
        group = f"{'甲方' if side == 'left' else '乙方'}：{own}"
        parts = [
            ("balance", "余额", "money"),
            ("transit", f"加：{other}已记在途", "diff"),
            ("one_sided", f"加：{other}单边", "diff"),
            ("elsewhere", f"加：{other}跨组合并", "diff"),
            ("excluded", "减：重复等", "diff"),
        ]
        if side == "right":
            parts.append(("difference", "加：配对差额", "diff"))
        parts.append(("adjusted", "调节后余额", "money"))
        columns += [
            Column(key=f"{side}_{key}", title=title, kind=kind, width=14, total=True, group=group)  # type: ignore[arg-type]
            for key, title, kind in parts
        ]
    columns += [
        Column(key="gap", title="差", kind="diff", width=12, total=True, group="校验"),
        Column(key="state", title="结论", kind="state", width=10, group="校验"),
    ]
    lines = sorted(flow.statement, key=lambda line: line.quiet)
    hidden = len(lines) - SHOWN
    note = f"另有 {hidden:,} 组未列示（超过每表上限），合计行不含这些组。" if hidden > 0 else ""
    return Table(
        title=flow.name, columns=tuple(columns), rows=tuple(_row(line) for line in lines[:SHOWN]), total="合计", note=note,
        id=f"statement:{flow.id}",
    )  # fmt: skip


def _row(line: StatementLine) -> tuple[Value, ...]:
    cells: list[Value] = [*line.group]
    for side, name in ((0, "left"), (1, "right")):
        parts = [
            line.balance[side],
            line.transit[1 - side],
            line.one_sided[1 - side],
            line.elsewhere[1 - side],
            line.excluded[side],
        ]
        text = "{%s_balance}+{%s_transit}+{%s_one_sided}+{%s_elsewhere}-{%s_excluded}" % ((name,) * 5)
        if side:
            parts.append(line.difference)
            text += "+{right_difference}"
        cells += [*parts, Formula(text=text, value=line.adjusted[side])]
    gap = line.adjusted[0] - line.adjusted[1]
    return (*cells, Formula(text="{left_adjusted}-{right_adjusted}", value=gap), "平" if gap == 0 else "不平")
