"""A month's statistics by a backfill in a real Airflow, over the demo's nights: every report, every figure, nothing sent; then the month's
operations: inspection, channels, the report to the client."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from e2e.kit import wait_until
from hedui.context import Context
from hedui.lake import Lake
from hedui.local.rest import Airflow, Run
from hedui.local.run import DEMO_SITE
from hedui.local.stack import Stack
from hedui.site import load_site
from hedui.statistics.definitions import awaits, definitions
from integration.statistics.recomputed import RecomputedAsReceived, differences

DAG = "statistics_report"
LAST = dt.date(2026, 6, 30)
TITLES = {item.title for item in definitions().values() if not awaits(item)}
pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def run(stack: Stack, nights: dict[Any, Run]) -> Run:
    """The backfill's run of the month's last date."""
    with stack.client() as airflow:
        number = airflow.backfill(DAG, first=LAST, last=LAST)
        wait_until(stack, lambda: airflow.request("GET", f"/backfills/{number}")["completed_at"] is not None)
        (found,) = airflow.runs(DAG)
    return found


def made(stack: Stack, cycle: str, period: str) -> set[str]:
    """Titles of the workbooks of a period."""
    folder: Path = stack.home.reports / "statistics" / cycle / period
    return {path.name.rsplit("_", 1)[0] for path in folder.glob("*.xlsx")}


def kept(lake: Lake) -> dict[Path, int]:
    """When the figures that are kept in the lake were made."""
    return {file: file.stat().st_mtime_ns for file in (Path(lake.root) / "statistics").rglob("manifest.json")}


def test_every_report_of_the_month_and_the_quarter_is_there(stack: Stack, run: Run) -> None:
    assert run.state == "success"
    assert made(stack, "month", "2026-06") == TITLES
    assert made(stack, "quarter", "2026-Q2") == TITLES
    assert made(stack, "day", "2026-06-30") == set()  # the demo has nothing of that day


def test_every_figure_equals_its_recomputation_from_what_was_received(stack: Stack, run: Run) -> None:
    context = Context(
        site=load_site(DEMO_SITE), lake=Lake(str(stack.home.lake)), reports=stack.home.reports, inbox=str(stack.home.inbox),
        ledger_url=stack.postgres.url("hedui"),
    )  # fmt: skip
    before = kept(context.lake)
    checked, wrong = differences(context, RecomputedAsReceived(context))
    assert wrong == {}
    assert checked > 1_000
    assert kept(context.lake) == before  # these are the figures that the run has made, nothing was counted anew


def test_the_workbooks_hold_figures_and_the_page_lists_them(stack: Stack, run: Run) -> None:
    folder = stack.home.reports / "statistics"
    book = openpyxl.load_workbook(next((folder / "month" / "2026-06").glob("用人单位*.xlsx")), data_only=True)
    numbers = [cell.value for row in book["按区划汇总"].iter_rows() for cell in row if isinstance(cell.value, int | float)]
    assert len(numbers) > 100
    page = (folder / "index.html").read_text("utf-8")
    assert all(title in page for title in TITLES)


def test_a_backfill_sends_nothing(stack: Stack, airflow: Airflow, run: Run) -> None:
    states = {task.task_id: task.state for task in airflow.tasks(DAG, run.run_id)}
    assert states["distribute"] == "skipped"
    assert states["publish"] == "success"


OPERATIONS = {
    "daily_inspection": {"kinds": ["daily"]},
    "channel_monitor": {},
    "monthly_report": {"business_date": "2026-06-15", "cycle": "month"},
}


@pytest.fixture(scope="module")
def operations(stack: Stack, nights: dict[Any, Run]) -> dict[str, Run]:
    """A run of each by hand, one after the other: the report tells of the inspection before it."""
    found = {}
    with stack.client() as airflow:
        for name, conf in OPERATIONS.items():
            airflow.request("PATCH", f"/dags/{name}", body={"is_paused": False}, update_mask="is_paused")
            number = airflow.request("POST", f"/dags/{name}/dagRuns", body={"logical_date": None, "conf": conf})["dag_run_id"]
            path = f"/dags/{name}/dagRuns/{number}"
            wait_until(stack, lambda path=path: airflow.request("GET", path)["state"] in ("success", "failed"), seconds=600)  # type: ignore[misc]
            found[name] = next(run for run in airflow.runs(name) if run.run_id == number)
    return found


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_run_by_hand(operations: dict[str, Run], stack: Stack, airflow: Airflow, name: str) -> None:
    tasks = airflow.tasks(name, operations[name].run_id)
    assert operations[name].state == "success", [(task.label, task.state) for task in tasks]
    assert {task.state for task in tasks} <= {"success", "skipped"}


def test_the_inspection_has_a_report_for_each_system_and_the_month_its_workbook_and_document(
    operations: dict[str, Run], stack: Stack
) -> None:
    inspected = sorted((stack.home.reports / "inspection").rglob("*.xlsx"))
    assert {path.suffix for path in (stack.home.reports / "operations" / "month" / "2026-06").iterdir()} == {".xlsx", ".docx"}
    assert len(inspected) >= 3


def test_both_channels_have_their_first_sample(operations: dict[str, Run], stack: Stack) -> None:
    assert int(stack.postgres.query("hedui", "SELECT count(*) FROM hedui.channel_sample")) >= 2
