"""Helpers of the live tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from hedui.local.rest import Airflow, Run
from hedui.local.run import NIGHTS, night_of
from hedui.local.stack import DAG, Stack

LONGEST_BACKFILL = 1500.0


def backfill(stack: Stack, airflow: Airflow, *, meanwhile: Callable[[], object] = lambda: None) -> dict[Any, Run]:
    """Backfills the demo's nights through the REST API and waits until all are over; ``meanwhile`` is called at each look."""
    number = airflow.backfill(DAG, first=NIGHTS[0], last=NIGHTS[-1])
    deadline = time.monotonic() + LONGEST_BACKFILL
    while airflow.request("GET", f"/backfills/{number}")["completed_at"] is None:
        stack.heal()
        meanwhile()
        assert time.monotonic() < deadline, [(run.run_id, run.state) for run in airflow.runs(DAG)]
        time.sleep(0.5)
    runs = {night_of(run): run for run in airflow.runs(DAG)}
    assert list(runs) == NIGHTS
    return runs
