"""The bodies of the region migration's tasks, and its approval by a person in Airflow's own pages."""

from __future__ import annotations

import datetime as dt
import logging
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from hedui.errors import HeduiError, SiteError
from hedui_airflow.outline import site_of_this_airflow
from hedui_airflow.tasks import Summary, masked, task_context

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hedui.regions.migrate.run import Migration

log = logging.getLogger(__name__)
APPROVE, REJECT = "批准", "驳回"
ALL_STOPS = "全部"


def site_folder() -> Path:
    """The site's folder."""
    return Path(os.environ["HEDUI_SITE"])


def approvers() -> list[dict[str, str]]:
    """Who may approve by the site's settings; empty: anyone with the right in Airflow."""
    from hedui.site.regions import load_regions

    settings = load_regions(site_folder())
    return [{"id": name, "name": name} for name in (settings.approvers if settings else ())]


def span(airflow: Mapping[str, Any]) -> tuple[dt.date, dt.date]:
    """The two tables of a run: its parameters, else the half-year that has just ended.

    Raises:
        HeduiError: A parameter is not a date, or only one is given.
    """
    from hedui.regions.site import half_years

    given = (airflow["params"].get("from_date"), airflow["params"].get("to_date"))
    if any(given):
        try:
            start, end = (dt.date.fromisoformat(text or "") for text in given)
        except ValueError:
            raise HeduiError(f"from_date and to_date are {given[0]!r} and {given[1]!r}; give both, like 2016-06-30.") from None
        return start, end
    run = airflow["dag_run"]
    # A run of the timetable is due when its interval ends: the half-year before is over then, also in a backfill of old ones.
    moment = run.data_interval_end or run.run_after
    local = moment.astimezone(ZoneInfo(site_of_this_airflow().timezone)).date()
    return half_years(site_folder(), due=local)


def _migration() -> Migration:
    from airflow.sdk import get_current_context

    from hedui.regions.site import site_migration

    airflow = get_current_context()
    start, end = span(airflow)
    context = task_context()
    actor = f"airflow:{airflow['dag_run'].run_id}"
    return site_migration(context, site_folder(), start=start, end=end, actor=actor)


def run_region_step(step: str) -> Summary:
    """Runs a step of the migration of the current Airflow run; a site without regions.yaml ends as skipped.

    What only a person can mend fails at once; a closed time window and a lost connection are tried again.
    """
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

    from hedui.regions.errors import ConcurrentWriterError, RegionFileError, StopError
    from hedui.security.signing import SigningKeyError
    from hedui.site.regions import load_regions

    if load_regions(site_folder()) is None:
        raise AirflowSkipException("The site has no regions.yaml: nothing follows region codes.")
    try:
        migration = _migration()
        figures: Summary = masked(getattr(migration, step))
    except (StopError, ConcurrentWriterError, RegionFileError, SigningKeyError, SiteError) as error:
        raise AirflowFailException(str(error)) from error
    log.info("%s: %s", step, figures)
    return figures


def ask() -> Summary:
    """The page for the approver: the approval task shows it, and its digest says what was read."""
    from hedui.regions.migrate.page import digest_of

    migration = _migration()
    page: str = masked(migration.page)
    return {"page": page, "digest": digest_of(page), "stops": [stop.id for stop in migration.plan.open_stops]}


def take_decision(asked: Summary, decision: Mapping[str, Any]) -> Summary:
    """Copies the decision from Airflow to the ledger and its audit chain; a refusal ends the run's later tasks as skipped."""
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

    from hedui.regions.errors import RegionError

    by = decision.get("responded_by_user") or {}
    name = str(by.get("name") or by.get("id") or "")
    given = decision.get("params_input") or {}
    note = str(given.get("note") or "").strip()
    migration = _migration()
    if decision.get("chosen_options") != [APPROVE]:
        migration.reject(by=name or "airflow", note=note)
        raise AirflowSkipException(f"Rejected by {name or 'nobody in time'}: {note or 'no reason given'}")
    named = str(given.get("stops") or "").replace("，", ";").replace("；", ";").replace("\n", ";")
    accept = (
        tuple(asked["stops"]) if named.strip() == ALL_STOPS else tuple(item.strip() for item in named.split(";") if item.strip())
    )
    try:
        migration.approve(by=name, note=note or APPROVE, page_digest=asked["digest"], accept=accept)
    except RegionError as error:
        raise AirflowFailException(str(error)) from error
    return {"approved_by": name, "accepted": list(accept)}


def run_report() -> Summary:
    """Writes the verification report, whatever became of the tasks before it."""
    from hedui.regions.migrate.report import write_report

    migration = _migration()
    folder = task_context().reports / "regions"
    write = partial(write_report, actor=migration.around.actor, organisation=site_of_this_airflow().name)
    made = masked(write, migration.plan, migration.book, folder)
    return {"path": str(made.path), "digest": made.digest}
