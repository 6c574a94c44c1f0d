"""The step of a report: its workbook for inside, and one for outside where somebody outside gets it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from hedui.context import Context
from hedui.reports.figures import organisation
from hedui.reports.pdf import write_pdf
from hedui.reports.workbook import write_workbook
from hedui.site.statistics import Receiver
from hedui.statistics.compute import figures as compute
from hedui.statistics.compute import settings_of
from hedui.statistics.details import listed
from hedui.statistics.names import labels
from hedui.statistics.periods import Cycle, Period, period_of
from hedui.statistics.restating import restating
from hedui.statistics.sheets import Edition, make_report, summary_lines, summary_sheets
from hedui.statistics.suppress import hide

FOLDER: Final = "statistics"


@dataclass(frozen=True, kw_only=True)
class Made:
    """A report's files, as XCom carries it: names and totals, no rows and nothing small where it leaves the agency.

    Attributes:
        report: Name of the report.
        title: Its Chinese title.
        cycle: Kind of its period.
        start: First date of the period, ISO.
        files: Paths of its files: the workbook, the summary as PDF.
        outside: Whether it may leave the agency.
        lines: What a message says of it: headline figures, and what is missing.
    """

    report: str
    title: str
    cycle: Cycle
    start: str
    files: tuple[str, ...]
    outside: bool
    lines: tuple[str, ...]

    @property
    def period(self) -> Period:
        """What it is about."""
        return period_of(self.cycle, dt.date.fromisoformat(self.start))


def folder_of(context: Context, period: Period) -> Path:
    """Where a period's files are: by kind of period, then by period."""
    return context.reports / FOLDER / period.cycle / period.id


def make(
    context: Context, report: str, period: Period, *, restated: dt.date | None = None, outside: bool = False
) -> tuple[Made, ...]:
    """Writes a report's files; equal data gives equal bytes.

    Args:
        context: The step's context.
        report: Name of the report.
        period: What it is about.
        restated: Date of the region table whose codes it is shown in; None: codes as they were.
        outside: Whether an edition that may leave the agency is made too; it is anyway where the site has receivers outside.

    Raises:
        StatisticsError: The report is not known, or there is no data. FootingError: totals do not foot.
    """
    found, settings = compute(context, report, period, restated=restated), settings_of(context)
    rows, sheets = labels(context, settings, found)
    names = {source.id: source.name for source in context.site.sources}
    inside = Edition(figures=found, rows=rows, sheets=sheets, organisation=organisation(context), sources=names)
    given = restating(context, found.inputs, restated) if restated else None
    with listed(context, settings, found, given) as details:
        made = [_write(context, report, replace(inside, details=details))]
    if outside or any(wants(receiver, report, period) for receiver in settings.receivers if receiver.outside):
        made.append(_write(context, report, replace(inside, hidden=hide(found))))
    return tuple(made)


def wants(receiver: Receiver, report: str, period: Period) -> bool:
    """Whether a receiver gets a report of a period."""
    return period.cycle in receiver.cycles and (not receiver.reports or report in receiver.reports)


def _write(context: Context, report: str, edition: Edition) -> Made:
    found, period = edition.figures, edition.figures.inputs.period
    restated, outside = found.restated, edition.hidden is not None
    suffix = (f"_按{restated:%Y%m%d}区划" if restated else "") + ("_对外" if outside else "")
    path = folder_of(context, period) / f"{found.definition.title}_{period.id}{suffix}.xlsx"
    content = make_report(edition)
    write_workbook(content, path)
    write_pdf(content, summary_sheets(edition), path.with_suffix(".pdf"))
    return Made(
        report=report,
        title=found.definition.title,
        cycle=period.cycle,
        start=period.start.isoformat(),
        files=(str(path), str(path.with_suffix(".pdf"))),
        outside=outside,
        lines=tuple(summary_lines(edition)),
    )
