"""The steps of the upload as plain functions: a DAG's task, the command and a test call the same ones.

Each takes the context and the site's folder, does one thing whole, and returns a small summary without personal data. Every step may be
run again at any time.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from hedui.context import Context
from hedui.padis import closing, dispatch, inbound, intake, outgoing, ready
from hedui.padis.build import canonical_rows, drafts
from hedui.padis.fields import Kind, kinds
from hedui.padis.office import Office, open_office
from hedui.steps import StepSummary

LONGEST: Final = dt.timedelta(minutes=20)
"""After so long no further turn of the upload begins."""
STANDING: Final = ("open", "parked")
"""Counts that say how things stand, not what was done."""


def collect(context: Context, folder: Path, kind: Kind, *, source: str, date: dt.date, dataset: str = "") -> StepSummary:
    """Takes the canonical records of a source as of ``date`` into the ledger.

    Args:
        context: The step's surroundings.
        folder: The site's folder.
        kind: What the records are.
        source: The source that delivered them.
        date: Business date.
        dataset: Canonical dataset; the kind's own where it is left out.
    """
    rows = canonical_rows(context, dataset=dataset or kinds()[kind].dataset, source=source, date=date)
    return collect_rows(open_office(context, folder), kind, rows, date=date, source=source)


def collect_rows(office: Office, kind: Kind, rows: Iterable[Mapping[str, Any]], *, date: dt.date, source: str = "") -> StepSummary:
    """Takes canonical rows into the ledger."""
    taken = intake.collect(office, kind, drafts(kind, rows), date=date, source=source)
    return StepSummary(step="padis_collect", subject=kind, business_date=date, counts=asdict(taken))


def collect_all(context: Context, folder: Path, kind: Kind, *, date: dt.date) -> StepSummary:
    """Takes the records of every source that reports a kind and has delivered for ``date``; skipped where none has."""
    office, spec = open_office(context, folder), kinds()[kind]
    senders = office.sources(kind)
    arrived = [source for source in senders if context.lake.manifest(context.canonical(spec.dataset, source, date)) is not None]
    if kind not in office.profile.records or not arrived:
        reason = f"没有来源提供{spec.label}记录" if not senders else f"{date} 没有{spec.label}数据"
        return StepSummary(step="padis_collect", subject=kind, business_date=date, state="skipped", reason=reason)
    counts = Counter[str]()
    for source in arrived:
        rows = canonical_rows(context, dataset=spec.dataset, source=source, date=date)
        counts.update(collect_rows(office, kind, rows, date=date, source=source).counts)
    return StepSummary(step="padis_collect", subject=kind, business_date=date, counts=dict(counts))


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


def prepare(context: Context, folder: Path, kind: Kind, *, date: dt.date, period: str = "") -> StepSummary:
    """Judges and packs what waits, and packs the zero reports of months that are due and have nothing.

    The day of the report is today, as the receiver will see it; which months are due goes by the business date.

    Args:
        context: The step's surroundings.
        folder: The site's folder.
        kind: Which records.
        date: Business date.
        period: Only this month's (``YYYYMM``), and no zero report; empty: all.
    """
    office = open_office(context, folder)
    if kind not in office.profile.records:
        reason = f"配置 {office.profile.id} 不含{kinds()[kind].label}"
        return StepSummary(step="padis_prepare", subject=kind, business_date=date, state="skipped", reason=reason)
    report = max(office.today(), run_day(date))
    judged = ready.validate(office, kind, report=report)
    made = outgoing.pack_records(office, kind, period=period, report=report)
    zero = closing.report_zero(office, kind, day=run_day(date)) if not period else ()
    counts = {**asdict(judged), "batches": len(made), "zero_reports": len(zero)}
    return StepSummary(step="padis_prepare", subject=kind, business_date=date, counts=counts)


def close(context: Context, folder: Path, *, date: dt.date, operator: str = "hedui") -> StepSummary:
    """Closes the months that are due; ``reason`` names those that stay open."""
    office = open_office(context, folder, operator=operator)
    found = {kind: closing.close_due(office, kind, day=run_day(date)) for kind in office.profile.records}
    kept = [f"{kinds()[kind].label} {period}" for kind, one in found.items() for period, _ in one.kept]
    counts = {"closed": sum(len(one.closed) for one in found.values()), "kept_open": len(kept)}
    reason = f"未能月结：{'、'.join(kept)}" if kept else ""
    return StepSummary(step="padis_close", subject=office.profile.id, business_date=date, counts=counts, reason=reason)


def run_day(date: dt.date) -> dt.date:
    """The day on which a business date's run is made: the next one, when it is over."""
    return date + dt.timedelta(days=1)


