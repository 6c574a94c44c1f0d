"""The 巡检报告单: a workbook with every item, what is abnormal, and what of the problems found before is still open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import text

from hedui.context import Context
from hedui.inspection.checks import CHECKS
from hedui.inspection.findings import blind, scope
from hedui.inspection.model import VERDICT_NAMES, Inspection, Item
from hedui.ledger.database import begin
from hedui.reports.content import Block, Column, Facts, Notes, Report, Sheet, Table
from hedui.reports.figures import organisation
from hedui.reports.workbook import write_workbook
from hedui.statistics.periods import period_of

TITLE: Final = "巡检报告单"
GRID: Final = (6.0, 15.0, 22.0, 26.0, 24.0, 30.0, 10.0, 34.0)
COLUMNS: Final = (
    Column(key="number", title="序号", kind="int"),
    Column(key="check", title="检查项"),
    Column(key="part", title="部位"),
    Column(key="target", title="对象"),
    Column(key="standard", title="标准", kind="wrap"),
    Column(key="measured", title="实测", kind="wrap"),
    Column(key="verdict", title="结论", kind="state"),
    Column(key="handling", title="处理", kind="wrap"),
)
STILL_OPEN: Final = """
SELECT c.subject_key, min(s.first_seen) AS since
FROM hedui.reconciliation_case AS c
JOIN hedui.scope AS sc ON sc.id = c.scope_id AND sc.name = :scope
JOIN hedui.spell AS s ON s.case_id = c.id AND s.last_seen IS NULL
GROUP BY c.subject_key ORDER BY since, c.subject_key
"""
"""Problems that the inspections before have found and that were still open at the last one."""
OF_THE_QUARTER: Final = """
SELECT c.subject_key, s.first_seen, s.last_seen
FROM hedui.reconciliation_case AS c
JOIN hedui.scope AS sc ON sc.id = c.scope_id AND sc.name = :scope
JOIN hedui.spell AS s ON s.case_id = c.id AND s.first_seen < :date AND (s.last_seen IS NULL OR s.last_seen >= :start)
ORDER BY s.first_seen, c.subject_key
"""
"""Problems that were there on some day from the quarter's first on: when they were first and last seen."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A problem that inspections have found.

    Attributes:
        key: The item's key.
        first: Day of the inspection that found it.
        last: Day of the last inspection that found it; None: it was still there at the last one.
    """

    key: str
    first: dt.date
    last: dt.date | None


def write_report(context: Context, made: Inspection, path: Path) -> None:
    """Writes the workbook; it appears whole, and equal inspections give equal bytes."""
    quarter = problems_of_quarter(context, made) if "quarterly" in made.kinds else None
    write_workbook(make_report(context, made, earlier=open_problems(context, made.system), quarter=quarter), path)


def open_problems(context: Context, system: str) -> dict[str, dt.date]:
    """What is open of a system's inspections: since when, by the item's key."""
    with begin(context.ledger_url) as connection:
        return {row.subject_key: row.since for row in connection.execute(text(STILL_OPEN), {"scope": scope(system)})}


def problems_of_quarter(context: Context, made: Inspection) -> list[Problem]:
    """What the inspections of the quarter have found before this one; a problem that came back is there again."""
    start = period_of("quarter", made.date).start
    given = {"scope": scope(made.system), "date": made.date, "start": start}
    with begin(context.ledger_url) as connection:
        return [
            Problem(key=row.subject_key, first=row.first_seen, last=row.last_seen)
            for row in connection.execute(text(OF_THE_QUARTER), given)
        ]


def make_report(
    context: Context, made: Inspection, *, earlier: dict[str, dt.date], quarter: Sequence[Problem] | None = None
) -> Report:
    """The workbook's content.

    Args:
        context: Names the organisation.
        made: The inspection.
        earlier: What was open before it, since when.
        quarter: What was found in the quarter, for a 季度例检; None: it is none.
    """
    normal, abnormal, unmeasured = made.of("normal"), made.of("abnormal"), made.of("unmeasured")
    verdict = "全部正常" if len(normal) == len(made.items) else f"异常 {len(abnormal)} 项，未检出 {len(unmeasured)} 项"
    labels = context.workdays
    blocks: list[Block] = [
        Facts(
            facts=(
                ("编号", made.number),
                ("系统", made.name),
                ("巡检日期", f"{made.date:%Y-%m-%d}（{'工作日' if labels.is_workday(made.date) else '非工作日'}）"),
                ("巡检类型", made.kind_label),
                ("巡检人", made.inspector),
                ("结论", verdict),
            )
        ),
        _table("一、检查项目", made.items, note="“未检出”指本次未能取得实测值：此前的异常继续列示，直至补检正常。"),
        _table("二、异常汇总", abnormal + unmeasured, empty="本次巡检无异常"),
        _earlier(made, earlier),
        *([_quarter(made, quarter)] if quarter is not None else []),
        Notes(title="", lines=("巡检人（签字）：____________　　审核人（签字）：____________　　日期：____________",)),
    ]
    sheet = Sheet(
        name=TITLE, title=f"{made.name}{TITLE}", lead=f"编制单位：{organisation(context)}", blocks=tuple(blocks), grid=GRID
    )
    return Report(
        title=f"{TITLE} {made.number}",
        organisation=organisation(context),
        business_date=made.date,
        period=f"{made.date:%Y年%m月%d日}",
        sheets=(sheet,),
    )


def _table(title: str, items: tuple[Item, ...], *, note: str = "", empty: str = "无") -> Table:
    rows = tuple(
        (
            number,
            CHECKS[item.check].label,
            item.part,
            item.target or "—",
            item.standard,
            item.measured,
            VERDICT_NAMES[item.verdict],
            item.handling or "—",
        )
        for number, item in enumerate(items, start=1)
    )
    return Table(title=title, columns=COLUMNS, rows=rows, note=note, empty=empty)


def _earlier(made: Inspection, earlier: dict[str, dt.date]) -> Table:
    """What was open before: gone, or still there."""
    rows = []
    for number, (key, since) in enumerate(earlier.items(), start=1):
        check, part, target = key.split("/", 2)
        state, standing = _standing(made, key)
        rows.append(
            (
                number,
                CHECKS[check].label,
                part,
                target or "—",
                f"{since:%Y-%m-%d} 起",
                standing,
                state,
                f"已 {(made.date - since).days} 天",
            )
        )
    columns = (
        *COLUMNS[:4],
        Column(key="since", title="发现"),
        Column(key="standing", title="现状"),
        Column(key="state", title="结论", kind="state"),
        Column(key="days", title="历时"),
    )
    return Table(title="三、以往问题跟踪", columns=columns, rows=tuple(rows), empty="此前没有未消除的问题")


def _standing(made: Inspection, key: str) -> tuple[str, str]:
    """What this inspection says of a problem that was open before it: verdict and words."""
    if key in {item.key for item in made.of("abnormal")}:
        return "异常", "仍存在"
    return ("未检出", "本次未检") if any(key.startswith(start) for start in blind(made)) else ("正常", "已消除")


def _quarter(made: Inspection, problems: Sequence[Problem]) -> Table:
    """Every problem of the quarter, with what became of it."""
    columns = (
        *COLUMNS[:4],
        Column(key="first", title="首次发现", kind="date"),
        Column(key="last", title="最后发现", kind="date"),
        Column(key="state", title="结论", kind="state"),
        Column(key="standing", title="跟踪", kind="wrap"),
    )
    rows = []
    for number, problem in enumerate(problems, start=1):
        check, part, target = problem.key.split("/", 2)
        state, standing = _standing(made, problem.key)
        if problem.last is not None:
            state, standing = "正常", f"已消除，历时 {(problem.last - problem.first).days + 1} 天"
        rows.append((number, CHECKS[check].label, part, target or "—", problem.first, problem.last, state, standing))
    return Table(title="四、本季问题跟踪", columns=columns, rows=tuple(rows), empty="本季此前各次巡检没有发现问题")
