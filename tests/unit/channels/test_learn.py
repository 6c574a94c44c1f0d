"""Thresholds: the same hour of past weeks, by a second computation; floors; weeks that teach nothing."""

from __future__ import annotations

import datetime as dt
import random
import statistics
from zoneinfo import ZoneInfo

import pytest

from hedui.channels.learn import Sample, highest_allowed, lowest_allowed, same_hour, usual
from hedui.channels.measure import delay_of, percentile
from hedui.channels.monitor import judge
from hedui.channels.settings import Floors
from hedui.workdays import Workdays

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = dt.datetime(2026, 6, 17, 10, 20, tzinfo=SHANGHAI)  # a Wednesday
WORKDAYS = Workdays()


def learned(samples: list[Sample], *, weeks: int = 6, now: dt.datetime = NOW) -> float | None:
    found = same_hour(samples, now=now, weeks=weeks, zone=SHANGHAI, is_workday=WORKDAYS.is_workday)
    return usual(found, "rows")


def test_the_usual_is_that_of_the_same_hour_of_past_weeks() -> None:
    numbers = random.Random(7)
    quarters = [NOW.replace(hour=0, minute=0) - dt.timedelta(minutes=15 * back) for back in range(60 * 96)]
    samples = [Sample(at=at.astimezone(dt.UTC), measures={"rows": numbers.randint(0, 1000)}) for at in quarters]
    by_week: dict[dt.date, list[float]] = {}
    for sample in samples:  # the second computation: by the calendar's own names
        there = sample.at.astimezone(SHANGHAI)
        if there.strftime("%a %H") == "Wed 10" and dt.date(2026, 5, 6) <= there.date() < NOW.date():
            by_week.setdefault(there.date(), []).append(sample.measures["rows"] or 0)
    assert len(by_week) == 6
    assert learned(samples) == statistics.median(statistics.median(values) for values in by_week.values())


def test_a_holiday_teaches_a_working_day_nothing() -> None:
    """Wednesdays before 2026-10-14: the 7th and (as the day of the founding is on a Thursday) the 30th, a working day."""
    now = dt.datetime(2026, 10, 14, 10, 0, tzinfo=SHANGHAI)
    samples = [Sample(at=now - dt.timedelta(days=7 * back), measures={"rows": 0 if back == 1 else 100}) for back in range(1, 5)]
    found = same_hour(samples, now=now, weeks=6, zone=SHANGHAI, is_workday=WORKDAYS.is_workday)
    assert sorted(found) == [2, 3, 4]
    assert usual(found, "rows") == 100


@pytest.mark.parametrize(
    ("weeks", "expected"),
    [pytest.param(2, None, id="too-few"), pytest.param(3, 50, id="enough")],
)
def test_few_weeks_teach_nothing(weeks: int, expected: float | None) -> None:
    samples = [Sample(at=NOW - dt.timedelta(days=7 * back), measures={"rows": 50}) for back in range(1, weeks + 1)]
    assert learned(samples) == expected


def test_a_threshold_is_never_stricter_than_its_floor() -> None:
    assert (highest_allowed(None, 3), highest_allowed(1, 3), highest_allowed(4, 3)) == (3, 3, 6)
    # a volume's floor is wanted in any case
    assert (lowest_allowed(None, 10), lowest_allowed(10, 10), lowest_allowed(100, 10)) == (10, 10, 50)


def test_what_is_amiss_names_value_and_threshold() -> None:
    found = {"rows": 40, "silent_minutes": 0, "refused_percent": 21.0, "treasury_p95": 3, "treasury_oldest": 9, "fund_oldest": None}
    amiss = judge(found, {"rows": 100, "treasury_oldest": 4}, Floors(rows=5, refused_percent=20, treasury_days=3))
    assert amiss == {
        "rows": "当日仅 40 笔（低于 50 笔）",
        "refused_percent": "申报被拒 21.0%（超过 20）",
        "treasury_oldest": "最久一笔缴费已 9 天未入库（超过 6）",
    }


def test_percentiles_are_by_nearest_rank() -> None:
    values = sorted(random.Random(3).choices(range(12), k=101))
    histogram = {value: values.count(value) for value in values}
    assert percentile(histogram, 0.5) == values[50]
    assert percentile(histogram, 0.95) == values[95]
    assert percentile({}, 0.5) is None
    delay = delay_of([(1, 0, 3), (1, 4, 1), (0, 6, 2), (0, 2, 1)])
    assert (delay.arrived, delay.median, delay.p95, delay.waiting, delay.oldest) == (4, 0, 4, 3, 6)