def upload(context: Context, folder: Path, *, date: dt.date, operator: str = "hedui") -> StepSummary:
    """Does what may be done now: sends, asks, takes receipts. ``counts['open']`` says how many batches are still on their way.

    While files were on their way others have become due: turns follow one another until nothing is due, at most :data:`LONGEST`. Called
    again and again with pauses between; it never waits itself, so that no worker is held.
    """
    office = open_office(context, folder, operator=operator)
    begun, told = office.clock(), Counter[str]()
    while True:
        made = turn(office, date=date)
        told.update({name: value for name, value in made.counts.items() if name not in STANDING})
        acted = made.counts.get("send", 0) + made.counts.get("ask", 0)
        if not acted or not dispatch.due(office) or office.clock() - begun > LONGEST:
            return replace(made, counts={**told, **{name: made.counts[name] for name in STANDING}})


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
    """Writes what is wrong with the upload as findings of ``date``, which the step ``record`` makes cases of."""
    from hedui.padis.findings import write_findings, write_table_findings

    office = open_office(context, folder)
    counts: dict[str, int] = {kind: write_findings(office, kind, date=date) for kind in office.profile.records}
    counts["tables"] = write_table_findings(office, date=date)
    return StepSummary(step="padis_findings", subject=office.profile.id, business_date=date, counts=counts)


def settle(context: Context, folder: Path, *, date: dt.date) -> StepSummary:
    """Makes cases of records that wait for a correction, and clears those whose correction has been acknowledged."""
    from hedui.cases.record import record_findings

    waiting = findings(context, folder, date=date)
    recorded = record_findings(context, date).counts
    cases = {name: recorded[name] for name in ("new", "cleared", "reopened", "open_total")}
    return StepSummary(step="padis_settle", subject=waiting.subject, business_date=date, counts={**waiting.counts, **cases})


def monthly_tables(context: Context, folder: Path, *, period: str, date: dt.date, operator: str = "hedui") -> StepSummary:
    """Makes the month's table of every monitored place with its workbook; ``counts['refused']`` says how many are not issued."""
    from hedui.padis.monthly import make_table
    from hedui.padis.monthly_book import write_table

    office = open_office(context, folder, operator=operator)
    tables = [make_table(office, region=region, period=period, date=date) for region in office.settings.monitored]
    paths = {table.region: str(write_table(office, table, context.reports / "padis" / period)) for table in tables}
    counts = {
        "tables": len(tables),
        "refused": sum(table.state == "refused" for table in tables),
        "details": sum(table.details for table in tables),
        "acknowledged": sum(table.acknowledged for table in tables),
        "cells_that_differ": sum(len(table.differences) for table in tables),
    }
    if not tables:
        reason = "站点没有设监测点（padis.yaml 的 monitored）"
        return StepSummary(step="padis_table", subject=period, business_date=date, state="skipped", reason=reason)
    return StepSummary(step="padis_table", subject=period, business_date=date, counts=counts, paths=paths)


def month_report(context: Context, folder: Path, *, period: str, date: dt.date) -> StepSummary:
    """Makes the workbook of a month's upload."""
    from hedui.padis.month_report import write_month_report

    office = open_office(context, folder)
    path = write_month_report(office, period, context.reports / "padis" / period)
    return StepSummary(step="padis_report", subject=period, business_date=date, paths={"workbook": str(path)})
