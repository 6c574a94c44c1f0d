"""When what is due: the month's fifth, ten days from the birth, last year's supplements and corrections by 20 February."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from dataclasses import dataclass
from typing import Final, Literal

from hedui.padis.model import Intent
from hedui.site.padis_profile import Calendar
from hedui.workdays import Workdays

Window = Literal["regular", "late", "supplement", "correction", "over"]
WINDOWS: Final[dict[str, str]] = {
    "regular": "按期",
    "late": "迟报",
    "supplement": "补录",
    "correction": "订正",
    "over": "超窗",
}


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How a report stands to the calendar.

    Attributes:
        period: Month of the event, ``YYYYMM``.
        due: By when it must be reported; for last year's events after their own due date: the end of the window.
        window: ``regular``; ``late`` (after the due date); ``supplement`` (last year's event, first report) and ``correction`` (last
            year's event, reported before) within the window; ``over`` after the window.
        card_late: Days beyond the ten of the birth card, 0 where in time.
    """

    period: str
    due: dt.date
    window: Window
    card_late: int


def period_of(event: dt.date) -> str:
    """The month of an event."""
    return f"{event:%Y%m}"


def month_days(period: str) -> tuple[dt.date, dt.date]:
    """A month's first and last day."""
    year, month = int(period[:4]), int(period[4:])
    return dt.date(year, month, 1), dt.date(year, month, monthrange(year, month)[1])


def month_due(period: str, *, calendar: Calendar, workdays: Workdays) -> dt.date:
    """By when a month's events are due."""
    if period in calendar.overrides:
        return calendar.overrides[period]
    year, month = int(period[:4]), int(period[4:])
    due = dt.date(year + month // 12, month % 12 + 1, calendar.month_day)
    return shifted(due, calendar=calendar, workdays=workdays)


def window_end(year: int, *, calendar: Calendar, workdays: Workdays) -> dt.date:
    """The last day for supplements and corrections of a year's events."""
    month, day = (int(part) for part in calendar.corrections.split("-"))
    return shifted(dt.date(year + 1, month, day), calendar=calendar, workdays=workdays)


def shifted(date: dt.date, *, calendar: Calendar, workdays: Workdays) -> dt.date:
    """The date, or the working day after or before it, as the calendar says."""
    step = {"none": 0, "next": 1, "previous": -1}[calendar.shift]
    while step and not workdays.is_workday(date):
        date += dt.timedelta(days=step)
    return date


def timing(
    *, event: dt.date, report: dt.date, intent: Intent, acknowledged: bool, card: bool, calendar: Calendar, workdays: Workdays
) -> Timing:
    """How a report stands to the calendar.

    Args:
        event: Day of the birth or registration.
        report: Day of the report.
        intent: Whether it is reported or withdrawn.
        acknowledged: Whether an earlier version has been acknowledged: then this one corrects.
        card: Whether the ten-day rule holds (births).
        calendar: The receiver's dates.
        workdays: The site's working days.
    """
    period = period_of(event)
    due = month_due(period, calendar=calendar, workdays=workdays)
    card_late = max(0, (report - event).days - calendar.card_days) if card and not acknowledged else 0
    correcting = acknowledged or intent == "withdraw"
    if report.year > event.year and (correcting or report > due):
        end = window_end(event.year, calendar=calendar, workdays=workdays)
        inside: Window = "correction" if correcting else "supplement"
        return Timing(period=period, due=end, window=inside if report <= end else "over", card_late=card_late)
    late = report > due and not correcting
    return Timing(period=period, due=due, window="late" if late else "regular", card_late=card_late)
