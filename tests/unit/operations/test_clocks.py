"""Working time: by a second computation minute by minute, over nights, lunch, weekends, holidays and make-up days."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from hedui.operations.clocks import WorkClock
from hedui.operations.knowledge import terms
from hedui.operations.settings import OperationsSettings
from hedui.workdays import Workdays

SHANGHAI = ZoneInfo("Asia/Shanghai")
SETTINGS = OperationsSettings()
CLOCK = WorkClock(workdays=Workdays(), shifts=SETTINGS.hours, zone=SHANGHAI)
MINUTE = dt.timedelta(minutes=1)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def works(moment: dt.datetime) -> bool:
    """Whether the minute that begins then is one of work: 9 to 12 and 13 to 18."""
    return Workdays().is_workday(moment.date()) and (9 <= moment.hour < 12 or 13 <= moment.hour < 18)


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        pytest.param("2026-06-03 10:00", 120, "2026-06-03 12:00", id="to-lunch"),
        pytest.param("2026-06-03 10:01", 120, "2026-06-03 13:01", id="over-lunch"),
        pytest.param("2026-06-05 17:50", 15, "2026-06-08 09:05", id="over-a-weekend"),
        pytest.param("2026-06-18 17:00", 240, "2026-06-22 12:00", id="over-the-dragon-boat-festival"),
        pytest.param("2026-09-19 20:00", 15, "2026-09-20 09:15", id="a-sunday-that-is-worked"),
        pytest.param("2026-06-03 02:00", 480, "2026-06-03 18:00", id="a-night"),
    ],
)
def test_when_a_limit_ends(start: str, minutes: int, end: str) -> None:
    assert CLOCK.after(at(start), minutes) == at(end)
    assert CLOCK.between(at(start), at(end)) == minutes
    counted, moment = 0, at(start)  # the second computation
    while counted < minutes:
        counted += works(moment)
        moment += MINUTE
    assert moment == at(end)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        pytest.param("2026-06-03 10:00", 2, "2026-06-05", id="routine"),
        pytest.param("2026-06-03 18:30", 3, "2026-06-09", id="after-hours-counts-as-tomorrow"),
        pytest.param("2026-09-28 10:00", 5, "2026-10-10", id="perfective-over-the-national-day"),
    ],
)
def test_the_day_of_a_task(start: str, days: int, due: str) -> None:
    expected = dt.date.fromisoformat(due)
    assert CLOCK.due_date(at(start), days) == expected
    first = at(start).date() if at(start).hour < 18 else at(start).date() + dt.timedelta(days=1)
    assert Workdays().age(first, expected) == days  # counted the other way round


def test_the_agreed_limits_are_the_buyers() -> None:
    limits = SETTINGS.hotline, SETTINGS.onsite
    assert [(item.respond, item.diagnose, item.repair) for item in limits] == [(120, 240, None), (15, 240, 480)]
    days = SETTINGS.task_days
    assert (days.routine, days.corrective, days.perfective) == (2, 3, 5)
    targets = SETTINGS.targets
    assert (targets.workload, targets.inspections, targets.timely, targets.solved, targets.responded, targets.code_changes) == (
        100, 98, 90, 90, 99, 85,
    )  # fmt: skip


def test_terms_are_pairs_of_characters_and_words() -> None:
    assert terms("ORA-01555 快照过旧，A 表") == ["快照", "照过", "过旧", "表", "ora-01555", "a"]
