"""The night's DAG: dates, names, pools, and what a missing or failing source does to the rest, with stubs in the steps' place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hedui import steps
from hedui.errors import SourceError, SourceFormatError
from hedui.site import Site, load_site
from hedui.steps import StepSummary

SHANGHAI = ZoneInfo("Asia/Shanghai")
DEMO = Path(__file__).resolve().parents[2] / "include" / "sites" / "demo"
NIGHT = dt.date(2026, 6, 4)


@pytest.fixture(scope="module")
def dag(dag_bag: Any) -> Any:
    return dag_bag.dags["nightly_reconciliation"]


@pytest.fixture(scope="module")
def site() -> Site:
    return load_site(DEMO)


def test_a_backfill_of_three_days_gives_those_three_business_dates(dag: Any) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    scheduled = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    first = dt.datetime(2026, 6, 3, tzinfo=SHANGHAI)
    last = dt.datetime(2026, 6, 5, 23, 59, 59, tzinfo=SHANGHAI)
    runs = list(scheduled.iter_dagrun_infos_between(first, last))
    assert [run.logical_date.astimezone(SHANGHAI) for run in runs] == [
        dt.datetime(2026, 6, day, 2, 30, tzinfo=SHANGHAI) for day in (3, 4, 5)
    ]
    assert [run.run_after.astimezone(SHANGHAI).date() for run in runs] == [dt.date(2026, 6, day) for day in (4, 5, 6)]


def test_one_instance_per_source_and_per_comparison_named_in_chinese(dag: Any, site: Site) -> None:
    extract, checks, compare = dag.get_task("extract"), dag.get_task("checks"), dag.get_task("compare")
    assert checks.op_kwargs_expand_input.value == extract.op_kwargs_expand_input.value
    assert extract.op_kwargs_expand_input.value == [{"source": source.id, "name": source.name} for source in site.sources]
    assert compare.op_kwargs_expand_input.value == [{"comparison": item.id, "name": item.name} for item in site.comparisons]
    link = dag.get_task("link")
    assert link.op_kwargs_expand_input.value == [{"comparison": item.id, "name": item.name} for item in site.linked]
    assert {task.partial_kwargs["map_index_template"] for task in (extract, checks, compare, link)} == {
        "{{ task.op_kwargs['name'] }}"
    }


def test_tasks_that_fill_the_memory_share_one_slot(dag: Any) -> None:
    assert {task.task_id for task in dag.tasks if task.pool == "hedui_heavy"} == {
        "restate",
        "checks",
        "cross_rules",
        "compare",
        "link",
        "record",
        "report",
    }


def test_the_order_of_the_steps(dag: Any) -> None:
    watched = {"fail_if_any_failed"}
    assert {task.task_id: set(task.downstream_task_ids) - watched for task in dag.tasks} == {
        "extract": {"restate"},
        "restate": {"checks", "compare"},
        "checks": {"cross_rules"},
        "cross_rules": {"record"},
        "compare": {"link"},
        "link": {"record"},
        "record": {"report"},
        "report": {"notify"},
        "notify": set(),
        "fail_if_any_failed": set(),
    }
    assert dag.get_task("fail_if_any_failed").upstream_task_ids == {task.task_id for task in dag.tasks} - watched


@pytest.fixture(scope="module")
def _airflow_database() -> None:
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture
def run_night(
    dag: Any, _airflow_database: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., dict[tuple[str, int], str]]:
    """Runs the DAG in this process with the given stubs as steps; gives the state of each task instance."""
    for name in ("hedui_ledger", "shebao_db", "shuiwu_db"):
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", "postgres://reader@database/x")
    for name, value in (("LAKE", tmp_path / "lake"), ("REPORTS", tmp_path / "reports"), ("INBOX", tmp_path)):
        monkeypatch.setenv(f"HEDUI_{name}", str(value))

    def summary(step: str, subject: str, date: dt.date, **values: Any) -> StepSummary:
        return StepSummary(step=step, subject=subject, business_date=date, counts={"rows": 1}, **values)

    def run(*, regions: str | None = None, **stubs: Callable[..., StepSummary]) -> dict[tuple[str, int], str]:
        defaults: dict[str, Callable[..., StepSummary]] = {
            "extract": lambda context, source, date: summary("extract", source, date),
            "restate": lambda context, date: summary("restate", "", date),
            "check_source": lambda context, source, date: summary("check", source, date),
            "check_across": lambda context, date: summary("check", "", date),
            "compare": lambda context, comparison, date: summary("compare", comparison, date),
            "link": lambda context, comparison, date: summary("link", comparison, date),
            "record": lambda context, date: summary("record", "", date),
            "report": lambda context, date: summary("report", "", date, paths={"workbook": "x.xlsx"}),
        }
        for name, stub in {**defaults, **stubs}.items():
            monkeypatch.setattr(steps, name, stub)
        for task in dag.tasks:
            if task.is_mapped:
                monkeypatch.setitem(task.partial_kwargs, "retries", 0)
            else:
                monkeypatch.setattr(task, "retries", 0)
        result = dag.test(run_conf={"business_date": NIGHT.isoformat(), "regions": regions}, use_executor=False)
        states = {(item.task_id, item.map_index): str(item.state) for item in result.get_task_instances()}
        states["run", -1] = str(result.state)
        return states

    return run


def index_of(site: Site, source: str) -> int:
    return [item.id for item in site.sources].index(source)


def test_a_good_night(run_night: Any, site: Site) -> None:
    states = run_night()
    assert states.pop(("fail_if_any_failed", -1)) == "skipped"
    assert set(states.values()) == {"success"}
    mapped = 2 * len(site.sources) + len(site.comparisons) + len(site.linked)  # read and checked, compared, linked
    assert len(states) == mapped + 2 + 3 + 1  # nights made anew, the rules across datasets, the last three, the run


def test_steps_get_the_business_date_and_their_subject(run_night: Any, site: Site) -> None:
    seen = []

    def extract(context: Any, source: str, date: dt.date) -> StepSummary:
        seen.append((source, date))
        assert context.connection("shebao_db") == "postgresql+psycopg://reader@database/x"
        return StepSummary(step="extract", subject=source, business_date=date)

    run_night(extract=extract)
    assert sorted(seen) == sorted((source.id, NIGHT) for source in site.sources)


def test_a_restated_report_is_made_beside_the_nights_where_the_form_asks(run_night: Any) -> None:
    made: list[dt.date | None] = []

    def report(context: Any, date: dt.date, *, restated: dt.date | None = None) -> StepSummary:
        made.append(restated)
        return StepSummary(step="report", subject="", business_date=date, counts={}, paths={"workbook": f"{restated}.xlsx"})

    states = run_night(regions="2026-06-30", report=report)
    assert states["report", -1] == "success"
    assert made == [None, dt.date(2026, 6, 30)]
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError, match="not a 'date'"):
        run_night(regions="30.6.2026", report=report)


def test_a_missing_source_is_skipped_with_what_needs_it_and_the_night_is_good(run_night: Any, site: Site) -> None:
    def extract(context: Any, source: str, date: dt.date) -> StepSummary:
        state = "missing" if source == "guotong" else "done"
        return StepSummary(step="extract", subject=source, business_date=date, state=state)

    def compare(context: Any, comparison: str, date: dt.date) -> StepSummary:
        state = "skipped" if comparison == "person_tiers" else "done"
        return StepSummary(step="compare", subject=comparison, business_date=date, state=state, reason="全国统筹系统下发未到")

    states = run_night(extract=extract, compare=compare)
    skipped = {key for key, state in states.items() if state == "skipped"}
    assert skipped == {("extract", index_of(site, "guotong")), ("compare", 0), ("fail_if_any_failed", -1)}
    assert {state for key, state in states.items() if key not in skipped} == {"success"}


@pytest.mark.parametrize(
    "error", [SourceError("no answer"), SourceFormatError("not a table")], ids=lambda error: type(error).__name__
)
def test_a_failing_source_leaves_the_other_work_done_and_the_night_red(run_night: Any, site: Site, error: Exception) -> None:
    def extract(context: Any, source: str, date: dt.date) -> StepSummary:
        if source == "shuiwu":
            raise error
        return StepSummary(step="extract", subject=source, business_date=date)

    states = run_night(extract=extract)
    failed = {key for key, state in states.items() if state == "failed"}
    assert failed == {("extract", index_of(site, "shuiwu")), ("fail_if_any_failed", -1), ("run", -1)}
    assert {state for key, state in states.items() if key not in failed} == {"success"}


def test_without_a_ledger_there_is_no_report_but_a_notice(run_night: Any) -> None:
    def record(context: Any, date: dt.date) -> StepSummary:
        raise SourceError("no ledger")

    states = run_night(record=record)
    assert (states["record", -1], states["report", -1], states["notify", -1]) == ("failed", "upstream_failed", "success")
    assert states["run", -1] == "failed"
