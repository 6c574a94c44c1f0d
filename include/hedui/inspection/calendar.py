"""Which inspections are due on a day, by the Chinese calendar."""

from __future__ import annotations

import datetime as dt
from typing import Final

from hedui.inspection.model import Kind
from hedui.workdays import Workdays

HOLIDAY_DAYS: Final = 3
"""So many days without work in a row are a holiday; two are a weekend. A holiday of one day beside a weekend has three as well."""
ONE_DAY: Final = dt.timedelta(days=1)


def kinds_due(workdays: Workdays, date: dt.date) -> tuple[Kind, ...]:
    """The inspections that are due on a day: daily always; the others on the last working day of a week, before a holiday, of a quarter.

    Raises:
        HeduiError: The calendar does not know the days.
    """
    due: list[Kind] = ["daily"]
    if not workdays.is_workday(date):
        return tuple(due)
    following = workdays.add(date, 1)
    if following.isocalendar()[:2] != date.isocalendar()[:2]:
        due.append("weekly")
    if (following - date).days > HOLIDAY_DAYS:
        due.append("holiday")
    if (following.year, (following.month - 1) // 3) != (date.year, (date.month - 1) // 3):
        due.append("quarterly")
    return tuple(due)


def due_between(workdays: Workdays, first: dt.date, last: dt.date) -> dict[Kind, int]:
    """How many inspections of each kind were due from a day to a day, both included; what 巡检完成率 divides by."""
    days = [first + ONE_DAY * number for number in range((last - first).days + 1)]
    counts: dict[Kind, int] = {"daily": 0, "weekly": 0, "holiday": 0, "quarterly": 0}
    for day in days:
        for kind in kinds_due(workdays, day):
            counts[kind] += 1
    return counts
