"""Working days: Chinese public holidays and make-up days from ``chinesecalendar``, with a site's own exceptions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import chinese_calendar

from hedui.errors import HeduiError
from hedui.site.models import Calendar


@dataclass(frozen=True, kw_only=True)
class Workdays:
    """Answers which days are working days and how many lie between two dates."""

    calendar: Calendar = field(default_factory=Calendar)

    def is_workday(self, date: dt.date) -> bool:
        """Whether ``date`` is a working day.

        Raises:
            HeduiError: The installed chinesecalendar does not know the year yet.
        """
        if date in self.calendar.extra_workdays:
            return True
        if date in self.calendar.extra_holidays:
            return False
        try:
            return bool(chinese_calendar.is_workday(date))
        except NotImplementedError:
            raise HeduiError(
                f"chinesecalendar does not know the holidays of {date.year}; update the package (one release a year, in November) "
                "or list the year's days under calendar in site.yaml."
            ) from None

    def add(self, date: dt.date, count: int) -> dt.date:
        """The ``count``-th working day after ``date``."""
        while count > 0:
            date += dt.timedelta(days=1)
            count -= self.is_workday(date)
        return date

    def age(self, opened: dt.date, at: dt.date) -> int:
        """Working days after ``opened`` up to and including ``at``; 0 on the same day or before."""
        return sum(self.is_workday(opened + dt.timedelta(days=i)) for i in range(1, (at - opened).days + 1))
