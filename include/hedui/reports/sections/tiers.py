"""三级比对: who lacks what, which tier deviates per field, and who is right."""

from __future__ import annotations

from hedui.reports.content import Block, Column, Formula, Notes, Sheet, Table, Value
from hedui.reports.night import Night, SnapshotNight
from hedui.reports.sections import names
from hedui.reports.sections.totals import balance_table


def tiers(night: Night) -> Sheet:
    """The sheet: comparisons of three tiers first, then registrations of two agencies."""
    ordered = sorted(night.snapshots, key=lambda snapshot: -len(snapshot.sides))
    blocks: list[Block] = []
    for snapshot in ordered:
        blocks += [_presence(snapshot), _fields(snapshot)]
        if snapshot.balance:
            blocks.append(balance_table(snapshot.balance, title=f"{snapshot.name}：平衡校验（行数）", key=f"rows:{snapshot.id}"))
    for comparison in night.comparisons:
        if not comparison.ran:
            blocks.append(Notes(title=comparison.name, lines=(f"本期未比对：{comparison.reason}",)))
    deviations = sum(field.total for snapshot in ordered for field in snapshot.fields)
    missing = sum(sum(snapshot.missing) for snapshot in ordered)
    return Sheet(
        name=names.TIERS,
        title="三级比对与登记比对表",
        lead="同一人（单位）在各级、各部门的登记逐项比对；“认定正确”依权威来源表，“偏离”指与认定值不同的一方。",
        blocks=tuple(blocks) or (Notes(title="", lines=("本期没有可比对的登记数据。",)),),
        summary=f"缺失 {missing:,} 条，要素不符 {deviations:,} 条",
    )


def _presence(snapshot: SnapshotNight) -> Table:
    columns = (
        Column(key="side", title="方", width=18),
        Column(key="missing", title="他方有而本方缺", kind="tally", width=14, total=True),
        Column(key="duplicates", title="键重复", kind="tally", width=14, total=True),
        Column(key="unusable", title="键值不可用", kind="tally", width=14, total=True),
    )
    rows = tuple(zip(snapshot.sides, snapshot.missing, snapshot.duplicates, snapshot.unusable, strict=True))
    return Table(title=f"{snapshot.name}：谁有谁无", columns=columns, rows=rows, total="合计", id=f"presence:{snapshot.id}")


def _fields(snapshot: SnapshotNight) -> Table:
    columns = [
        Column(key="field", title="字段", width=18),
        Column(key="rule", title="规则", width=14),
        Column(key="total", title="不符条数", kind="int", width=14, total=True),
    ]
    for key, group in (("d", "偏离方（条）"), ("r", "认定正确（条）")):
        columns += [
            Column(key=f"{key}{i}", title=side, kind="tally", width=16, total=True, group=group)
            for i, side in enumerate(snapshot.sides)
        ]
    columns.append(Column(key="undecided", title="未能认定", kind="tally", width=12, total=True))
    columns.append(Column(key="share", title="占比", kind="percent", width=12))
    total = sum(field.total for field in snapshot.fields)
    rows: list[tuple[Value, ...]] = [
        (
            field.field,
            field.rule,
            field.total,
            *field.deviating,
            *field.right,
            field.undecided,
            Formula(text=f"{{total}}/{total}", value=field.total / total) if total else None,
        )
        for field in snapshot.fields
    ]
    return Table(
        title=f"{snapshot.name}：逐项不符",
        columns=tuple(columns),
        rows=tuple(rows),
        total="合计",
        empty="各项全部相符",
        id=f"fields:{snapshot.id}",
    )
