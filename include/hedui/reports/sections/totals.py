"""总额对账: both sides of each pair of flows group by group, and the line that proves that nothing vanished."""

from __future__ import annotations

from collections.abc import Sequence

from hedui.reports.content import Block, Column, Formula, Kind, Notes, Sheet, Table, Value
from hedui.reports.night import BalanceLine, FlowTotals, GroupTotal, Night
from hedui.reports.sections import names


def totals(night: Night) -> Sheet:
    """The sheet of all pairs, the groups that do not balance first."""
    blocks: list[Block] = []
    for flow in night.flows:
        blocks.append(_groups(flow, filtered=flow is night.flows[0]))
        if flow.balance:
            blocks.append(balance_table(flow.balance, title=f"{flow.name}：平衡校验（笔数）", key=f"rows:{flow.id}"))
            blocks.append(balance_table(flow.balance, title=f"{flow.name}：平衡校验（金额）", key=f"fen:{flow.id}", money=True))
    if not blocks:
        blocks.append(Notes(title="", lines=("本期没有可进行总额对账的数据。",)))
    unbalanced = sum(group.state == "不平" for flow in night.flows for group in flow.groups)
    groups = sum(len(flow.groups) + flow.left_out for flow in night.flows)
    return Sheet(
        name=names.TOTALS,
        title="总额对账表",
        lead="先对总额，后对明细：每组两方笔数与各金额组成相减；在途与跨日的款项单独列示，剔除后仍有差额为不平。末行为合计，平衡校验证明读入的每一行都有去向。"
        + names.restated(night.restated),
        blocks=tuple(blocks),
        summary=f"{groups:,} 组，不平 {unbalanced:,} 组",
    )


def _shown(flow: FlowTotals) -> list[int]:
    """Positions of the components that are not zero everywhere."""
    shown = [
        index
        for index in range(len(flow.components))
        if any(group.left_fen[index] or group.right_fen[index] for group in flow.groups)
    ]
    return shown or [0]


def _groups(flow: FlowTotals, *, filtered: bool) -> Table:
    shown = _shown(flow)
    columns = [Column(key=f"g{i}", title=title, kind="code", width=11) for i, title in enumerate(flow.group_titles)]
    for side, title in (("left", flow.left), ("right", flow.right)):
        columns.append(
            Column(
                key=f"{side}_count",
                title="笔数",
                kind="int",
                width=9,
                total=True,
                group=f"甲方：{title}" if side == "left" else f"乙方：{title}",
            )
        )
        columns += [
            Column(key=f"{side}_{i}", title=flow.components[i], kind="money", width=14, total=True, group=columns[-1].group)
            for i in shown
        ]
    columns += [
        Column(key="count_diff", title="笔数差", kind="int", width=9, total=True, group="差额（甲−乙）"),
        Column(key="diff", title="金额差", kind="diff", width=14, total=True, group="差额（甲−乙）"),
        Column(key="explained_count", title="在途/跨日笔数", kind="tally", width=9, total=True, group="其中"),
        Column(key="explained", title="在途/跨日金额", kind="diff", width=14, total=True, group="其中"),
        Column(key="open", title="未能解释", kind="diff", width=14, total=True, group="其中"),
        Column(key="state", title="状态", kind="state", width=15),
    ]
    hidden = [flow.components[i] for i in range(len(flow.components)) if i not in shown]
    note = f"{'、'.join(hidden)}：两方各组均为 0.00，未列示。" if hidden else ""
    if flow.left_out:
        note += f"另有 {flow.left_out:,} 个平衡组未列示（超过每表上限），合计行不含这些组。"
    return Table(
        title=flow.name,
        columns=tuple(columns),
        rows=tuple(_group_row(group, shown) for group in flow.groups),
        total="合计",
        note=note,
        filtered=filtered,
        id=f"totals:{flow.id}",
    )


def _group_row(group: GroupTotal, shown: Sequence[int]) -> tuple[Value, ...]:
    left, right = [group.left_fen[i] for i in shown], [group.right_fen[i] for i in shown]

    def sides(prefix: str) -> str:
        return "+".join(f"{{{prefix}_{i}}}" for i in shown)

    return (
        *group.group,
        group.left_count,
        *left,
        group.right_count,
        *right,
        Formula(text="{left_count}-{right_count}", value=group.left_count - group.right_count),
        Formula(text=f"({sides('left')})-({sides('right')})", value=sum(left) - sum(right)),
        group.explained_count,
        group.explained_fen,
        Formula(text="{diff}-{explained}", value=group.open_fen),
        group.state,
    )


def balance_table(lines: Sequence[BalanceLine], *, title: str, key: str, money: bool = False) -> Table:
    """The footing of the sides: what came in (+ carried in) equals the sum of where it went, with formulas."""
    lines = [line for line in lines if not money or line.received_fen is not None]
    parts = _parts(lines, money=money)
    carried = any(line.carried_in for line in lines)
    kind: Kind = "money" if money else "int"
    columns = [Column(key="side", title="方", width=14), Column(key="read", title="读入" if money else "收到", kind=kind, width=14)]
    if carried:
        columns.append(Column(key="carried", title="上期结转", kind=kind, width=14))
    columns += [Column(key=part, title=names.PARTS[part], kind=kind, width=14) for part in parts]
    columns += [
        Column(key="sum", title="去向合计", kind=kind, width=14),
        Column(key="gap", title="差", kind="diff" if money else "int", width=12),
        Column(key="state", title="结论", kind="state", width=12),
    ]
    left = f"{'读入' if money else '收到'}{'＋上期结转' if carried else ''}"
    return Table(
        title=title,
        columns=tuple(columns),
        rows=tuple(_balance_row(line, parts, carried=carried, money=money) for line in lines),
        note=f"恒等式：{left} ＝ {'＋'.join(names.PARTS[part] for part in parts)}。",
        id=key,
    )


def _parts(lines: Sequence[BalanceLine], *, money: bool) -> list[str]:
    """The outcomes that the lines have, in reading order; rejected rows have no amount that could be added."""
    present = {key for line in lines for key, _, _ in line.parts}
    if not money:
        present |= {"rejected"} | ({"outside"} if any(line.outside for line in lines) else set())
    return [part for part in names.PARTS if part in present]


def _balance_row(line: BalanceLine, parts: Sequence[str], *, carried: bool, money: bool) -> tuple[Value, ...]:
    found = {key: (fen if money else rows) or 0 for key, rows, fen in line.parts}
    if not money:
        found |= {"rejected": line.rejected, "outside": line.outside}
    values = [found.get(part, 0) for part in parts]
    read = (line.received_fen or 0) if money else line.received
    carried_in = ((line.carried_in_fen or 0) if money else line.carried_in) if carried else 0
    gap = read + carried_in - sum(values)
    return (
        line.side,
        read,
        *((carried_in,) if carried else ()),
        *values,
        Formula(text=f"SUM({{{parts[0]}}}:{{{parts[-1]}}})", value=sum(values)),
        Formula(text="{read}+{carried}-{sum}" if carried else "{read}-{sum}", value=gap),
        "平" if gap == 0 else "不平",
    )
