"""The bodies of the tasks that report to PADIS. XCom carries figures, never a value of a row."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from hedui.errors import HeduiError, SiteError
from hedui_airflow.exchange_runs import surroundings
from hedui_airflow.regions import site_folder
from hedui_airflow.tasks import Summary, business_date, masked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hedui.steps import StepSummary

log = logging.getLogger(__name__)
PATIENCE: Final = dt.timedelta(hours=20)
"""How long a run waits for receipts; what is under way then is the next run's matter, which asks for all open files."""


def _told(summary: StepSummary) -> Summary:
    from airflow.sdk.exceptions import AirflowSkipException

    figures = "，".join(f"{name}={value:,}" for name, value in summary.counts.items())
    log.info("%s %s: %s", summary.step, summary.subject, "，".join(filter(None, [summary.state, summary.reason, figures])))
    if summary.state != "done":
        raise AirflowSkipException(summary.reason or summary.state)
    return {**asdict(summary), "business_date": summary.business_date.isoformat()}


def _run(step: Callable[..., StepSummary]) -> Summary:
    """Runs a step; what only a person can mend fails at once, a site without ``padis.yaml`` ends as skipped."""
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

    from hedui.padis.errors import PackageError
    from hedui.site.padis import FILE

    if not (site_folder() / FILE).exists():
        raise AirflowSkipException(f"The site has no {FILE}: it reports nothing.")
    try:
        return _told(masked(step))
    except (SiteError, PackageError) as error:
        raise AirflowFailException(str(error)) from error


def period_of_run(airflow: Mapping[str, Any]) -> str:
    """The month that a run is asked for, or an empty text.

    Raises:
        HeduiError: It is no month.
    """
    given = str(airflow["params"].get("period") or "").strip()
    if given and not (len(given) == 6 and given.isdecimal() and 1 <= int(given[4:]) <= 12):
        raise HeduiError(f"period is {given!r}; write it like 202605.")
    return given


def run_collect(kind: str) -> Summary:
    """Takes the canonical records of a kind into the ledger; skipped where nothing was delivered."""
    from hedui.padis.steps import collect_all

    here = surroundings()
    return _run(partial(collect_all, here.context, here.folder, kind, date=here.date))  # type: ignore[arg-type]


def run_prepare(kind: str) -> Summary:
    """Judges what waits and packs it."""
    from hedui.padis.steps import prepare

    here = surroundings()
    return _run(partial(prepare, here.context, here.folder, kind, date=here.date, period=period_of_run(here.airflow)))  # type: ignore[arg-type]


def look_and_send() -> Summary | None:
    """One turn of sending, asking and taking receipts; the figures once nothing is under way or the run's patience is over."""
    from hedui.padis.steps import upload

    here = surroundings()
    summary = _run(partial(upload, here.context, here.folder, date=here.date, operator=here.operator))
    begun = here.airflow["dag_run"].start_date
    over = begun is not None and dt.datetime.now(dt.UTC) - begun > PATIENCE
    return summary if not summary["counts"]["open"] or over else None


def run_settle() -> Summary:
    """Records that wait for a correction become cases."""
    from hedui.padis.steps import settle

    here = surroundings()
    return _run(partial(settle, here.context, here.folder, date=here.date))


def run_close() -> Summary:
    """Closes the months that are due."""
    from hedui.padis.steps import close

    here = surroundings()
    return _run(partial(close, here.context, here.folder, date=here.date, operator=here.operator))


def refuse_parked(summaries: Any) -> None:
    """Fails where files wait for a person's decision, so that the run is seen.

    Raises:
        AirflowFailException: Some are parked.
    """
    from airflow.sdk.exceptions import AirflowFailException

    parked = (summaries or {}).get("counts", {}).get("parked", 0)
    if parked:
        raise AirflowFailException(
            f"{parked} files are parked and wait for a person: `hedui padis batches`, `hedui padis release`."
        )


def month_of_run(airflow: Mapping[str, Any], *, timezone: str) -> str:
    """The month that a run of the monthly table is about: its parameter, else the month in which its data interval begins."""
    return period_of_run(airflow) or f"{business_date(airflow, timezone=timezone):%Y%m}"


def run_table() -> Summary:
    """Makes the monthly tables; fails where details and acknowledged upload differ, with how much.

    Raises:
        AirflowFailException: A table was refused; its workbook lists the cells.
    """
    from airflow.sdk.exceptions import AirflowFailException

    from hedui.padis.steps import monthly_tables

    here = surroundings()
    zone = here.context.site.timezone
    period = month_of_run(here.airflow, timezone=zone)
    today = dt.datetime.now(ZoneInfo(zone)).date()
    summary = _run(partial(monthly_tables, here.context, here.folder, period=period, date=today, operator=here.operator))
    counts = summary["counts"]
    if counts["refused"]:
        raise AirflowFailException(
            f"{counts['refused']} of {counts['tables']} tables of {period} are refused: {counts['details']} births by the details, "
            f"{counts['acknowledged']} acknowledged, {counts['cells_that_differ']} cells differ; "
            f"see {', '.join(summary['paths'].values())}."
        )
    return summary


def run_report() -> Summary:
    """Makes the workbook of the month's upload."""
    from hedui.padis.steps import month_report

    here = surroundings()
    period = month_of_run(here.airflow, timezone=here.context.site.timezone)
    return _run(partial(month_report, here.context, here.folder, period=period, date=here.date))
