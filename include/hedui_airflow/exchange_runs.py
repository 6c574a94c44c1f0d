"""What the DAGs of the upload, the pushes and the requests for help have in common: what a task works with."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hedui_airflow.regions import site_folder
from hedui_airflow.tasks import business_date, task_context

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hedui.context import Context

NAMED = {"map_index_template": "{{ task.op_kwargs['name'] }}"}
"""Mapped tasks are called by the argument ``name``."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a task works with.

    Attributes:
        context: The step's surroundings.
        folder: The site's folder.
        airflow: Airflow's own context of the task.
        date: Business date of the run.
        operator: Who acts, as ledgers and audit chain name it.
    """

    context: Context
    folder: Path
    airflow: Mapping[str, Any]
    date: dt.date
    operator: str


def surroundings() -> Surroundings:
    """What the running task works with."""
    from airflow.sdk import get_current_context

    airflow = get_current_context()
    context = task_context()
    return Surroundings(
        context=context,
        folder=site_folder(),
        airflow=airflow,
        date=business_date(airflow, timezone=context.site.timezone),
        operator=f"airflow:{airflow['dag_run'].dag_id}",
    )
