"""One run of the channel monitor: measures, keeps a sample, compares with what is usual at the hour, tells once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select

from hedui.alerts import Send, Watch, tell
from hedui.channels.errors import ChannelError
from hedui.channels.learn import Sample, highest_allowed, lowest_allowed, same_hour, usual
from hedui.channels.measure import STAGES, Reading, read_channel
from hedui.channels.settings import FILE, Channel, ChannelSettings, Floors, load_channels
from hedui.context import Context
from hedui.ledger.database import begin
from hedui.ledger.operations_models import ChannelSample
from hedui.reports.cells import yuan

KEPT: Final = dt.timedelta(days=400)
"""How long samples are kept: a year, so that the yearly report has them."""
UPPER: Final[dict[str, tuple[str, str]]] = {
    "silent_minutes": ("silent_minutes", "已 {value:,.0f} 分钟没有新的缴费数据"),
    "refused_percent": ("refused_percent", "申报被拒 {value:.1f}%"),
    "treasury_p95": ("treasury_days", "缴费至入库 95% 分位 {value:.0f} 天"),
    "treasury_oldest": ("treasury_days", "最久一笔缴费已 {value:.0f} 天未入库"),
    "fund_p95": ("fund_days", "缴费至社保到账 95% 分位 {value:.0f} 天"),
    "fund_oldest": ("fund_days", "最久一笔缴费已 {value:.0f} 天社保未登记到账"),
}
"""Measures that may be too high: the field of their floor, and what is told."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A channel at the moment: what it shows, its measures, what is amiss by measure."""

    channel: Channel
    reading: Reading
    measures: dict[str, float | None]
    amiss: dict[str, str]


def settings_of(context: Context) -> ChannelSettings:
    """The site's channels.yaml.

    Raises:
        ChannelError: The site has none.
    """
    settings = load_channels(context.site)
    if settings is None:
        raise ChannelError(f"The site has no {FILE}; write one to have its bank channels watched, see docs/inspection.md.")
    return settings


def look(context: Context, now: dt.datetime) -> Iterator[Seen]:
    """Every channel as it is now; nothing is written."""
    settings, zone = settings_of(context), ZoneInfo(context.site.timezone)
    today = now.astimezone(zone).date()
    for channel in settings.channels:
        reading = read_channel(context, channel, today=today, look_back=settings.look_back)
        past = _samples(context, channel.id, before=now)
        found = measures(reading, silent_minutes(reading, past, now))
        weeks = same_hour(past, now=now, weeks=settings.weeks, zone=zone, is_workday=context.workdays.is_workday)
        usually = {name: usual(weeks, name) for name in found}
        yield Seen(channel=channel, reading=reading, measures=found, amiss=judge(found, usually, settings.floors_of(channel)))


def measures(reading: Reading, silent: float) -> dict[str, float | None]:
    """The measures of a reading by name, as samples keep them."""
    found: dict[str, float | None] = {
        **_newest(reading),
        "refused": reading.refused,
        "total_rows": reading.total_rows,
        "refused_percent": reading.refused_percent,
        "silent_minutes": silent,
    }
    for stage, delay in reading.delays.items():
        found |= {
            f"{stage}_median": delay.median,
            f"{stage}_p95": delay.p95,
            f"{stage}_oldest": delay.oldest,
            f"{stage}_waiting": delay.waiting,
        }
    return found


def silent_minutes(reading: Reading, past: list[Sample], now: dt.datetime) -> float:
    """Minutes since the newest day or its figures last changed, by the samples; 0 where they have since the last one, or there is none."""
    newest = _newest(reading)
    since = now
    for sample in reversed(past):
        if any(sample.measures.get(name) != value for name, value in newest.items()):
            break
        since = sample.at
    return (now - since).total_seconds() / 60


def _newest(reading: Reading) -> dict[str, float | None]:
    """What changes whenever something comes, and does not when an old day leaves the window."""
    return {"day": reading.day.toordinal() if reading.day else None, "rows": reading.rows, "amount_fen": reading.amount_fen}


def judge(found: dict[str, float | None], usually: dict[str, float | None], floors: Floors) -> dict[str, str]:
    """What is amiss by measure: message with value and threshold."""
    amiss = {}
    lowest = lowest_allowed(usually.get("rows"), floors.rows)
    rows = found["rows"] or 0
    if rows < lowest:
        amiss["rows"] = f"当日仅 {rows:,.0f} 笔（低于 {lowest:,.0f} 笔）"
    for name, (floor, message) in UPPER.items():
        value = found.get(name)
        highest = highest_allowed(usually.get(name), getattr(floors, floor))
        if value is not None and value > highest:
            amiss[name] = f"{message.format(value=value)}（超过 {highest:,.0f}）"
    return amiss


def watch_channels(context: Context, now: dt.datetime, *, send: Send | None = None) -> Watch:
    """One run: keeps a sample of each channel, tells what is newly amiss and what is over.

    Args:
        context: The step's surroundings.
        now: The time, with its zone.
        send: Sends a message; by default to the site's recipients.
    """
    seen = list(look(context, now))
    with begin(context.ledger_url) as connection:
        connection.execute(delete(ChannelSample).where(ChannelSample.at < now - KEPT))
        connection.execute(
            insert(ChannelSample), [{"channel": item.channel.id, "at": now, "figures": item.measures} for item in seen]
        )
    found = {
        f"channel:{item.channel.id}:{name}": f"{item.channel.name}：{message}"
        for item in seen
        for name, message in item.amiss.items()
    }
    return tell(context, "channel", found, now, send=send)


def _samples(context: Context, channel: str, *, before: dt.datetime) -> list[Sample]:
    query = (
        select(ChannelSample.at, ChannelSample.figures)
        .where(ChannelSample.channel == channel, ChannelSample.at < before)
        .order_by(ChannelSample.at)
    )
    with begin(context.ledger_url) as connection:
        return [Sample(at=row.at, measures=row.figures) for row in connection.execute(query)]


def lines(seen: Seen) -> list[str]:
    """What a command shows of a channel."""
    reading = seen.reading
    shown = [f"{reading.day or '无数据'}：{reading.rows:,} 笔，{yuan(reading.amount_fen):,} 元，被拒 {reading.refused:,} 笔"]
    for stage, delay in reading.delays.items():
        values = "、".join(str(value) if value is not None else "—" for value in (delay.median, delay.p95, delay.oldest))
        shown.append(f"{STAGES[stage]}：中位数、95%、最久未到（天）{values}，未到 {delay.waiting:,} 笔")
    return shown + [f"异常：{message}" for message in seen.amiss.values()]
