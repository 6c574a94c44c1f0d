"""Helpers of the live tests."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import pytest

from hedui.context import Context, context_from_environment
from hedui.local.rest import Airflow, Run
from hedui.local.run import NIGHTS, night_of
from hedui.local.stack import DAG, Stack

LONGEST_BACKFILL = 1500.0


def backfill(
    stack: Stack, airflow: Airflow, *, nights: Sequence[dt.date] = NIGHTS, meanwhile: Callable[[], object] = lambda: None
) -> dict[Any, Run]:
    """Backfills the demo's nights through the REST API and waits until all are over; ``meanwhile`` is called at each look."""
    number = airflow.backfill(DAG, first=nights[0], last=nights[-1])
    deadline = time.monotonic() + LONGEST_BACKFILL
    while airflow.request("GET", f"/backfills/{number}")["completed_at"] is None:
        stack.heal()
        meanwhile()
        assert time.monotonic() < deadline, [(run.run_id, run.state) for run in airflow.runs(DAG)]
        time.sleep(0.5)
    runs = {night_of(run): run for run in airflow.runs(DAG)}
    assert set(nights) <= set(runs)
    return {night: runs[night] for night in nights}


def context_of(stack: Stack) -> Context:
    """The library's surroundings, as the stack's tasks have them."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stack.environment.items():
            patch.setenv(name, value)
        return context_from_environment(connection=lambda name: stack.environment[f"HEDUI_CONN_{name.upper()}"])


def wait_until(stack: Stack, look: Callable[[], bool], *, seconds: float = LONGEST_BACKFILL) -> None:
    """Looks again and again until it is so; a busy machine's late answer is no answer, and not the end."""
    deadline = time.monotonic() + seconds
    while True:
        stack.heal()
        try:
            if look():
                return
        except httpx.TimeoutException:
            pass
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(1)


def wait_for_task(stack: Stack, airflow: Airflow, dag: str, run: str, task: str, states: set[str]) -> None:
    """Waits until a task of a run is in one of the states; fails where the run ends before."""

    def there() -> bool:
        tasks = airflow.tasks(dag, run)
        if any(found.task_id == task and found.state in states for found in tasks):
            return True
        ended = airflow.request("GET", f"/dags/{dag}/dagRuns/{run}")["state"] in ("success", "failed")
        assert not ended, [(found.label, found.state) for found in tasks]
        return False

    wait_until(stack, there)
