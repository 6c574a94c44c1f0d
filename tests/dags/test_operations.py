"""The DAGs of operations: when they run, which periods and inspections a run makes, that a failed run becomes one fault."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hedui.channels import monitor, settings
from hedui.context import Context
from hedui.errors import HeduiError
from hedui.inspection import run as inspecting
from hedui.operations import faults, monthly
from hedui_airflow import channels, inspection, operations
from hedui_airflow.tasks import MaskedError

SHANGHAI = ZoneInfo("Asia/Shanghai")
ID_NUMBER = "990102199001011234"
pytestmark = pytest.mark.usefixtures("_demo_site")


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch) -> Context:
    """A context whose site is the demo's and that opens nothing."""
    from hedui.lake import Lake
    from hedui.site import load_site
    from hedui_airflow.outline import site_of_this_airflow

    made = Context(site=load_site(site_of_this_airflow().folder), lake=Lake("memory://x"), reports=None, inbox="", ledger_url="")  # type: ignore[arg-type]
    for module in (channels, inspection, operations):
        monkeypatch.setattr(module, "task_context", lambda: made)
    return made


def times(dag: Any, first: dt.datetime, last: dt.datetime) -> list[dt.datetime]:
    """When the schedule starts runs."""
    from airflow.serialization.serialized_objects import DagSerialization

    scheduled = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    return [found.run_after.astimezone(SHANGHAI) for found in scheduled.iter_dagrun_infos_between(first, last)]


def current(monkeypatch: pytest.MonkeyPatch, **airflow: Any) -> None:
    """What a task sees of Airflow."""
    monkeypatch.setattr("airflow.sdk.get_current_context", lambda: airflow)


def of_schedule(date: dt.date, **params: Any) -> dict[str, Any]:
    """A run of the monthly schedule whose interval begins on a date."""
    start = dt.datetime.combine(date, dt.time(7, 30), SHANGHAI)
    return {"params": params, "dag_run": SimpleNamespace(run_id="scheduled", data_interval_start=start, run_after=start)}


def test_channels_are_looked_at_every_quarter_of_an_hour(dag_bag: Any) -> None:
    found = times(
        dag_bag.dags["channel_monitor"],
        dt.datetime(2026, 6, 3, 8, tzinfo=SHANGHAI),
        dt.datetime(2026, 6, 3, 8, 46, tzinfo=SHANGHAI),
    )
    assert [moment.time() for moment in found] == [dt.time(8, minute) for minute in (0, 15, 30, 45)]


def test_the_channels_task_passes_only_figures_on(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        monitor, "watch_channels", lambda given, now: monitor.Watch(amiss=2, raised=1, recovered=int(given is not context))
    )
    assert channels.run_watch() == {"amiss": 2, "raised": 1, "recovered": 0}


