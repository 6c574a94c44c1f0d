"""Batches one after another: inside the time window, with rests, each at most once however often the step is run."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from hedui.context import Progress, no_progress
from hedui.lake import Lake
from hedui.regions.errors import WindowClosedError
from hedui.regions.migrate.records import Action, Logged, TargetStore
from hedui.site.regions import RegionSettings


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a migration works with.

    Attributes:
        ledger_url: The ledger.
        connection: Gives the URL of a named connection.
        lake: For targets in the lake.
        timezone: Of the time window.
        progress: Hears of batches.
        now: The clock.
        sleep: Rests between batches.
        actor: Who runs it, for the audit chain.
    """

    ledger_url: str
    connection: Callable[[str], str]
    lake: Lake | None = None
    timezone: str = "Asia/Shanghai"
    progress: Progress = no_progress
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    sleep: Callable[[float], None] = time.sleep
    actor: str = "hedui"


def move_batches(store: TargetStore, logged: Logged, *, around: Surroundings, settings: RegionSettings, action: Action) -> int:
    """Moves (or puts back) the batches that are not done yet.

    Returns:
        Rows moved by this and all earlier calls.

    Raises:
        ConcurrentWriterError: Rows changed under a batch. WindowClosedError: the time window ended before a batch.
    """
    done = store.done(action)
    wanted = list(range(logged.batches)) if action == "migrate" else sorted(store.done("migrate"), reverse=True)
    moved = sum(done.values())
    for number, batch in enumerate(wanted, start=1):
        if batch in done:
            continue
        if action == "migrate":
            check_window(settings, around)
        moved += store.move(batch, action)
        around.progress(f"{store.target.id} {action}", number, len(wanted))
        if settings.pause_seconds and number < len(wanted):
            around.sleep(settings.pause_seconds)
    return moved


def check_window(settings: RegionSettings, around: Surroundings) -> None:
    """Raises when no batch may start now.

    Raises:
        WindowClosedError: The hour is outside the window.
    """
    window = settings.window
    if window is None:
        return
    local = around.now().astimezone(ZoneInfo(around.timezone)).time()
    if not window.open_at(local):
        raise WindowClosedError(
            f"It is {local:%H:%M}; batches start only between {window.begins:%H:%M} and {window.ends:%H:%M}. What is done stays done: "
            "run the step again inside the window."
        )
