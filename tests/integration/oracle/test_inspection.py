"""Inspections over Oracle's wire protocol: what the emulator can answer is measured, what it has no view for is said by Oracle's code."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

from hedui.inspection.databases import DATABASE_CHECKS, database_items
from hedui.inspection.model import Item
from hedui.inspection.settings import Standards
from hedui.sources import oracle_connect


def measured(url: str, monkeypatch: Any) -> dict[str, list[Item]]:
    context: Any = SimpleNamespace(connection=lambda _: url, site=SimpleNamespace(timezone="Asia/Shanghai"))
    monkeypatch.setattr(oracle_connect, "CONNECT_TIMEOUT", 3)
    standards = Standards(latency_ms=600_000, clock_seconds=600)
    found: dict[str, list[Item]] = {}
    for item in database_items(context, "core", standards, checks=DATABASE_CHECKS, now=lambda: dt.datetime.now(dt.UTC)):
        found.setdefault(item.check, []).append(item)
    return found


def test_every_check_says_something(oracle_url: str, monkeypatch: Any) -> None:
    found = measured(oracle_url, monkeypatch)
    assert set(found) == set(DATABASE_CHECKS)
    [latency] = found["latency"]
    assert (latency.verdict, latency.measured[-2:]) == ("normal", "毫秒")
    for item in (item for items in found.values() for item in items if item.verdict == "unmeasured"):
        assert item.measured.startswith("无法查询（ORA-"), item