def test_a_site_without_channels_is_skipped(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    monkeypatch.setattr(settings, "load_channels", lambda _: None)
    with pytest.raises(AirflowSkipException, match=r"channels\.yaml"):
        channels.run_watch()


def test_inspections_are_made_every_morning(dag_bag: Any) -> None:
    dag = dag_bag.dags["daily_inspection"]
    found = times(dag, dt.datetime(2026, 6, 3, tzinfo=SHANGHAI), dt.datetime(2026, 6, 5, tzinfo=SHANGHAI))
    assert [(moment.day, moment.time()) for moment in found] == [(3, dt.time(8, 15)), (4, dt.time(8, 15))]
    assert dag.get_task("notify").trigger_rule == "all_done_min_one_success"
    assert dag.get_task("fail_if_any_failed").upstream_task_ids == {"inspect", "notify"}


@pytest.mark.parametrize("asked", [None, ["weekly", "quarterly"]], ids=["calendar", "form"])
def test_a_run_inspects_the_kinds_of_its_form_or_those_of_the_calendar(
    context: Context, monkeypatch: pytest.MonkeyPatch, asked: list[str] | None
) -> None:
    seen: list[Any] = []

    def inspect(given: Context, system: str, *, now: dt.datetime, actor: str, kinds: tuple[str, ...]) -> inspecting.Done:
        seen.append((given, system, actor, kinds))
        return inspecting.Done(system=system, number="XJ", items=3, abnormal=1, unmeasured=0, path="p", lines=("磁盘",))

    monkeypatch.setattr(inspecting, "inspect_and_record", inspect)
    current(monkeypatch, params={"kinds": asked}, dag_run=SimpleNamespace(run_id="r1"))
    made = inspection.run_inspect("shebao")
    assert seen == [(context, "shebao", "airflow:r1", tuple(asked or ()))]
    assert (made["abnormal"], made["lines"]) == (1, ("磁盘",))


def test_every_system_of_the_site_is_planned(context: Context) -> None:
    assert [item["system"] for item in inspection.run_plan()] == ["shebao", "shuiwu", "hedui"]


def test_nobody_is_told_where_all_is_well(context: Context) -> None:
    assert inspection.run_tell([{"number": "XJ", "lines": (), "unmeasured": 0}]) == {"told": 0}


@pytest.mark.parametrize("tell", [
    lambda: inspection.run_tell([{"number": "XJ", "lines": ("磁盘",), "unmeasured": 0}]),
    lambda: operations.run_tell([{"title": "月报", "lines": ("KPI",), "files": ()}]),
], ids=["inspection", "report"])  # fmt: skip
def test_a_message_that_fails_tells_nobodys_number(context: Context, monkeypatch: pytest.MonkeyPatch, tell: Any) -> None:
    def refuse(*_: Any, **__: Any) -> int:
        raise HeduiError(f"the server refuses {ID_NUMBER}")

    monkeypatch.setattr("hedui.notify.send_notice", refuse)
    with pytest.raises(MaskedError) as raised:
        tell()
    assert ID_NUMBER not in str(raised.value)


def test_the_report_is_made_on_the_second_of_a_month(dag_bag: Any) -> None:
    found = times(
        dag_bag.dags["monthly_report"], dt.datetime(2026, 6, 1, tzinfo=SHANGHAI), dt.datetime(2026, 8, 31, tzinfo=SHANGHAI)
    )
    assert {(moment.day, moment.time()) for moment in found} == {(2, dt.time(7, 30))}


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (of_schedule(dt.date(2026, 5, 2)), ["2026-05"]),
        (of_schedule(dt.date(2026, 6, 2)), ["2026-06", "2026-Q2"]),
        (of_schedule(dt.date(2026, 12, 2)), ["2026-12", "2026-Q4", "2026"]),
        (of_schedule(dt.date(2026, 6, 2), business_date="2026-02-03", cycle="quarter"), ["2026-Q1"]),
    ],
    ids=["month", "quarter", "year", "form"],
)
def test_a_run_makes_the_report_of_its_month_and_of_the_quarter_and_year_that_end_with_it(
    context: Context, monkeypatch: pytest.MonkeyPatch, run: dict[str, Any], expected: list[str]
) -> None:
    made: list[str] = []

    def make(_: Context, period: Any, remarks: monthly.Remarks) -> monthly.Made:
        made.append(period.id)
        assert remarks == monthly.Remarks(problems=("甲",))
        return monthly.Made(title="t", period=period.id, files=(), lines=())

    monkeypatch.setattr(monthly, "make_report", make)
    current(monkeypatch, **{**run, "params": {**run["params"], "problems": ["甲"]}})
    assert [item["period"] for item in operations.run_reports()] == made == expected


def test_a_manual_run_without_a_date_takes_the_month_before(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr(
        monthly, "make_report", lambda *given: made.append(given[1].id) or monthly.Made(title="", period="", files=(), lines=())
    )
    run = SimpleNamespace(run_id="manual", data_interval_start=None, run_after=dt.datetime(2026, 6, 17, 10, tzinfo=SHANGHAI))
    current(monkeypatch, params={}, dag_run=run)
    operations.run_reports()
    assert made == ["2026-05"]


def test_a_failed_run_becomes_one_fault_without_personal_data(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[faults.NewFault] = []
    monkeypatch.setattr(faults, "open_fault", lambda given, new, *, actor: opened.append(new))
    began = dt.datetime(2026, 6, 3, 2, 40, tzinfo=SHANGHAI)
    run = SimpleNamespace(dag_id="nightly_reconciliation", run_id="scheduled__2026-06-03")
    operations.open_fault_of_run({"dag_run": run, "ti": SimpleNamespace(task_id="record", start_date=began)})
    (fault,) = opened
    assert (fault.origin, fault.found_by, fault.occurred_at) == ("nightly_reconciliation/scheduled__2026-06-03", "run", began)
    assert "record" in fault.summary


def test_a_ledger_that_cannot_be_reached_does_not_hide_why_the_task_failed(
    context: Context, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def gone(*_: Any, **__: Any) -> None:
        raise HeduiError("The ledger is gone.")

    monkeypatch.setattr(faults, "open_fault", gone)
    run = SimpleNamespace(dag_id="nightly_reconciliation", run_id="r")
    operations.open_fault_of_run({"dag_run": run, "ti": SimpleNamespace(task_id="record", start_date=None)})
    assert "hedui fault open" in caplog.text
