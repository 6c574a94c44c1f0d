"""处理方案台账: bundles by state, level and age, each bundle with its people and terms, and the cases that are in no bundle with why."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import text

from hedui.cases.query import AGE_BUCKETS
from hedui.context import Context
from hedui.corrections.model import DECISION_LABELS, Decision
from hedui.corrections.papers.entries import TIERS, Entry, entries
from hedui.corrections.states import STATE_LABELS, Act, State
from hedui.ledger.database import begin
from hedui.reports.content import Chart, Column, Facts, Figure, Figures, LongTable, Report, Sheet, Table, Value
from hedui.reports.figures import organisation
from hedui.reports.workbook import write_workbook
from hedui.rules import rules
from hedui.security.masking import mask_text

FOLDER: Final = "处理方案"
"""Folder of the workbooks, below the reports; the frozen bundles are elsewhere."""


GRID: Final = (12.0,) * 12
"""Widths of the summary's columns."""


def make_register(context: Context, day: dt.date) -> Path:
    """Writes the register; the same ledger and day give the same bytes.

    Args:
        context: The surroundings.
        day: Day up to which ages count.

    Returns:
        The workbook.

    Raises:
        CorrectionError: The site corrects nothing. LedgerError: the ledger cannot be reached.
    """
    listed, office = entries(context, day), organisation(context)
    report = Report(
        title="处理方案台账",
        organisation=office,
        business_date=day,
        sheets=(_summary(listed, office=office, day=day), _lines(listed), _left_out(context)),
    )
    path = context.reports / FOLDER / f"处理方案台账_{day:%Y%m%d}.xlsx"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_workbook(report, path)
    return path


def _summary(listed: Sequence[Entry], *, office: str, day: dt.date) -> Sheet:
    open_ones = [entry for entry in listed if not entry.ended]
    late = sum(entry.late for entry in listed)
    closed = sum(entry.bundle.state is State.CLOSED for entry in listed)
    again = sum(entry.bundle.round > 1 for entry in listed)
    figures = (
        Figure(label="方案总数", value=len(listed), hint="含各轮次"),
        Figure(label="办理中", value=len(open_ones), hint="尚未结束"),
        Figure(label="已超期", value=late, hint="超过本环节时限", alarming=late > 0),
        Figure(label="复核通过", value=closed, hint="已关闭"),
        Figure(label="第二轮及以后", value=again, hint="退回、驳回后重报"),
        Figure(label="办理中涉及金额（元）", value=sum(_moved(entry) for entry in open_ones), kind="money", hint="差额绝对值之和"),
    )
    head = Facts(facts=(("编制单位", office), ("统计截止", f"{day:%Y年%m月%d日}")))
    blocks = (head, Figures(title="总体情况", figures=figures), _by_state(listed), _by_age(open_ones), _age_chart())
    return Sheet(name="汇总", title="处理方案台账", lead="按状态、层级、账龄统计；账龄按工作日计", blocks=blocks, grid=GRID)


def _moved(entry: Entry) -> int:
    return int(entry.bundle.figures["moved_fen"])


def _levels() -> tuple[Column, ...]:
    return tuple(Column(key=level, title=name, kind="tally", width=10, total=True, group="方案数") for level, name in TIERS.items())


def _counts(found: Sequence[Entry]) -> tuple[int, ...]:
    return tuple(sum(entry.bundle.tier == level for entry in found) for level in TIERS)


def _by_state(listed: Sequence[Entry]) -> Table:
    rows: list[tuple[Value, ...]] = []
    for state, label in STATE_LABELS.items():
        found = [entry for entry in listed if entry.bundle.state is state]
        if found:
            cases = sum(entry.bundle.figures["cases"] for entry in found)
            people = sum(entry.bundle.figures["people"] for entry in found)
            rows.append(
                (label, *_counts(found), len(found), cases, people, sum(map(_moved, found)), sum(entry.late for entry in found))
            )
    return Table(
        title="一、按状态和层级",
        columns=(
            Column(key="state", title="状态", span=2),
            *_levels(),
            Column(key="all", title="合计", kind="int", width=10, total=True, group="方案数"),
            Column(key="cases", title="案件数", kind="int", width=10, total=True),
            Column(key="people", title="人次", kind="int", width=10, total=True),
            Column(key="moved", title="涉及金额", kind="money", total=True, span=2),
            Column(key="late", title="超期", kind="tally", width=8, total=True),
        ),
        rows=tuple(rows),
        total="合计",
        empty="没有处理方案",
    )


def _by_age(open_ones: Sequence[Entry]) -> Table:
    rows: list[tuple[Value, ...]] = []
    for bucket in AGE_BUCKETS:
        found = [entry for entry in open_ones if entry.bucket == bucket]
        rows.append((f"{bucket} 天", *_counts(found), len(found), sum(map(_moved, found))))
    return Table(
        title="二、办理中方案的账龄（工作日）",
        columns=(
            Column(key="bucket", title="账龄", span=2),
            *_levels(),
            Column(key="all", title="合计", kind="int", width=10, total=True, group="方案数"),
            Column(key="moved", title="涉及金额", kind="money", total=True, span=2),
        ),
        rows=tuple(rows),
        total="合计",
        id="age",
    )


