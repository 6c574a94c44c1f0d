"""The statistics' DAG: what a run of a date makes, what its form offers, what is sent."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hedui.statistics.definitions import awaits, definitions
from hedui_airflow.statistics import planned

SHANGHAI = ZoneInfo("Asia/Shanghai")
pytestmark = pytest.mark.usefixtures("_demo_site")
SHIPPED = [name for name, item in definitions().items() if not awaits(item)]


@pytest.fixture(scope="module")
def dag(dag_bag: Any) -> Any:
    return dag_bag.dags["statistics_report"]


def airflow(date: dt.date, **params: Any) -> dict[str, Any]:
    """A run of the schedule, or of a backfill, for a business date."""
    start = dt.datetime.combine(date, dt.time(6, 30), SHANGHAI)
    return {"params": params, "dag_run": SimpleNamespace(data_interval_start=start, run_after=start + dt.timedelta(days=1))}


def periods(plan: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(item["cycle"], item["start"]) for item in plan}


def test_each_date_of_a_backfill_makes_the_periods_that_end_with_it() -> None:
    made = {dt.date(2026, 6, day): periods(planned(airflow(dt.date(2026, 6, day)))) for day in range(1, 31)}
    assert made[dt.date(2026, 6, 3)] == {("day", "2026-06-03")}
    assert made[dt.date(2026, 6, 7)] == {("day", "2026-06-07"), ("week", "2026-06-01")}
    assert made[dt.date(2026, 6, 30)] == {("day", "2026-06-30"), ("month", "2026-06-01"), ("quarter", "2026-04-01")}
    months = [date for date, found in made.items() if any(cycle == "month" for cycle, _ in found)]
    assert months == [dt.date(2026, 6, 30)]


def test_every_report_is_made() -> None:
    plan = planned(airflow(dt.date(2026, 6, 30)))
    assert sorted(item["report"] for item in plan if item["cycle"] == "month") == SHIPPED
    assert len({item["label"] for item in plan}) == len(plan)


def test_a_manual_run_makes_what_its_form_asks_for() -> None:
    asked = airflow(dt.date(2026, 11, 1), cycle="quarter", business_date="2026-05-20", reports=["refunds"])
    (item,) = planned(asked)
    assert (item["report"], item["cycle"], item["start"]) == ("refunds", "quarter", "2026-04-01")


def test_the_form_is_chinese_and_offers_every_report(dag: Any) -> None:
    titles = [dag.params.get_param(name).schema["title"] for name in dag.params]
    assert all("\u4e00" <= title[0] <= "\u9fff" for title in titles)
    assert set(dag.params.get_param("reports").schema["values_display"]) == set(SHIPPED)


def test_the_page_is_written_also_where_a_report_failed_and_the_run_is_red(dag: Any) -> None:
    assert dag.get_task("publish").trigger_rule == "all_done_min_one_success"
    assert dag.get_task("distribute").upstream_task_ids == {"report", "publish"}
    assert dag.get_task("fail_if_any_failed").upstream_task_ids == {"report", "publish", "distribute"}
