from __future__ import annotations

import datetime as dt
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hedui.errors import HeduiError
from hedui.site import load_site
from hedui_airflow.tasks import MaskedError, business_date, failed_tasks, masked

DEMO = Path(__file__).resolve().parents[3] / "include" / "sites" / "demo"
UTC = dt.UTC


def context(*, param: str | None = None, start: dt.datetime | None = None, after: dt.datetime | None = None) -> dict[str, Any]:
    return {"params": {"business_date": param}, "dag_run": SimpleNamespace(data_interval_start=start, run_after=after)}


@pytest.mark.parametrize(
    ("airflow", "date"),
    [
        pytest.param(
            context(start=dt.datetime(2026, 6, 2, 18, 30, tzinfo=UTC)), "2026-06-03", id="02:30 in Shanghai is 18:30 UTC before"
        ),
        pytest.param(
            context(param="2026-06-05", start=dt.datetime(2026, 6, 2, 18, 30, tzinfo=UTC)), "2026-06-05", id="parameter wins"
        ),
        pytest.param(context(after=dt.datetime(2026, 6, 4, 2, 0, tzinfo=UTC)), "2026-06-03", id="manual at 10:00 takes yesterday"),
        pytest.param(
            context(after=dt.datetime(2026, 6, 3, 18, 0, tzinfo=UTC)), "2026-06-02", id="manual at 02:00 takes the day before"
        ),
        pytest.param(
            context(after=dt.datetime(2026, 6, 3, 18, 30, tzinfo=UTC)), "2026-06-03", id="manual at 02:30 takes yesterday"
        ),
    ],
)
def test_the_business_date_of_a_run(airflow: dict[str, Any], date: str) -> None:
    assert business_date(airflow, timezone="Asia/Shanghai") == dt.date.fromisoformat(date)


def test_a_parameter_that_is_no_date_is_refused_with_an_example() -> None:
    with pytest.raises(HeduiError, match="'3 June'; write it like 2026-06-03"):
        business_date(context(param="3 June"), timezone="Asia/Shanghai")


def test_failed_tasks_are_named_as_people_know_them() -> None:
    site = load_site(DEMO)
    states = {
        "extract_0": "success",
        "extract_2": "failed",
        "compare_1": "upstream_failed",
        "compare_3": "skipped",
        "checks_0": "failed",
        "cross_rules": "failed",
        "record": "failed",
        "report": "upstream_failed",
        "fail_if_any_failed": "failed",
    }
    expected = [
        f"读取来源［{site.sources[2].name}］",
        f"比对［{site.comparisons[1].name}］",
        f"规则检查［{site.sources[0].name}］",
        "跨表规则",
        "入台账",
        "出报表",
    ]
    assert failed_tasks(site, states) == expected


def test_an_error_that_carries_an_id_reaches_airflow_masked() -> None:
    number = "990101199003070018"

    def fail(row: str) -> None:
        try:
            raise KeyError(row)
        except KeyError as cause:
            raise RuntimeError("the row is not there") from cause

    with pytest.raises(MaskedError) as raised:
        masked(fail, number)
    assert number not in "".join(traceback.format_exception(raised.value))
    assert "the row is not there" in str(raised.value)
    assert raised.value.__context__ is None


def test_other_errors_pass_as_they_are() -> None:
    def fail() -> None:
        raise KeyError("levy_no")

    with pytest.raises(KeyError, match="levy_no"):
        masked(fail)


def test_a_result_passes() -> None:
    assert masked(max, 1, 2) == 2
