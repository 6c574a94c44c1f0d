"""What holds for the tasks of every DAG: how they are tried again, how long they may take, that a failed run becomes a fault."""

from __future__ import annotations

import datetime as dt
import os
from typing import Any

from hedui_airflow.operations import open_fault_of_run


def tried_again(*, tries: int, at_most: dt.timedelta, pause: dt.timedelta = dt.timedelta(minutes=15)) -> dict[str, Any]:
    """Settings of all tasks of a DAG: further tries after growing pauses, a limit of time for each, a fault when the last has failed.

    Args:
        tries: Tries after the first.
        at_most: Time of one try.
        pause: The longest pause between two tries.
    """
    return {
        "owner": "hedui",
        "retries": tries,
        "retry_delay": dt.timedelta(seconds=int(os.environ.get("HEDUI_RETRY_SECONDS", "60"))),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": pause,
        "execution_timeout": at_most,
        "on_failure_callback": open_fault_of_run,
    }
