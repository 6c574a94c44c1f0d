"""The step of a report: its workbook for inside, and one for outside where somebody outside gets it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from hedui.context import Context
from hedui.reports.figures import organisation
from hedui.reports.workbook import write_workbook
from hedui.statistics.compute import figures as compute
from hedui.statistics.compute import settings_of
from hedui.statistics.names import labels
from hedui.statistics.periods import Period
from hedui.statistics.sheets import Edition, make_report
from hedui.statistics.suppress import hide

FOLDER = "statistics"


@dataclass(frozen=True, kw_only=True)
class Made:
    """A report's files.

    Attributes:
        report: Name of the report.
        period: What it is about.
        edition: What its sheets were made of.
        workbook: The workbook.
        outside: Whether it may leave the agency.
    """

    report: str
    period: Period
    edition: Edition
    workbook: Path
    outside: bool


def folder_of(context: Context, period: Period) -> Path:
    """Where a period's files are: by kind of period, then by period."""
    return context.reports / FOLDER / period.cycle / period.id


def make(context: Context, report: str, period: Period, *, restated: dt.date | None = None, outside: bool = False) -> Made:
    """Writes a report's workbook; equal data gives equal bytes.

    Args:
        context: The step's context.
        report: Name of the report.
        period: What it is about.
        restated: Date of the region table whose codes it is shown in; None: codes as they were.
        outside: Whether it leaves the agency: small cells are suppressed, lists are left out.

    Raises:
        StatisticsError: The report is not known, or there is no data. FootingError: totals do not foot.
    """
    found = compute(context, report, period, restated=restated)
    settings = settings_of(context)
    rows, sheets = labels(context, settings, found)
    edition = Edition(
        figures=found,
        rows=rows,
        sheets=sheets,
        organisation=organisation(context),
        hidden=hide(found) if outside else None,
    )
    suffix = (f"_按{restated:%Y%m%d}区划" if restated else "") + ("_对外" if outside else "")
    path = folder_of(context, period) / f"{found.definition.title}_{period.id}{suffix}.xlsx"
    write_workbook(make_report(edition), path)
    return Made(report=report, period=period, edition=edition, workbook=path, outside=outside)
