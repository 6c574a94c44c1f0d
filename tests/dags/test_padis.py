"""The DAGs of the upload, the monthly table, the pushes and the requests for help: dates, order, what a month is."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hedui.errors import HeduiError
from hedui_airflow import padis

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_the_upload_goes_on_where_a_step_before_it_failed(dag_bag: Any) -> None:
    dag = dag_bag.dags["padis_upload"]
    order = ["collect", "prepare", "upload", "settle", "close"]
    for before, after in pairwise(order):
        assert after in dag.get_task(before).downstream_task_ids
        assert dag.get_task(after).trigger_rule == "all_done"
    assert dag.get_task("upload").mode == "reschedule"
    assert dag.get_task("fail_if_any_failed").upstream_task_ids == {*order, "fail_if_parked"}


def test_the_monthly_table_is_about_the_month_in_which_its_interval_begins() -> None:
    run = SimpleNamespace(
        data_interval_start=dt.datetime(2026, 5, 6, 8, tzinfo=SHANGHAI), run_after=dt.datetime(2026, 6, 6, 8, tzinfo=SHANGHAI)
    )
    assert padis.month_of_run({"params": {}, "dag_run": run}, timezone="Asia/Shanghai") == "202605"
    assert padis.month_of_run({"params": {"period": "202601"}, "dag_run": run}, timezone="Asia/Shanghai") == "202601"


@pytest.mark.parametrize("given", ["2026", "202613", "2026-05", "may"])
def test_what_is_no_month_is_refused(given: str) -> None:
    with pytest.raises(HeduiError, match="write it like 202605"):
        padis.period_of_run({"params": {"period": given}})


def test_parked_files_turn_the_run_red() -> None:
    from airflow.sdk.exceptions import AirflowFailException

    padis.refuse_parked({"counts": {"open": 0, "parked": 0}})
    padis.refuse_parked(None)
    with pytest.raises(AirflowFailException, match="2 files are parked"):
        padis.refuse_parked({"counts": {"parked": 2}})


def test_every_push_of_the_site_has_its_own_tasks(dag_bag: Any) -> None:
    from hedui_airflow.exchange import listed_pushes

    assert {one["push"] for one in listed_pushes()} == {"minzheng_dibao", "gongan_renkou", "tongji_renkou"}
    assert dag_bag.dags["outbound_push"].get_task("send").upstream_task_ids == {"receipts"}
