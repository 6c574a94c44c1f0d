"""The life of batches as events: a pure function of the lake, as of now."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from hedui.batches.changes import counted_changes
from hedui.batches.exchange import decisions_of, nights, recorded_exchange
from hedui.batches.judge import Verdict
from hedui.batches.problems import late
from hedui.batches.restate import comparisons_of
from hedui.batches.settle import verdicts_of
from hedui.context import Context
from hedui.site.models import Source

EVENTS: Final[dict[str, str]] = {
    "expected": "应到",
    "missing": "未到",
    "arrived": "已到达",
    "late": "迟到",
    "verified": "已核验",
    "rejected": "已退回",
    "duplicate": "重复，已忽略",
    "outdated": "乱序，未采用",
    "resent": "重发",
    "replaced": "被重发替换",
    "cancelled": "已撤销",
    "loaded": "已装载",
    "zero_report": "零上报",
    "receipted": "已回执",
    "reconciled": "已对账",
    "confirmed": "已确认",
    "closed": "已关闭",
    "sent": "已发送",
    "answered": "收到回执",
}
"""Events with their Chinese names. A batch stands where its last event says, save those that are aside."""
ASIDE: Final = {"aside": True}
"""Marks what happened to packets that do not count, in the detail of their events, where another version of the batch does."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to a batch.

    Attributes:
        batch: Packet number or file name; of a whole day's delivery the business date.
        date: As of which business date.
        belongs: Business date that the batch belongs to.
        event: A key of :data:`EVENTS`.
        detail: What else is known; no personal data.
    """

    batch: str
    date: dt.date
    belongs: dt.date
    event: str
    dataset: str | None = None
    name: str | None = None
    rows: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)


def events_of(context: Context, source: Source) -> dict[str, list[Event]]:
    """All events of a source by batch, each batch's in order."""
    found: dict[str, list[Event]] = defaultdict(list)
    for event in _all(context, source):
        found[event.batch].append(event)
    return dict(sorted(found.items()))


def _all(context: Context, source: Source) -> Iterator[Event]:
    reconciled = _reconciled(context, source)
    yield from _days(context, source, reconciled)
    exchange = recorded_exchange(context.lake, source)
    verdicts = verdicts_of(context, source)
    changes = counted_changes(context, source)
    decisions = decisions_of(exchange.values())
    chains: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        chains[verdict.fact.key].append(verdict)
    receipted = source.batches.receipts is not None
    for key, chain in chains.items():
        belongs = chain[0].belongs
        live = [verdict for verdict in chain if verdict.state == "accepted"]
        life = [
            replace(event, detail=event.detail | ASIDE) if live and verdict.state != "accepted" else event
            for verdict in chain
            for event in _packet(verdict, changes.get(_place(verdict), {}), receipted, _lateness(context, source, verdict))
        ]
        if live and belongs in reconciled:
            night = max(reconciled[belongs], live[-1].fact.date)
            life.append(Event(batch=key, date=night, belongs=belongs, event="reconciled", dataset=live[-1].fact.dataset))
        names = {"confirm": "confirmed", "close": "closed", "cancel": "cancelled"}
        life += [
            Event(batch=key, date=decision.date, belongs=belongs, event=names[decision.kind], detail={"reason": decision.reason})
            for decision in decisions
            if decision.key == key
        ]
        yield from sorted(life, key=lambda event: event.date)  # stable: what happened on one date stays in its order
    for day in sorted(exchange):
        for sent in exchange[day].sent:
            yield Event(batch=sent.key, date=day, belongs=day, event="sent", name=sent.name)
        for receipt in exchange[day].receipts:
            detail = {"layer": receipt.layer, "ok": receipt.ok, "code": receipt.code}
            yield Event(batch=receipt.key, date=day, belongs=day, event="answered", name=receipt.name, detail=detail)


def _place(verdict: Verdict) -> tuple[dt.date, str]:
    return verdict.fact.date, f"{verdict.fact.dataset}/{verdict.fact.number}"


