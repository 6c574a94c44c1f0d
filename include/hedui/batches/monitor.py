"""Watches what should be there and is not: deliveries past their time, rows that wait in intermediate databases.

Each thing that is amiss is told once, and once more when it is over (:mod:`hedui.alerts`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from hedui.alerts import Send, Watch, tell
from hedui.batches.problems import cut_off
from hedui.batches.staging import waiting
from hedui.context import Context
from hedui.errors import SourceError, SourceFormatError, SourceMissingError
from hedui.site.models import Source
from hedui.sources.registry import open_reader

LOOK_BACK = 3
"""Days whose deliveries are still watched."""


@dataclass(frozen=True, kw_only=True)
class Amiss:
    """Something that is not as it should be now.

    Attributes:
        subject: What tells it from others, over runs.
        message: In Chinese, without personal data.
    """

    subject: str
    message: str


def look(context: Context, now: dt.datetime) -> Iterator[Amiss]:
    """Everything that is amiss now, source by source."""
    today = now.astimezone(ZoneInfo(context.site.timezone)).date()
    for source in context.site.sources:
        for back in range(1, LOOK_BACK + 1):
            date = today - dt.timedelta(days=back)
            if _is_due(context, source, date, now):
                yield from _delivery(context, source, date)
        if any(spec.staging for spec in source.datasets.values()):
            yield from _backlog(context, source, today)


def _is_due(context: Context, source: Source, date: dt.date, now: dt.datetime) -> bool:
    if source.expected.days == "working" and not context.workdays.is_workday(date):
        return False
    manifest = context.lake.manifest(context.findings(f"arrival:{source.id}", date))
    read = manifest is not None and manifest.meta["arrived"]
    return not read and now > cut_off(source, date, context.site.timezone)


def _delivery(context: Context, source: Source, date: dt.date) -> Iterator[Amiss]:
    """Whether the delivery of a date is there, seen from its first rows."""
    subject, label = f"missing:{source.id}:{date.isoformat()}", f"{source.name} {date.isoformat()}"
    try:
        with open_reader(context, source).open(date) as snapshot:
            if source.reader.type != "sql":
                return
            if any(next(iter(snapshot.read(name))).records.num_rows for name in source.datasets):
                return
        yield Amiss(subject=subject, message=f"{label}：应于次日 {source.expected.by} 前到达，至今未到")
    except SourceMissingError:
        yield Amiss(subject=subject, message=f"{label}：应于次日 {source.expected.by} 前到达，至今未到")
    except SourceFormatError:
        return  # it is there; what is wrong with it the night will say
    except SourceError:
        yield Amiss(subject=f"unreachable:{source.id}", message=f"{source.name}：无法连接或读取")


def _backlog(context: Context, source: Source, today: dt.date) -> Iterator[Amiss]:
    try:
        backlog = waiting(context, source, today)
    except SourceError:
        yield Amiss(subject=f"unreachable:{source.id}", message=f"{source.name}：无法连接或读取")
        return
    for dataset, days in sorted(backlog.items()):
        if days:
            oldest = min(days)
            text = f"{sum(days.values()):,} 条超时未处理，最早 {oldest.isoformat()}（已 {(today - oldest).days} 天）"
            yield Amiss(subject=f"backlog:{source.id}:{dataset}", message=f"{source.name} {dataset}：{text}")


def watch(context: Context, now: dt.datetime, *, send: Send | None = None) -> Watch:
    """One run: notes what is amiss and what is over, and tells what has not been told.

    Args:
        context: The step's surroundings.
        now: The time, with its zone.
        send: Sends a message; by default to the site's recipients.

    Raises:
        LedgerError: The ledger cannot be reached. NotifyError: a message did not go out; the next run sends it again.
    """
    return tell(context, "feed", {item.subject: item.message for item in look(context, now)}, now, send=send)
