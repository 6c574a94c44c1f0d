"""The bodies of the statistics' tasks."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from hedui.errors import ConservationError, HeduiError, SiteError
from hedui_airflow.outline import site_of_this_airflow
from hedui_airflow.tasks import Summary, business_date, masked, task_context

log = logging.getLogger(__name__)
BACKFILL = "backfill"


def planned(airflow: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The reports that a run has to make, each with its period.

    A run of the schedule or of a backfill makes the periods that end with its business date; a manual run the kind of period that it
    asks for, the one that its date lies in.

    Raises:
        HeduiError: A parameter is not known.
    """
    from hedui.statistics.definitions import awaits, definition_of, definitions
    from hedui.statistics.periods import ending, period_of

    given = airflow["params"]
    date = business_date(airflow, timezone=site_of_this_airflow().timezone)
    wanted = list(given.get("reports") or definitions())
    periods = [period_of(given["cycle"], date)] if given.get("cycle") else list(ending(date))
    return [
        {"report": name, "cycle": period.cycle, "start": period.start.isoformat(), "label": f"{definition.title} {period.id}"}
        for period in periods
        for name in wanted
        if not awaits(definition := definition_of(name)) and (given.get("cycle") or period.cycle in definition.cycles)
    ]


def run_plan() -> list[dict[str, Any]]:
    """The plan of the current run, without what the lake has nothing of; nothing to do ends as skipped."""
    from airflow.sdk import get_current_context
    from airflow.sdk.exceptions import AirflowSkipException

    from hedui.site.statistics import FILE, load_statistics
    from hedui.statistics.definitions import definition_of
    from hedui.statistics.inputs import find_inputs
    from hedui.statistics.periods import period_of

    context = task_context()
    settings = load_statistics(context.site)
    if settings is None:
        raise AirflowSkipException(f"The site has no {FILE}: it makes no statistics.")
    made = []
    for item in planned(get_current_context()):
        period = period_of(item["cycle"], dt.date.fromisoformat(item["start"]))
        if find_inputs(context, settings, definition_of(item["report"]).reads, period).found:
            made.append(item)
        else:
            log.info("%s: the lake has nothing of the period.", item["label"])
    if not made:
        raise AirflowSkipException("The lake has nothing of the periods that this run would make.")
    return made


def run_report(report: str, cycle: str, start: str) -> list[Summary]:
    """Makes one report; a period of which the lake has nothing ends as skipped, with the reason in the log."""
    from airflow.sdk import get_current_context
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

    from hedui.statistics.errors import NothingThereError
    from hedui.statistics.make import make
    from hedui.statistics.periods import period_of

    given = get_current_context()["params"]
    try:
        restated = dt.date.fromisoformat(given["restated"]) if given.get("restated") else None
    except ValueError:
        raise AirflowFailException(f"restated is {given['restated']!r}; write it like 2026-06-30.") from None
    period = period_of(cycle, dt.date.fromisoformat(start))  # type: ignore[arg-type]
    context = task_context()

    def work() -> list[Summary]:
        return [asdict(item) for item in make(context, report, period, restated=restated, outside=bool(given.get("outside")))]

    try:
        made = masked(work)
    except NothingThereError as error:
        raise AirflowSkipException(str(error)) from error
    except (ConservationError, SiteError) as error:
        raise AirflowFailException(str(error)) from error
    for item in made:
        log.info("%s: %s", ", ".join(item["files"]), "；".join(item["lines"]))
    return made


def run_publish() -> Summary:
    """Writes the index page and removes what is over its time."""
    from airflow.sdk import get_current_context

    from hedui.statistics.folder import remove_expired, write_index

    context = task_context()
    actor = f"airflow:{get_current_context()['dag_run'].run_id}"
    gone = masked(lambda: remove_expired(context, today=dt.datetime.now(dt.UTC).date(), actor=actor))
    return {"index": str(masked(write_index, context)), "expired": [f"{period.cycle}/{period.id}" for period in gone]}


def run_distribute(made: Sequence[Sequence[Mapping[str, Any]]]) -> Summary:
    """Hands the files to the site's receivers.

    A backfill sends nothing, for nobody wants a year of old mails; a manual run does where it is asked to.
    """
    from airflow.sdk import get_current_context
    from airflow.sdk.exceptions import AirflowSkipException

    from hedui.statistics.distribute import distribute
    from hedui.statistics.make import Made

    airflow = get_current_context()
    run = airflow["dag_run"]
    kind = str(getattr(run.run_type, "value", run.run_type))
    if kind == BACKFILL or (kind == "manual" and not airflow["params"].get("distribute")):
        raise AirflowSkipException("Backfills, and manual runs that do not ask for it, send nothing.")
    items = [Made(**{**item, "files": tuple(item["files"]), "lines": tuple(item["lines"])}) for group in made for item in group]
    context = task_context()
    try:
        return {"given": masked(lambda: distribute(context, items, actor=f"airflow:{run.run_id}"))}
    except HeduiError:
        log.exception("Not everybody has got their files.")
        raise