def _age_chart() -> Chart:
    return Chart(title="办理中方案的账龄", kind="stacked", table="age", categories="bucket", series=tuple(TIERS))


def _lines(listed: Sequence[Entry]) -> LongTable:
    columns = (
        Column(key="id", title="方案编号", kind="code", width=30),
        Column(key="round", title="轮次", kind="int", width=7),
        Column(key="parent", title="上一轮方案", kind="code", width=30),
        Column(key="system", title="被修改系统", width=18),
        Column(key="level", title="层级", width=8),
        Column(key="mode", title="方式", width=10),
        Column(key="state", title="状态", kind="state", width=22),
        Column(key="since", title="状态日期", kind="date", width=12),
        Column(key="term", title="办理时限", kind="date", width=12),
        Column(key="late", title="是否超期", kind="state", width=10),
        Column(key="age", title="账龄", kind="int", width=8),
        Column(key="bucket", title="账龄段", width=9),
        Column(key="decision", title="处置决定", width=22),
        Column(key="key", title="关键字段", width=9),
        Column(key="rules", title="规则", kind="code", width=20),
        Column(key="date", title="业务日期", kind="date", width=12),
        Column(key="cases", title="案件数", kind="int", width=9),
        Column(key="rows", title="行数", kind="int", width=9),
        Column(key="people", title="人数", kind="int", width=9),
        Column(key="before", title="修改前金额", kind="money", width=16),
        Column(key="after", title="修改后金额", kind="money", width=16),
        Column(key="moved", title="涉及金额", kind="money", width=14),
        Column(key="back", title="退回或再打开", kind="tally", width=12),
        *(Column(key=act, title=title, width=12) for act, title in _PEOPLE),
        Column(key="opened", title="提出日期", kind="date", width=12),
        Column(key="note", title="说明", kind="wrap", width=40),
    )
    rows = [_line(entry) for entry in listed]
    return LongTable(
        name="明细",
        title="处理方案台账明细",
        columns=columns,
        count=len(rows),
        rows=lambda: iter(rows),
        empty="没有处理方案",
        lead="每个方案一行，第 {first} 至 {last} 行",
    )


_PEOPLE: Final = (
    (Act.PROPOSE, "申请人"),
    (Act.APPROVE, "业务审批"),
    (Act.APPROVE_LEADER, "领导审批"),
    (Act.EXECUTE, "执行人"),
    (Act.REVIEW, "复核人"),
)
"""Columns of the register: act and heading."""


def _line(entry: Entry) -> tuple[Value, ...]:
    bundle, figures = entry.bundle, entry.bundle.figures
    return (
        bundle.id,
        bundle.round,
        bundle.parent,
        entry.system,
        entry.level,
        "本级执行" if bundle.mode == "execute" else "上报执行",
        bundle.label,
        entry.since,
        entry.term,
        "超期" if entry.late else None,
        entry.age,
        entry.bucket,
        bundle.decision_label,
        "是" if bundle.key_field else None,
        "、".join(bundle.rules),
        bundle.business_date,
        *(figures[name] for name in ("cases", "rows", "people", "before_fen", "after_fen", "moved_fen")),
        entry.given_back,
        *(entry.who.get(act) for act, _ in _PEOPLE),
        entry.opened,
        mask_text(bundle.note) or None,
    )


_LEFT_OUT_SQL: Final = text(
    """
    SELECT d.decision, c.rule, d.basis, d.decided_by, d.evidence <> '' AS proven
    FROM hedui.case_decision AS d JOIN hedui.reconciliation_case AS c USING (fingerprint)
    WHERE EXISTS (SELECT FROM hedui.spell AS s WHERE s.case_id = c.id AND s.last_seen IS NULL)
      AND NOT EXISTS (SELECT FROM hedui.bundle_case AS b WHERE b.fingerprint = d.fingerprint
                      AND b.state IN ('TREATING', 'SOLVED', 'VERIFIED'))
    """
)


def _left_out(context: Context) -> Sheet:
    """Open cases that somebody asked about and that are in no bundle, with why."""
    with begin(context.ledger_url) as connection:
        counted = Counter(tuple(row) for row in connection.execute(_LEFT_OUT_SQL))
    rows = tuple(
        (
            DECISION_LABELS[Decision(decision)],
            rule,
            rules()[rule].name if rule in rules() else None,
            mask_text(basis),
            by or "权威矩阵",
            "有" if proven else None,
            count,
        )
        for (decision, rule, basis, by, proven), count in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    )
    columns = (
        Column(key="decision", title="决定", width=22),
        Column(key="rule", title="规则", kind="code", width=8),
        Column(key="name", title="规则名称", width=26),
        Column(key="basis", title="理由", kind="wrap", width=60),
        Column(key="by", title="判定", width=14),
        Column(key="proof", title="证据", width=8),
        Column(key="cases", title="案件数", kind="int", width=10, total=True),
    )
    table = Table(title="", columns=columns, rows=rows, total="合计", empty="没有未列入方案的案件", filtered=True)
    return Sheet(name="未列入方案", title="未列入处理方案的案件", lead="已提出但未列入方案的未结案件及理由", blocks=(table,))
