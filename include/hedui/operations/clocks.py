"""Clocks that run in working hours only: when a time limit ends, and how much of it has been used."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from hedui.operations.settings import Shift
from hedui.workdays import Workdays

MINUTE = dt.timedelta(minutes=1)
ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class WorkClock:
    """Working time of a site.

    Attributes:
        workdays: Its calendar.
        shifts: Its working hours, in order.
        zone: Its time zone.
    """

    workdays: Workdays
    shifts: tuple[Shift, ...]
    zone: ZoneInfo

    def _shifts_from(self, moment: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        """Spans of working time from a moment on, without end."""
        day = moment.astimezone(self.zone).date()
        while True:
            if self.workdays.is_workday(day):
                for shift in self.shifts:
                    begins = max(moment, dt.datetime.combine(day, shift.begins, tzinfo=self.zone))
                    ends = dt.datetime.combine(day, shift.ends, tzinfo=self.zone)
                    if begins < ends:
                        yield begins, ends
            day += ONE_DAY

    def after(self, start: dt.datetime, minutes: int) -> dt.datetime:
        """The moment at which so many working minutes have passed since ``start``."""
        left = minutes * MINUTE
        for begins, ends in self._shifts_from(start):
            if left <= ends - begins:
                return begins + left
            left -= ends - begins
        raise AssertionError  # the spans have no end

    def between(self, start: dt.datetime, end: dt.datetime) -> float:
        """Working minutes from one moment to another; 0 where the second is not later."""
        used = dt.timedelta()
        for begins, ends in self._shifts_from(start):
            if begins >= end:
                break
            used += min(ends, end) - begins
        return used / MINUTE

    def due_date(self, start: dt.datetime, days: int) -> dt.date:
        """The last day of so many working days; what comes after the last shift counts as of the next working day."""
        local = start.astimezone(self.zone)
        day = local.date()
        if local.time() > self.shifts[-1].ends:
            day += ONE_DAY
        while not self.workdays.is_workday(day):
            day += ONE_DAY
        return self.workdays.add(day, days)
