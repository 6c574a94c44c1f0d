"""A month's statistics by a backfill in a real Airflow, over the demo's nights."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from e2e.kit import LONGEST_BACKFILL
from hedui.local.rest import Airflow, Run
from hedui.local.stack import Stack
from hedui.statistics.definitions import awaits, definitions

DAG = "statistics_report"
LAST = dt.date(2026, 6, 30)
TITLES = {item.title for item in definitions().values() if not awaits(item)}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(stack: Stack, nights: dict[Any, Run]) -> Run:
    """The backfill's run of the month's last date."""
    with stack.client() as airflow:
        number = airflow.backfill(DAG, first=LAST, last=LAST)
        deadline = time.monotonic() + LONGEST_BACKFILL
        while airflow.request("GET", f"/backfills/{number}")["completed_at"] is None:
            stack.heal()
            assert time.monotonic() < deadline, [(found.run_id, found.state) for found in airflow.runs(DAG)]
            time.sleep(1)
        (found,) = airflow.runs(DAG)
    return found


def made(stack: Stack, cycle: str, period: str) -> set[str]:
    """Titles of the workbooks of a period."""
    folder: Path = stack.home.reports / "statistics" / cycle / period
    return {path.name.rsplit("_", 1)[0] for path in folder.glob("*.xlsx")}


def test_every_report_of_the_month_and_the_quarter_is_there(stack: Stack, run: Run) -> None:
    assert run.state == "success"
    assert made(stack, "month", "2026-06") == TITLES
    assert made(stack, "quarter", "2026-Q2") == TITLES
    assert made(stack, "day", "2026-06-30") == set()  # the demo has nothing of that day


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
