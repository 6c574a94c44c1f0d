"""The region migration's DAG: its half-yearly dates, its order, and what a decision in Airflow's page becomes."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hedui.regions.errors import RegionError, StopError
from hedui.regions.site import half_years
from hedui_airflow import regions

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def dag(dag_bag: Any) -> Any:
    return dag_bag.dags["region_code_migration"]


def test_it_is_due_on_the_first_of_january_and_july(dag: Any) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    scheduled = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    first, last = dt.datetime(2025, 7, 1, tzinfo=SHANGHAI), dt.datetime(2026, 7, 2, tzinfo=SHANGHAI)
    runs = list(scheduled.iter_dagrun_infos_between(first, last))
    assert [run.data_interval.end.astimezone(SHANGHAI) for run in runs][:2] == [
        dt.datetime(2026, 1, 1, 1, tzinfo=SHANGHAI),
        dt.datetime(2026, 7, 1, 1, tzinfo=SHANGHAI),
    ]


def test_nothing_moves_before_the_approval_and_the_report_is_always_written(dag: Any) -> None:
    order = ["load", "baseline", "preflight", "rehearse", "page", "approve", "decide", "migrate", "prove"]
    for before, after in pairwise(order):
        assert after in dag.get_task(before).downstream_task_ids
    assert dag.get_task("report").upstream_task_ids == {"rehearse", "prove"}
    assert dag.get_task("report").trigger_rule == "all_done_min_one_success"
    assert dag.get_task("fail_if_any_failed").upstream_task_ids == {*order, "report"}


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (dt.date(2017, 1, 1), (dt.date(2016, 6, 30), dt.date(2016, 12, 31))),
        (dt.date(2016, 7, 1), (dt.date(2015, 12, 31), dt.date(2016, 6, 30))),
    ],
)
def test_a_run_is_about_the_half_year_that_has_ended(tmp_path: Path, due: dt.date, expected: tuple[dt.date, dt.date]) -> None:
    (tmp_path / "regions.yaml").write_text("targets: []\n")
    assert half_years(tmp_path, due=due) == expected
    with pytest.raises(RegionError, match="There is no region table of 2026-06-30; import it"):
        half_years(tmp_path, due=dt.date(2026, 7, 1))


class Stub:
    """A migration that notes what is decided."""

    def __init__(self) -> None:
        self.noted: list[tuple[str, dict[str, Any]]] = []

    def approve(self, **given: Any) -> None:
        self.noted.append(("approve", given))
        if "swapped:220281,220282" not in given["accept"]:
            raise StopError("1 stop(s) are not accepted: swapped:220281,220282.")

    def reject(self, **given: Any) -> None:
        self.noted.append(("reject", given))


ASKED = {"page": "…", "digest": "d", "stops": ["swapped:220281,220282", "lost:130101"]}


def decision(option: str, **params: str) -> dict[str, Any]:
    return {"chosen_options": [option], "params_input": params, "responded_by_user": {"id": "1", "name": "chen"}}


@pytest.mark.parametrize("stops", ["全部", "swapped:220281,220282；lost:130101", "lost:130101\nswapped:220281,220282"])
def test_an_approval_names_who_why_and_the_stops(monkeypatch: pytest.MonkeyPatch, stops: str) -> None:
    stub = Stub()
    monkeypatch.setattr(regions, "_migration", lambda: stub)
    regions.take_decision(ASKED, decision("批准", note="已核对", stops=stops))
    (done,) = stub.noted
    assert done[1]["by"] == "chen"
    assert done[1]["note"] == "已核对"
    assert done[1]["page_digest"] == "d"
    assert set(done[1]["accept"]) == set(ASKED["stops"])


def test_a_refusal_skips_and_an_open_stop_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

    stub = Stub()
    monkeypatch.setattr(regions, "_migration", lambda: stub)
    with pytest.raises(AirflowSkipException, match="Rejected by chen: 先核对"):
        regions.take_decision(ASKED, decision("驳回", note="先核对"))
    with pytest.raises(AirflowFailException, match="not accepted"):
        regions.take_decision(ASKED, decision("批准", note="好", stops="lost:130101"))


def test_parameters_name_both_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    run = SimpleNamespace(data_interval_end=None, run_after=dt.datetime(2026, 7, 1, tzinfo=dt.UTC))
    both = {"params": {"from_date": "2008-12-31", "to_date": "2018-06-30"}, "dag_run": run}
    assert regions.span(both) == (dt.date(2008, 12, 31), dt.date(2018, 6, 30))
    from hedui.errors import HeduiError

    with pytest.raises(HeduiError, match="give both"):
        regions.span({"params": {"from_date": "2008-12-31", "to_date": None}, "dag_run": run})
