"""A night that is killed with -9 at random points, again and again, ends in the same state as one that was left alone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hedui.context import Context
from integration.test_night import DATES, cases, findings, manifests

DATE = DATES[0]
DEMO_SITE = Path(__file__).resolve().parents[2] / "include" / "sites" / "demo"
COMMAND = [sys.executable, "-c", "from hedui.cli import main; main()", "run", "--date", DATE.isoformat()]
ContextFactory = Callable[[str], Context]


def environment(context: Context, world: Any) -> dict[str, str]:
    """What the ``hedui`` command needs to work on a context."""
    connections = {f"HEDUI_CONN_{name.upper()}": context.connection(name) for name in ("hedui_ledger", *world.urls)}
    return os.environ | connections | {
        "HEDUI_SITE": str(DEMO_SITE),
        "HEDUI_LAKE": context.lake.root,
        "HEDUI_REPORTS": str(context.reports),
        "HEDUI_INBOX": context.inbox,
        "HEDUI_MEMORY_LIMIT": context.memory_limit,
    }  # fmt: skip


def run_night(context: Context, world: Any, *, seconds: float | None = None) -> bool:
    """Runs the night as a process of its own and kills it with all its children after ``seconds``; says whether it came to its end."""
    process = subprocess.Popen(
        COMMAND, env=environment(context, world), start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        _, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return False
    assert process.returncode == 0, errors.decode()[-2000:]
    return True


def assert_lake_is_whole(context: Context) -> None:
    """Whatever a manifest names is there."""
    for scope, date in manifests(context):
        for file in context.lake.files(context.findings(scope, date)):
            assert os.path.getsize(file) > 0


@pytest.fixture(scope="module")
def undisturbed(context_factory: ContextFactory, demo_world: Any) -> tuple[Context, float]:
    """A night that was left alone, and how long it took."""
    context = context_factory("undisturbed")
    start = time.monotonic()
    assert run_night(context, demo_world)
    return context, time.monotonic() - start


@pytest.mark.parametrize("kills", [4, pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(7200)])])
def test_a_night_killed_at_random_points_ends_like_one_left_alone(
    undisturbed: tuple[Context, float], context_factory: ContextFactory, demo_world: Any, kills: int
) -> None:
    whole, duration = undisturbed
    context = context_factory(f"killed-{kills}")
    moments = random.Random(kills)
    killed = 0
    for _ in range(kills):
        killed += not run_night(context, demo_world, seconds=moments.uniform(0.1, duration))
        if context.lake.fs.exists(f"{context.lake.root}/findings"):
            assert_lake_is_whole(context)
    assert killed, "every night came to its end before its kill"
    assert run_night(context, demo_world)
    assert {key: one.digest for key, one in manifests(context).items()} == {
        key: one.digest for key, one in manifests(whole).items()
    }
    assert findings(context) == findings(whole)
    assert cases(context) == cases(whole)
