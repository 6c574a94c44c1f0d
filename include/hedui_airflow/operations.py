"""The bodies of the operations' tasks, and the callback that opens a fault for a failed run."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from hedui_airflow.outline import site_of_this_airflow
from hedui_airflow.tasks import NOTIFY_TRIES, Summary, business_date, masked, task_context

log = logging.getLogger(__name__)


def open_fault_of_run(airflow: Mapping[str, Any]) -> None:
    """Callback of a task that has failed for good: enters one fault per run; a ledger that cannot be reached is logged, not raised."""
    try:
        _open_fault(airflow)
    except Exception:
        log.exception("The fault of this run could not be entered; enter it with `hedui fault open`.")


def _open_fault(airflow: Mapping[str, Any]) -> None:
    from hedui.operations.faults import NewFault, open_fault
    from hedui.operations.settings import load_operations

    run, instance = airflow["dag_run"], airflow["ti"]
    settings = load_operations(site_of_this_airflow())
    now = dt.datetime.now(dt.UTC)
    new = NewFault(
        level=settings.run_levels.get(run.dag_id, 3),
        system="hedui",
        summary=f"流程 {run.dag_id} 运行失败，任务 {instance.task_id}（{run.run_id}）",
        occurred_at=instance.start_date or now,
        reported_at=now,
        found_by="run",
        service="hotline",
        reporter="airflow",
        origin=f"{run.dag_id}/{run.run_id}",
    )
    number = open_fault(task_context(), new, actor=f"airflow:{run.run_id}")
    log.info("fault %s", number or "of this run was entered before")


def run_reports() -> list[Summary]:
    """Makes the reports whose period ends with the run's date; a manual run the kind that it asks for."""
    from airflow.sdk import get_current_context

    from hedui.operations.monthly import Remarks, editions_ending, make_report
    from hedui.statistics.periods import period_of

    airflow = get_current_context()
    given, context = airflow["params"], task_context()
    date = business_date(airflow, timezone=context.site.timezone)
    if not given.get("business_date") and airflow["dag_run"].data_interval_start is None:
        date = date.replace(day=1) - dt.timedelta(days=1)
    periods = [period_of(given["cycle"], date)] if given.get("cycle") else list(editions_ending(_last_day(date)))
    remarks = Remarks(problems=tuple(given.get("problems") or ()), plans=tuple(given.get("plans") or ()))
    made = [asdict(masked(make_report, context, period, remarks)) for period in periods]
    for item in made:
        log.info("%s: %s", item["title"], "；".join(item["lines"]))
    return made


def _last_day(date: dt.date) -> dt.date:
    """The last day of a date's month: a run of the schedule has a day of the month that it is about."""
    return (date.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)


def run_tell(made: list[Summary]) -> Summary:
    """Tells the site's recipients the KPI table of the reports."""
    from hedui.notify import Notice, send_notice

    context = task_context()
    notices = [Notice(title=f"【{context.site.title}】{item['title']}", lines=(*item["lines"], *item["files"])) for item in made]

    def tell() -> int:
        return sum(
            send_notice(notice, settings=context.site.notify, connection=context.connection, tries=NOTIFY_TRIES)
            for notice in notices
        )

    return {"sent": masked(tell)}
