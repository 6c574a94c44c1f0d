"""The bodies of DAG tasks: find the business date, call the library's step, tell Airflow what came of it."""

from __future__ import annotations

import datetime as dt
import logging
import traceback
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from hedui.errors import ConservationError, HeduiError, SiteError, SourceFormatError
from hedui_airflow.outline import site_of_this_airflow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hedui.context import Context
    from hedui.site import Site
    from hedui.steps import StepSummary

log = logging.getLogger(__name__)
T = TypeVar("T")
Summary = dict[str, Any]
"""A :class:`hedui.steps.StepSummary` as XCom carries it: small figures, names and paths, no rows and no personal data."""

RETRYING_IS_USELESS = (ConservationError, SiteError, SourceFormatError)
NOTIFY_TRIES = 4
"""How often a message is offered to each channel; the task itself is not retried, or channels that took it would hear it again."""
NIGHT_STARTS = dt.timedelta(hours=2, minutes=30)


def business_date(airflow: Mapping[str, Any], *, timezone: str) -> dt.date:
    """The business date of a run: the parameter of a manual run, else the day on which the data interval starts.

    A run of the schedule or of a backfill has its logical date there; a manual run without a date takes the last finished day.

    Raises:
        HeduiError: The parameter is not a date.
    """
    given = _day_parameter(airflow, "business_date")
    if given:
        return given
    run = airflow["dag_run"]
    start = run.data_interval_start or run.run_after - NIGHT_STARTS - dt.timedelta(days=1)
    local: dt.datetime = start.astimezone(ZoneInfo(timezone))
    return local.date()


def _day_parameter(airflow: Mapping[str, Any], name: str) -> dt.date | None:
    given = airflow["params"].get(name)
    try:
        return dt.date.fromisoformat(given) if given else None
    except ValueError:
        raise HeduiError(f"{name} is {given!r}; write it like 2026-06-03.") from None


def airflow_connection(name: str) -> str:
    """The URL of an Airflow connection, for :class:`hedui.context.Context`.

    Raises:
        HeduiError: Airflow has no such connection.
    """
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    from hedui_airflow.connections import connection_url

    try:
        return connection_url(Connection.get(name))
    except AirflowNotFoundException:
        raise HeduiError(
            f"Airflow has no connection {name}; add it under Admin, Connections, or as AIRFLOW_CONN_{name.upper()}."
        ) from None


def task_context() -> Context:
    """The step's surroundings inside a task: Airflow's connections, progress into the task's log, personal data masked in it."""
    from hedui.context import context_from_environment
    from hedui.security.masking import install_log_filter

    install_log_filter()
    logging.getLogger("great_expectations").setLevel(logging.WARNING)  # it has hundreds of lines to say about its own inside
    return context_from_environment(connection=airflow_connection, progress=_log_progress, site=site_of_this_airflow())


def run_step(step: str, subject: str | None = None, **options: Any) -> Summary:
    """Runs one step for the business date of the current Airflow run.

    A source that did not deliver and a comparison that lacks a side end as skipped, with the reason in the log; what a retry cannot
    mend fails at once.

    Args:
        step: Name of a function in :mod:`hedui.steps`.
        subject: Source or comparison id for steps that take one.
        options: Further arguments of the step.
    """
    from airflow.sdk import get_current_context
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

    from hedui import steps

    context = task_context()
    date = business_date(get_current_context(), timezone=context.site.timezone)
    label = f"{step} {subject}" if subject else step
    log.info("%s, business date %s", label, date)
    try:
        body = partial(getattr(steps, step), **options)
        summary: StepSummary = masked(body, context, *([subject] if subject else []), date)
    except RETRYING_IS_USELESS as error:
        raise AirflowFailException(str(error)) from error
    figures = "，".join(f"{name}={value:,}" for name, value in summary.counts.items())
    log.info("%s: %s", label, "，".join(filter(None, [summary.state, summary.reason, figures])))
    if summary.state != "done":
        raise AirflowSkipException(summary.reason or summary.state)
    return {**asdict(summary), "business_date": summary.business_date.isoformat()}


def run_report() -> Summary:
    """Makes the night's workbook, and beside it the restated one where the run's parameter ``regions`` names a later region table."""
    from airflow.sdk import get_current_context

    made = run_step("report")
    table = _day_parameter(get_current_context(), "regions")
    if table is None:
        return made
    restated = run_step("report", restated=table)["paths"]
    return {**made, "paths": made["paths"] | {f"restated_{name}": path for name, path in restated.items()}}


def run_notify() -> Summary:
    """Tells the site's recipients how the night went, whatever became of the tasks before it."""
    from airflow.sdk import get_current_context

    from hedui.notify import night_notice, send_notice

    airflow = get_current_context()
    context = task_context()
    date = business_date(airflow, timezone=context.site.timezone)
    instance = airflow["ti"]

    def pulled(task: str) -> list[Summary]:
        values = instance.xcom_pull(task_ids=task)
        return [value for value in (values if isinstance(values, list) else [values]) if value]

    states = instance.get_task_states(dag_id=instance.dag_id, run_ids=[instance.run_id])
    failed = failed_tasks(context.site, states.get(instance.run_id, {}))
    notice = night_notice(
        context.site,
        date,
        extracted=[summary["subject"] for summary in pulled("extract")],
        compared=[summary["subject"] for summary in pulled("compare")],
        record=next((summary["counts"] for summary in pulled("record")), None),
        report=next((summary["paths"] for summary in pulled("report")), None),
        failed=failed,
    )
    for line in notice.lines:
        log.info("%s", line)
    sent = send_notice(notice, settings=context.site.notify, connection=context.connection, tries=NOTIFY_TRIES)
    return {"step": "notify", "subject": "", "business_date": date.isoformat(), "counts": {"sent": sent}}


class MaskedError(HeduiError):
    """Stands for an error whose text held what looks like personal data; its place in the code is in the text."""


def masked(function: Callable[..., T], *arguments: Any) -> T:
    """Calls a function; an exception whose text, or a cause's, holds what looks like an id or a mobile number is replaced.

    Airflow writes a failed task's exception to its log by itself, past the filters of :mod:`logging`.

    Raises:
        MaskedError: In place of such an exception, with the masked traceback as its text.
    """
    from hedui.security.logs import scrub

    try:
        return function(*arguments)
    except Exception as error:
        text = "".join(traceback.format_exception(error))
        if scrub(text) == text:
            raise
    raise MaskedError(scrub(text))  # outside of the except clause, so that the original is not its context


def failed_tasks(site: Site, states: Mapping[str, Any]) -> list[str]:
    """Failed tasks of a run by the names that people know; ``states`` has mapped tasks as ``extract_3``."""
    sources = [source.name for source in site.sources]
    subjects = {
        "extract": ("读取来源", sources),
        "checks": ("规则检查", sources),
        "compare": ("比对", [comparison.name for comparison in site.comparisons]),
        "link": ("疑似同一人", [comparison.name for comparison in site.linked]),
    }
    single = {"restate": "重算更正日期", "cross_rules": "跨表规则", "record": "入台账", "report": "出报表"}
    failed = []
    for name, state in states.items():
        if state not in ("failed", "upstream_failed"):
            continue
        task, _, index = name.rpartition("_")
        if task in subjects and index.isdecimal():
            label, names = subjects[task]
            failed.append(f"{label}［{names[int(index)]}］")
        elif name in single:
            failed.append(single[name])
    return failed


def _log_progress(label: str, done: int, total: int | None) -> None:
    log.info("%s: %s%s", label, f"{done:,}", f" / {total:,}" if total else "")
