"""``hedui batches``: what a person reads of batches that were received, sent again and refused."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from typer.testing import CliRunner

from hedui import cli, steps
from integration.batches.conftest import THU, WED, World

A, B, C = ("D1", "10.00"), ("D2", "20.00"), ("D3", "30.00")


@pytest.fixture
def ask(world: World) -> Callable[..., Result]:
    """One batch that the next day sends again with one row more, one whose count is wrong."""
    world.send(WED, 1, "990101A1", [A])
    world.send(WED, 2, "990101A2", [B, C], JLS="3")
    world.send(THU, 1, "990101A1", [A, C], SFCF="1")
    for day in (WED, THU):
        steps.extract(world.context, "bao", day)
    folder = world.folder
    places = {"SITE": folder / "site", "LAKE": folder / "lake", "REPORTS": folder / "reports", "INBOX": folder / "inbox"}
    settings = {f"HEDUI_{name}": str(path) for name, path in places.items()}
    runner = CliRunner(env=settings | {"HEDUI_CONN_HEDUI_LEDGER": "postgresql://unused", "COLUMNS": "200"})
    return lambda *words: runner.invoke(cli.app, ["batches", *words])


def test_the_list_says_where_each_batch_stands(ask: Callable[..., Result]) -> None:
    events = [json.loads(line) for line in ask("list", "bao", "--json").stdout.splitlines()]
    assert {(event["batch"], event["belongs"], event["date"]) for event in events if event["batch"][:6] == "990101"} == {
        ("990101A1", "2026-06-03", "2026-06-04"),
        ("990101A2", "2026-06-03", "2026-06-03"),
    }


def test_a_batch_s_life_is_shown_in_order(ask: Callable[..., Result]) -> None:
    life = [json.loads(line)["event"] for line in ask("show", "bao", "990101A1", "--json").stdout.splitlines()]
    assert life[:3] == ["arrived", "verified", "loaded"]
    assert life.index("replaced") < life.index("resent")
    table = ask("show", "bao", "990101A2").stdout
    assert "2026-06-03" in table
    assert "P_99010101_0002.xml" in table
    assert 'has no batch "990101A9"' in str(ask("show", "bao", "990101A9").exception)


def test_what_is_wrong_is_explained_with_its_cure(ask: Callable[..., Result]) -> None:
    refused = ask("explain", "bao", "990101A2").stdout
    assert "B02 记录数不符：记录数不符（声明 3 条，实收 2 条）" in refused
    assert "处理：请发送方核对记录数，以原编号、SFCF=1 重发。" in refused
    again = ask("explain", "bao", "990101A1").stdout
    assert "2026-06-04 与上一版本相比：新增 1 行，删除 0 行，修改 0 行。" in again
    assert "B04 重发包内容变化" in again
