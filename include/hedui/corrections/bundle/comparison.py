"""修改前后对照表: every changed value before and after, masked, as a stream: a bundle of any size is written in little memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hedui.corrections.bundle.figures import Figures
from hedui.corrections.bundle.manifest import TIERS
from hedui.corrections.bundle.shown import shown, subject
from hedui.corrections.model import DECISION_LABELS, OPERATION_LABELS, BundlePlan, Change, Table
from hedui.reports import content
from hedui.reports.content import Column, Facts, Figure, LongTable, Notes, Report, Sheet, Value
from hedui.reports.workbook import write_workbook

COVER: Final = "封面"
DETAIL: Final = "修改明细"
COLUMNS: Final = (
    Column(key="number", title="序号", kind="int", width=8),
    Column(key="operation", title="处理", width=7),
    Column(key="table", title="数据表", width=18),
    Column(key="subject", title="对象（脱敏）", kind="code", width=24),
    Column(key="column", title="项目", width=14),
    Column(key="old", title="原值（脱敏）", kind="code", width=26),
    Column(key="new", title="新值（脱敏）", kind="code", width=26),
    Column(key="before", title="原金额", kind="money", width=14),
    Column(key="after", title="新金额", kind="money", width=14),
    Column(key="diff", title="差额", kind="diff", width=14),
    Column(key="region", title="区划", kind="code", width=11),
    Column(key="rule", title="规则", width=7),
    Column(key="evidence", title="凭证", kind="code", width=16),
    Column(key="case", title="案件", kind="code", width=12),
)
CASE_SHOWN: Final = 8
"""Characters of a case's fingerprint, as everywhere in reports."""


def write_comparison(path: Path, plan: BundlePlan, found: Figures) -> None:
    """Writes the workbook."""
    cells = sum(len(change.cells) for change in plan.changes)
    detail = LongTable(
        name=DETAIL,
        title="修改明细",
        lead="每行为一项修改；第 {first} 至 {last} 项。个人信息已脱敏，真实数据只在 04_data 中。",
        columns=COLUMNS,
        count=cells,
        rows=lambda: _rows(plan),
    )
    report = Report(
        title="修改前后对照表",
        organisation=plan.target.name,
        business_date=plan.business_date,
        sheets=(_cover(plan, found, cells), detail),
        protect=True,
    )
    write_workbook(report, path)


def _rows(plan: BundlePlan) -> Iterator[tuple[Value, ...]]:
    tables = {table.name: table for table in plan.tables}
    for change in plan.changes:
        yield from _change_rows(change, tables[change.table])


def _change_rows(change: Change, table: Table) -> Iterator[tuple[Value, ...]]:
    who = subject(table, change)
    for cell in change.cells:
        before, after = cell.amount_fen or (None, None)
        yield (
            change.number,
            OPERATION_LABELS[change.operation],
            table.label or table.name,
            who,
            table.column(cell.column).label or cell.column,
            shown(change, table, cell, cell.old),
            shown(change, table, cell, cell.new),
            before,
            after,
            None if cell.amount_fen is None else (after or 0) - (before or 0),
            change.region,
            change.rule,
            change.evidence or None,
            change.cases[0][:CASE_SHOWN] if change.cases else None,
        )


def _cover(plan: BundlePlan, found: Figures, cells: int) -> Sheet:
    target = plan.target
    facts = Facts(
        facts=(
            ("方案编号", plan.id),
            ("轮次", f"第 {plan.round} 轮" + (f"，上一轮 {plan.parent}" if plan.parent else "")),
            ("目标系统", target.name),
            ("所属层级", TIERS[target.tier]),
            ("数据日期", plan.business_date.isoformat()),
            ("处理决定", DECISION_LABELS[plan.decision]),
        )
    )
    figures = content.Figures(
        title="总体情况",
        figures=(
            Figure(label="修改行数", value=found.rows, hint=f"共 {cells:,} 项"),
            Figure(label="涉及人数", value=found.people, hint=f"案件 {found.cases:,} 件"),
            Figure(label="修改前金额（元）", value=found.money.before_fen, kind="money", hint="金额项目合计"),
            Figure(label="修改后金额（元）", value=found.money.after_fen, kind="money", hint="金额项目合计"),
        ),
    )
    tables = content.Table(
        title="按数据表",
        columns=(
            Column(key="table", title="数据表", span=3),
            Column(key="operation", title="处理", span=1),
            Column(key="rows", title="行数", kind="int", span=2, total=True),
            Column(key="before", title="修改前金额", kind="money", span=2, total=True),
            Column(key="after", title="修改后金额", kind="money", span=2, total=True),
            Column(key="moved", title="差额绝对值", kind="money", span=2, total=True),
        ),
        rows=tuple((t, what, n, m.before_fen, m.after_fen, m.moved_fen) for t, what, n, m in found.by_table),
        total="合计",
    )
    columns = content.Table(
        title="按项目",
        columns=(
            Column(key="table", title="数据表", span=3),
            Column(key="operation", title="处理", span=1),
            Column(key="column", title="项目", span=6),
            Column(key="rows", title="行数", kind="int", span=2),
        ),
        rows=found.by_column,
    )
    notes = Notes(title="", lines=("本表默认脱敏；“（空）”表示数据库中的空值。超长文字只显示开头，全文见 04_data。",))
    return Sheet(
        name=COVER,
        title="修改前后对照表",
        lead=f"处理方案 {plan.id}",
        blocks=(facts, figures, tables, columns, notes),
        grid=(11.5,) * 12,
        portrait=True,
    )
