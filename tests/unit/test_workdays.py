"""Working days, against the State Council's notice for 2026's Dragon Boat festival and against plain counting."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedui.errors import HeduiError
from hedui.site.models import Calendar
from hedui.workdays import Workdays

WORKDAYS = Workdays()
DAYS_2026 = st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 1))


@pytest.mark.parametrize(
    ("opened", "at", "age"),
    [
        pytest.param(dt.date(2026, 6, 3), dt.date(2026, 6, 3), 0, id="same-day"),
        pytest.param(dt.date(2026, 6, 3), dt.date(2026, 6, 4), 1, id="next-day"),
        pytest.param(dt.date(2026, 6, 5), dt.date(2026, 6, 8), 1, id="over-a-weekend"),
        pytest.param(dt.date(2026, 6, 18), dt.date(2026, 6, 22), 1, id="over-the-dragon-boat-festival-of-19-june"),
        pytest.param(dt.date(2026, 6, 5), dt.date(2026, 6, 3), 0, id="before-it-opened"),
    ],
)
def test_age_counts_working_days_only(opened: dt.date, at: dt.date, age: int) -> None:
    assert WORKDAYS.age(opened, at) == age


@given(DAYS_2026, st.integers(0, 20))
def test_adding_working_days_and_age_agree(date: dt.date, count: int) -> None:
    assert WORKDAYS.age(date, WORKDAYS.add(date, count)) == count


def test_a_site_may_work_on_a_holiday_and_rest_on_a_working_day() -> None:
    site = Workdays(calendar=Calendar(extra_workdays=(dt.date(2026, 6, 6),), extra_holidays=(dt.date(2026, 6, 5),)))
    assert site.is_workday(dt.date(2026, 6, 6))
    assert not site.is_workday(dt.date(2026, 6, 5))


def test_a_year_that_the_calendar_does_not_know_says_what_to_do() -> None:
    with pytest.raises(HeduiError, match=r"2050.*update the package"):
        WORKDAYS.is_workday(dt.date(2050, 1, 3))
