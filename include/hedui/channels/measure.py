"""What a channel shows now, from the canonical partitions of the last days."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import duckdb

from hedui import engine
from hedui.channels.settings import Channel
from hedui.context import Context
from hedui.site.statistics import StatisticsSettings
from hedui.statistics.inputs import find_inputs, register_inputs
from hedui.statistics.periods import Period

STAGES: Final = {"treasury": "缴费至入库", "fund": "缴费至社保到账"}


@dataclass(frozen=True, kw_only=True)
class Delay:
    """How long payments take to a stage, in days.

    Attributes:
        arrived: Payments that have got there.
        median, p95: Nearest-rank percentiles over those; None: none has.
        waiting: Payments that have not.
        oldest: Days that the oldest of those has waited; None: none waits.
    """

    arrived: int
    median: int | None
    p95: int | None
    waiting: int
    oldest: int | None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a channel shows at a moment.

    Attributes:
        day: The newest day with anything; None: there is nothing at all.
        rows, amount_fen, refused: Of that day.
        total_rows: Over all days that are looked at; it changes whenever something comes.
        delays: By stage.
    """

    day: dt.date | None
    rows: int
    amount_fen: int
    refused: int
    total_rows: int
    delays: Mapping[str, Delay] = field(default_factory=dict)

    @property
    def refused_percent(self) -> float | None:
        """Share of refused declarations; None where there are none at all."""
        return round(100 * self.refused / self.rows, 1) if self.rows else None


def percentile(histogram: Mapping[int, int], share: float) -> int | None:
    """The nearest-rank percentile of values that come with their numbers; None of nothing."""
    total, seen = sum(histogram.values()), 0
    for value in sorted(histogram):
        seen += histogram[value]
        if seen >= math.ceil(share * total):
            return value
    return None


def read_channel(context: Context, channel: Channel, *, today: dt.date, look_back: int) -> Reading:
    """Measures one channel.

    Args:
        context: Gives the lake.
        channel: The channel.
        today: The day in the site's time zone.
        look_back: Days, today included, whose partitions count.
    """
    wanted = {
        channel.payments.dataset: channel.payments.source,
        "bank_return": channel.returns,
        "treasury_receipt": channel.treasury,
        "fund_receipt": channel.fund,
    }
    settings = StatisticsSettings(sources={name: (source,) if source else () for name, source in wanted.items()})
    period = Period(cycle="day", start=today - dt.timedelta(days=look_back - 1), end=today)
    inputs = find_inputs(context, settings, wanted, period)
    with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as connection:
        register_inputs(connection, context.lake, inputs, wanted, mappings={})
        paid = engine.render("channels/paid.sql", relation=channel.payments.dataset)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE paid AS {paid}")
        days = engine.run(connection, "channels/volume.sql", returns=channel.returns is not None).fetchall()
        delays = _delays(connection, channel, today)
    newest: tuple[Any, ...] = days[-1] if days else (None, 0, 0, 0)
    return Reading(
        day=newest[0],
        rows=int(newest[1]),
        amount_fen=int(newest[2]),
        refused=int(newest[3]),
        total_rows=sum(int(row[1]) for row in days),
        delays=delays,
    )


def _delays(connection: duckdb.DuckDBPyConnection, channel: Channel, today: dt.date) -> dict[str, Delay]:
    found = engine.run(connection, "channels/delays.sql", today=today).fetchall()
    known = {"treasury": channel.treasury, "fund": channel.fund}
    return {stage: delay_of([row[1:] for row in found if row[0] == stage]) for stage, source in known.items() if source}


def delay_of(rows: list[tuple[int, int, int]]) -> Delay:
    """The figures of a stage from its histogram: arrived (0 or 1), days, payments."""
    arrived = {int(days): int(count) for there, days, count in rows if there}
    waiting = {int(days): int(count) for there, days, count in rows if not there}
    return Delay(
        arrived=sum(arrived.values()),
        median=percentile(arrived, 0.5),
        p95=percentile(arrived, 0.95),
        waiting=sum(waiting.values()),
        oldest=max(waiting, default=None),
    )
