"""The steps of the upload as plain functions: a DAG's task, the command and a test call the same ones.

Each takes the context and the site's folder, does one thing whole, and returns a small summary without personal data. Every step may be
run again at any time.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hedui.context import Context
from hedui.padis import dispatch, inbound, intake, outgoing, ready
from hedui.padis.build import canonical_rows, drafts
from hedui.padis.fields import Kind
from hedui.padis.office import Office, open_office
from hedui.steps import StepSummary


def collect(context: Context, folder: Path, kind: Kind, *, source: str, date: dt.date, dataset: str = "") -> StepSummary:
    """Takes the canonical records of a source as of ``date`` into the ledger.

    Args:
        context: The step's surroundings.
        folder: The site's folder.
        kind: What the records are.
        source: The source that delivered them.
        date: Business date.
        dataset: Canonical dataset; the kind's name where it is left out.
    """
    rows = canonical_rows(context, dataset=dataset or kind, source=source, date=date)
    return collect_rows(open_office(context, folder), kind, rows, date=date)


def collect_rows(office: Office, kind: Kind, rows: Iterable[Mapping[str, Any]], *, date: dt.date) -> StepSummary:
    """Takes canonical rows into the ledger."""
    taken = intake.collect(office, kind, drafts(kind, rows), date=date)
    return StepSummary(step="padis_collect", subject=kind, business_date=date, counts=asdict(taken))


def check(context: Context, folder: Path, kind: Kind, *, date: dt.date) -> StepSummary:
    """Judges the records that wait."""
    judged = ready.validate(open_office(context, folder), kind, report=date)
    return StepSummary(step="padis_check", subject=kind, business_date=date, counts=asdict(judged))


def package(context: Context, folder: Path, kind: Kind, *, date: dt.date, period: str = "") -> StepSummary:
    """Packs what is in order, and the zero report of a named period that has nothing."""
    office = open_office(context, folder)
    made = outgoing.pack_records(office, kind, period=period, report=date)
    zero = outgoing.pack_zero(office, kind, period=period, report=date) if period else None
    return StepSummary(
        step="padis_package", subject=kind, business_date=date, counts={"batches": len(made), "zero_reports": int(zero is not None)}
    )


def upload(context: Context, folder: Path, *, date: dt.date, operator: str = "hedui") -> StepSummary:
    """Does what may be done now: sends, asks, takes receipts. ``counts['open']`` says how many batches are still on their way.

    Called again and again with pauses between; it never waits itself, so that no worker is held.
    """
    office = open_office(context, folder, operator=operator)
    return turn(office, date=date)


def turn(office: Office, *, date: dt.date) -> StepSummary:
    """One turn of :func:`upload`."""
    from hedui.padis.batches import open_batches
    from hedui.padis.errors import DeliveryError
    from hedui.padis.model import OPEN_BATCH, BatchState

    done = Counter[str]()
    for batch, work in dispatch.due(office):
        outcome = dispatch.send(office, batch) if work == "send" else dispatch.ask(office, batch)
        done[work if outcome.done else "left"] += 1
    try:
        done.update({f"receipts_{name}": value for name, value in asdict(inbound.fetch(office)).items() if value})
    except DeliveryError:
        done["receipts_unreachable"] += 1
    under_way = open_batches(office, *OPEN_BATCH)
    parked = sum(batch.state == BatchState.PARKED for batch in under_way)
    counts = {**done, "open": len(under_way) - parked, "parked": parked}
    return StepSummary(step="padis_upload", subject=office.profile.id, business_date=date, counts=counts)


def findings(context: Context, folder: Path, *, date: dt.date) -> StepSummary:
    """Writes refused records as findings of ``date``, which the step ``record`` makes cases of."""
    from hedui.padis.findings import write_findings

    office = open_office(context, folder)
    counts: dict[str, int] = {kind: write_findings(office, kind, date=date) for kind in office.profile.records}
    return StepSummary(step="padis_findings", subject=office.profile.id, business_date=date, counts=counts)
