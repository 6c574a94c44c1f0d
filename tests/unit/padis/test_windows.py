from __future__ import annotations

import datetime as dt

import pytest

from hedui.padis.windows import Window, month_due, timing
from hedui.site.models import Calendar as SiteCalendar
from hedui.site.padis_profile import Calendar
from hedui.workdays import Workdays

DAYS = Workdays(calendar=SiteCalendar())
PLAIN = Calendar()


@pytest.mark.parametrize(
    ("period", "calendar", "due"),
    [
        pytest.param("202605", PLAIN, dt.date(2026, 6, 5), id="the fifth"),
        pytest.param("202512", PLAIN, dt.date(2026, 1, 5), id="over the year"),
        pytest.param("202608", Calendar(shift="next"), dt.date(2026, 9, 7), id="a Saturday goes to Monday"),
        pytest.param("202608", Calendar(shift="previous"), dt.date(2026, 9, 4), id="or to Friday"),
        pytest.param("202609", Calendar(shift="next"), dt.date(2026, 10, 8), id="past the national holiday"),
        pytest.param("202602", Calendar(overrides={"202602": dt.date(2026, 3, 9)}), dt.date(2026, 3, 9), id="a site's own date"),
        pytest.param("202605", Calendar(month_day=10), dt.date(2026, 6, 10), id="another day of the month"),
    ],
)
def test_when_a_month_is_due(period: str, calendar: Calendar, due: dt.date) -> None:
    assert month_due(period, calendar=calendar, workdays=DAYS) == due


@pytest.mark.parametrize(
    ("event", "report", "acknowledged", "window", "late"),
    [
        pytest.param("2026-05-31", "2026-06-05", False, "regular", 0, id="on the last day"),
        pytest.param("2026-05-31", "2026-06-06", False, "late", 0, id="a day after it"),
        pytest.param("2026-05-20", "2026-05-30", False, "regular", 0, id="the tenth day"),
        pytest.param("2026-05-20", "2026-05-31", False, "regular", 1, id="the eleventh day"),
        pytest.param("2026-03-01", "2026-06-20", True, "regular", 0, id="a correction within the year"),
        pytest.param("2025-12-20", "2026-01-05", False, "regular", 6, id="December by the fifth of January"),
        pytest.param("2025-12-20", "2026-01-06", False, "supplement", 7, id="and after it"),
        pytest.param("2025-03-01", "2026-02-20", False, "supplement", 346, id="last year's by 20 February"),
        pytest.param("2025-03-01", "2026-02-20", True, "correction", 0, id="last year's correction by 20 February"),
        pytest.param("2025-03-01", "2026-02-21", True, "over", 0, id="a day too late"),
        pytest.param("2024-03-01", "2026-02-01", False, "over", 692, id="the year before last"),
    ],
)
def test_how_a_report_stands_to_the_calendar(event: str, report: str, acknowledged: bool, window: Window, late: int) -> None:
    found = timing(
        event=dt.date.fromisoformat(event),
        report=dt.date.fromisoformat(report),
        intent="report",
        acknowledged=acknowledged,
        card=True,
        calendar=PLAIN,
        workdays=DAYS,
    )
    assert (found.window, found.card_late) == (window, late)
    assert found.period == event[:7].replace("-", "")
