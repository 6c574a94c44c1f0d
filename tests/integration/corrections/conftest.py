"""A world of accounts per test: its own lake, ledger and target database, on the demo site."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hedui.context import Context
from hedui.lake import Lake
from hedui.ledger.schema import upgrade
from hedui.site import load_site
from integration.corrections.cases_world import Account, World

SITE = load_site(Path(__file__).resolve().parents[3] / "include" / "sites" / "demo")


@pytest.fixture
def world(tmp_path: Path, new_database: Callable[[], str]) -> World:
    """Five accounts with 120 months."""
    ledger = new_database()
    upgrade(ledger)
    urls = {"hedui_ledger": ledger, "shebao_db": ledger}
    context = Context(
        site=SITE,
        lake=Lake(str(tmp_path / "lake")),
        reports=tmp_path / "reports",
        inbox=str(tmp_path / "inbox"),
        ledger_url=ledger,
        connection=urls.__getitem__,
    )
    return World(context, {f"100000000{number}": Account(number=f"100000000{number}") for number in range(1, 6)})
