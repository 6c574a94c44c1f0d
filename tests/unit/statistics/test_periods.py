"""Periods: where they begin and end, and what they are compared with."""

from __future__ import annotations

import datetime as dt

import pytest

from hedui.statistics.errors import StatisticsError
from hedui.statistics.periods import CYCLES, Cycle, ending, period_of

DAY = dt.date(2026, 6, 3)


@pytest.mark.parametrize(
    ("cycle", "start", "end", "name"),
    [
        ("day", "2026-06-03", "2026-06-03", "2026-06-03"),
        ("week", "2026-06-01", "2026-06-07", "2026-W23"),
        ("month", "2026-06-01", "2026-06-30", "2026-06"),
        ("quarter", "2026-04-01", "2026-06-30", "2026-Q2"),
        ("year", "2026-01-01", "2026-12-31", "2026"),
    ],
)
def test_bounds_and_names(cycle: Cycle, start: str, end: str, name: str) -> None:
    period = period_of(cycle, DAY)
    assert (period.start.isoformat(), period.end.isoformat(), period.id) == (start, end, name)
    assert DAY in period


@pytest.mark.parametrize("cycle", CYCLES)
def test_periods_of_a_kind_leave_no_gap(cycle: Cycle) -> None:
    period = period_of(cycle, DAY)
    for _ in range(60):
        before = period.before
        assert before.end + dt.timedelta(days=1) == period.start
        assert before.cycle == cycle
        period = before


@pytest.mark.parametrize(
    ("cycle", "date", "name"),
    [
        ("day", dt.date(2024, 2, 29), "2023-02-28"),
        ("week", dt.date(2020, 12, 31), "2019-W52"),  # 2020 has 53 weeks, 2019 has 52
        ("week", dt.date(2026, 1, 1), "2025-W01"),
        ("month", dt.date(2024, 2, 10), "2023-02"),
        ("quarter", dt.date(2026, 3, 31), "2025-Q1"),
        ("year", DAY, "2025"),
    ],
)
def test_the_year_before(cycle: Cycle, date: dt.date, name: str) -> None:
    assert period_of(cycle, date).year_before.id == name


def test_what_a_date_ends() -> None:
    assert [period.cycle for period in ending(dt.date(2026, 6, 3))] == ["day"]
    assert [period.cycle for period in ending(dt.date(2028, 12, 31))] == ["day", "week", "month", "quarter", "year"]


def test_an_unknown_kind() -> None:
    with pytest.raises(StatisticsError, match="choose one of day, week, month, quarter, year"):
        period_of("decade", DAY)  # type: ignore[arg-type]
