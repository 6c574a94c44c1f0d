"""The periods that statistics are about: days, weeks (Monday to Sunday), months, quarters, years."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal, get_args

from hedui.statistics.errors import StatisticsError

Cycle = Literal["day", "week", "month", "quarter", "year"]
CYCLES: Final[tuple[Cycle, ...]] = get_args(Cycle)
NAMES: Final[dict[Cycle, str]] = {"day": "日报", "week": "周报", "month": "月报", "quarter": "季报", "year": "年报"}
MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
ONE_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, kw_only=True, order=True)
class Period:
    """A span of business dates.

    Attributes:
        cycle: What kind of span it is.
        start: First date.
        end: Last date.
    """

    cycle: Cycle
    start: dt.date
    end: dt.date

    @property
    def id(self) -> str:
        """A short name, fit for files: ``2026-06-03``, ``2026-W23``, ``2026-06``, ``2026-Q2``, ``2026``."""
        year, week, _ = self.start.isocalendar()
        return {
            "day": self.start.isoformat(),
            "week": f"{year}-W{week:02d}",
            "month": f"{self.start:%Y-%m}",
            "quarter": f"{self.start.year}-Q{(self.start.month + 2) // 3}",
            "year": str(self.start.year),
        }[self.cycle]

    @property
    def label(self) -> str:
        """The name that reports print as 报表期."""
        year, week, _ = self.start.isocalendar()
        return {
            "day": f"{self.start.year}年{self.start.month}月{self.start.day}日",
            "week": f"{year}年第{week}周（{self.start:%m月%d日}—{self.end:%m月%d日}）",
            "month": f"{self.start.year}年{self.start.month}月",
            "quarter": f"{self.start.year}年第{(self.start.month + 2) // 3}季度",
            "year": f"{self.start.year}年",
        }[self.cycle]

    @property
    def before(self) -> Period:
        """The period just before (环比)."""
        return period_of(self.cycle, self.start - ONE_DAY)

    @property
    def year_before(self) -> Period:
        """The same period a year before (同比): the same day, week number, month or quarter."""
        if self.cycle == "week":
            year, week, _ = self.start.isocalendar()
            last = dt.date(year - 1, 12, 28).isocalendar().week  # the 28th of December lies in the last week
            return period_of("week", dt.date.fromisocalendar(year - 1, min(week, last), 1))
        leap_day = (self.start.month, self.start.day) == (2, 29)
        return period_of(self.cycle, self.start.replace(year=self.start.year - 1, day=28 if leap_day else self.start.day))

    def __contains__(self, date: object) -> bool:
        return isinstance(date, dt.date) and self.start <= date <= self.end


def period_of(cycle: Cycle, date: dt.date) -> Period:
    """The period of a kind that a date lies in.

    Raises:
        StatisticsError: There is no such kind.
    """
    if cycle == "day":
        return Period(cycle=cycle, start=date, end=date)
    if cycle == "week":
        start = date - dt.timedelta(days=date.weekday())
        return Period(cycle=cycle, start=start, end=start + dt.timedelta(days=6))
    if cycle not in MONTHS:
        raise StatisticsError(f"There are no statistics by {cycle!r}; choose one of {', '.join(CYCLES)}.")
    months = MONTHS[cycle]
    first = dt.date(date.year, (date.month - 1) // months * months + 1, 1)
    index = first.year * 12 + first.month - 1 + months
    return Period(cycle=cycle, start=first, end=dt.date(index // 12, index % 12 + 1, 1) - ONE_DAY)


def named(cycle: Cycle, name: str) -> Period:
    """The period of a kind with the :attr:`Period.id`.

    Raises:
        StatisticsError: No period of the kind is called so.
    """
    try:
        if cycle == "week":
            first = dt.datetime.strptime(f"{name}-1", "%G-W%V-%u").date()
        elif cycle == "quarter":
            year, _, quarter = name.partition("-Q")
            first = dt.date(int(year), int(quarter) * 3 - 2, 1)
        else:
            first = dt.date.fromisoformat({"day": name, "month": f"{name}-01", "year": f"{name}-01-01"}[cycle])
        period = period_of(cycle, first)
    except (ValueError, KeyError):
        raise StatisticsError(
            f"No period by {cycle} is called {name!r}; names are like 2026-06-03, 2026-W23, 2026-06, 2026-Q2, 2026."
        ) from None
    return period


def ending(date: dt.date) -> tuple[Period, ...]:
    """The periods whose last date is ``date``, the shortest first: what a schedule of every day has to make."""
    return tuple(period for period in (period_of(cycle, date) for cycle in CYCLES) if period.end == date)
