"""The 运维工作月报告 and its quarterly and yearly editions: one content, as a workbook and as a Word document."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hedui.context import Context
from hedui.operations.errors import OperationsError
from hedui.operations.paper import write_paper
from hedui.operations.sections import sections
from hedui.reports.content import Facts, Notes, Report, Sheet, Table
from hedui.reports.figures import organisation
from hedui.reports.workbook import write_workbook
from hedui.statistics.periods import Cycle, Period, period_of

FOLDER: Final = "operations"
EDITIONS: Final[dict[Cycle, str]] = {"month": "运维工作月报告", "quarter": "运维工作季报告", "year": "运维工作年报告"}
COVER: Final = "封面"
GRID: Final = (12.0,) * 8


@dataclass(frozen=True, kw_only=True)
class Remarks:
    """What people add to a report: what no ledger knows.

    Attributes:
        problems: 问题与建议.
        plans: 下期计划.
    """

    problems: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Made:
    """A report's files, as XCom carries them.

    Attributes:
        title: Its title.
        period: Its period's name.
        files: The workbook and the document.
        lines: What a message says of it: the KPI table.
    """

    title: str
    period: str
    files: tuple[str, ...]
    lines: tuple[str, ...]


def editions_ending(date: dt.date) -> tuple[Period, ...]:
    """The reports that are owed once ``date`` is over: the month's, and with it the quarter's or the year's."""
    return tuple(period for cycle in EDITIONS if (period := period_of(cycle, date)).end == date)


def make_report(context: Context, period: Period, remarks: Remarks = Remarks()) -> Made:
    """Writes the workbook and the document of a period; equal ledgers give equal bytes.

    Args:
        context: The step's context.
        period: A month, a quarter or a year.
        remarks: What people add.

    Raises:
        OperationsError: The period is of another kind.
    """
    if period.cycle not in EDITIONS:
        raise OperationsError(f"There is no report by {period.cycle}; choose one of {', '.join(EDITIONS)}.")
    title, found = EDITIONS[period.cycle], sections(context, period, problems=remarks.problems, plans=remarks.plans)
    report = Report(
        title=title,
        organisation=organisation(context),
        business_date=period.end,
        period=period.label,
        sheets=(_cover(context, period, title, found.sheets), *found.sheets),
    )
    folder = context.reports / FOLDER / period.cycle / period.id
    book, paper = folder / f"{title}_{period.id}.xlsx", folder / f"{title}_{period.id}.docx"
    write_workbook(report, book)
    write_paper(report, paper, site=context.site.name)
    return Made(title=f"{title}（{period.label}）", period=period.id, files=(str(book), str(paper)), lines=found.headlines)


def _cover(context: Context, period: Period, title: str, sheets: Sequence[Sheet]) -> Sheet:
    from hedui.reports.content import Column

    index = Table(
        title="目录",
        columns=(
            Column(key="sheet", title="工作表", kind="link", span=3),
            Column(key="summary", title="内容", span=5),
        ),
        rows=tuple((sheet.name, sheet.summary or sheet.title) for sheet in sheets),
    )
    facts = Facts(
        facts=(
            ("编制单位", organisation(context)),
            ("报告期", period.label),
            ("起止日期", f"{period.start:%Y-%m-%d} 至 {period.end:%Y-%m-%d}"),
            ("数据来源", "全部数字取自台账"),
        )
    )
    signed = Notes(title="", lines=("编制：____________　　审核：____________　　批准：____________",))
    return Sheet(name=COVER, title=title, lead=context.site.name, blocks=(facts, index, signed), grid=GRID, portrait=True)