def _lateness(context: Context, source: Source, verdict: Verdict) -> dict[str, Any] | None:
    """When a late packet came and by when it was expected."""
    problem = late(verdict, source, context.site.timezone) if source.batches.late == "file_time" else None
    return {name: problem.evidence[name] for name in ("arrived", "expected_by")} if problem else None


def _packet(verdict: Verdict, changes: dict[str, int], receipted: bool, lateness: dict[str, Any] | None) -> Iterator[Event]:
    """What happened to one packet."""
    fact = verdict.fact
    problems = [{"rule": problem.rule, "reason": problem.reason, "value": problem.value} for problem in verdict.problems]
    common: dict[str, Any] = {"batch": fact.key, "date": fact.date, "belongs": verdict.belongs, "dataset": fact.dataset}
    common |= {"name": fact.name, "rows": fact.rows}
    receipt = Event(**common, event="receipted", detail={"ok": verdict.state not in ("rejected", "outdated")})
    yield Event(**common, event="arrived", detail={"sha256": fact.sha256, "size": fact.size})
    if lateness:
        yield Event(**common, event="late", detail=lateness)
    if verdict.state in ("rejected", "duplicate", "outdated", "cancelled"):  # where it stands is that, and not that it was answered
        if receipted:
            yield receipt
        yield Event(**common, event=verdict.state, detail={"problems": problems, **changes})
    else:
        yield Event(**common, event="verified", detail={"declared_rows": fact.declared_rows})
        if verdict.previous is not None:
            yield Event(**common, event="resent", detail={"problems": problems, **changes})
        yield Event(**common, event="loaded" if fact.rows else "zero_report")
        if receipted:
            yield receipt
    if verdict.state == "replaced":
        yield Event(**common, event="replaced")


def _days(context: Context, source: Source, reconciled: dict[dt.date, dt.date]) -> Iterator[Event]:
    """The delivery of a whole day, as one batch that the calendar expects."""
    for day in nights(context, source):
        key = day.isoformat()
        expected = source.expected.days == "daily" or context.workdays.is_workday(day)
        if expected:
            yield Event(batch=key, date=day, belongs=day, event="expected", detail={"by": source.expected.by})
        manifest = context.lake.manifest(context.findings(f"arrival:{source.id}", day))
        if manifest is None or not manifest.meta["arrived"]:
            if expected:
                yield Event(batch=key, date=day, belongs=day, event="missing")
            continue
        yield Event(batch=key, date=day, belongs=day, event="arrived")
        partitions = [context.lake.manifest(context.canonical(name, source.id, day)) for name in source.datasets]
        rows = [manifest.rows for manifest in partitions if manifest is not None]
        if rows:
            yield Event(batch=key, date=day, belongs=day, event="loaded", rows=sum(rows))
        if day in reconciled:
            yield Event(batch=key, date=reconciled[day], belongs=day, event="reconciled")


def _reconciled(context: Context, source: Source) -> dict[dt.date, dt.date]:
    """Dates whose rows all comparisons with the source have worked on as they are now."""
    used: list[set[dt.date]] = []
    for comparison in comparisons_of(context, source.id):
        used.append({day for day in context.lake.dates("findings", comparison) if _uses_current(context, source, comparison, day)})
    return {day: day for day in (set.intersection(*used) if used else set())}


def _uses_current(context: Context, source: Source, comparison: str, day: dt.date) -> bool:
    manifest = context.lake.manifest(context.findings(comparison, day))
    if manifest is None:
        return False
    for name in source.datasets:
        wanted = manifest.meta["inputs"].get(f"{name}/{source.id}")
        rows = context.lake.manifest(context.canonical(name, source.id, day))
        if wanted is not None and (rows is None or rows.digest != wanted):
            return False
    return True


def latest(events: Iterable[Sequence[Event]]) -> list[Event]:
    """The event of each batch that says where it stands."""
    return [[event for event in life if not event.detail.get("aside")][-1] for life in events]
