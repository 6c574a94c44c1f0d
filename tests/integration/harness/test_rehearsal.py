"""The demo's rehearsal is played against Hedui itself: what is expected of us happens, and the rows end where they belong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest

from hedui.context import Context
from hedui.harness.play import Player, StepResult
from hedui.harness.receipts import ReceiptFolder
from hedui.harness.scenario import Scenario, load_scenario
from hedui.lake import Lake
from hedui.site import load_site
from hedui.sources.inbox import open_place
from hedui.steps import extract
from integration.sources.servers import PASSWORD, sftp_server

SITE = Path(__file__).resolve().parents[3] / "include" / "sites" / "demo"
SCENARIO = SITE / "rehearsals" / "linghuo.yaml"


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    folder = tmp_path_factory.mktemp("rehearsal")
    return Context(
        site=load_site(SITE), lake=Lake(str(folder / "lake")), reports=folder, inbox=str(folder / "inbox"), ledger_url="postgresql://none"
    )  # fmt: skip


def play(context: Context, scenario: Scenario, *, ours: bool = True) -> list[StepResult]:
    source = context.site.source(scenario.source)
    with open_place(context, source.id, None) as inbox:
        player = Player(
            site=context.site,
            scenario=scenario,
            folder=SCENARIO.parent,
            inbox=inbox,
            receipts=ReceiptFolder(source=source, date=scenario.date, inbox=inbox),
            extract=(lambda: extract(context, scenario.source, scenario.date).state) if ours else None,
            wait=lambda seconds: None,
        )
        return list(player.play())


def test_the_demos_rehearsal_passes(context: Context) -> None:
    results = play(context, load_scenario(SCENARIO))
    assert [result.detail for result in results if result.state == "unmet"] == []
    assert sum(result.state == "met" for result in results) == 7


def test_what_was_accepted_is_in_the_lake_and_nothing_else(context: Context) -> None:
    date = dt.date(2026, 6, 8)
    files = context.lake.files(context.canonical("payment", "linghuo", date))
    with duckdb.connect() as connection:
        rows = (
            connection.read_parquet(files).aggregate("substr(detail_no, 1, 4) AS packet, count(*) AS n").order("packet").fetchall()
        )
    assert rows == [("LTMX", 20), ("LTMY", 5)]


def test_a_site_that_expects_otherwise_is_told(context: Context, tmp_path: Path) -> None:
    other = replace(context, inbox=str(tmp_path / "inbox"), lake=Lake(str(tmp_path / "lake")))
    scenario = load_scenario(SCENARIO)
    wrong = scenario.steps[8].model_copy(update={"result": "accepted"})
    results = play(other, scenario.model_copy(update={"steps": (*scenario.steps[:7], wrong)}))
    assert results[-1].state == "unmet"
    assert results[-1].detail.startswith("被拒收（B02）")


def test_our_packets_are_answered_in_three_layers(context: Context, tmp_path: Path) -> None:
    from hedui.batches.receipts import read_receipts

    other = replace(context, inbox=str(tmp_path / "inbox"), lake=Lake(str(tmp_path / "lake")))
    step = {
        "do": "answer",
        "packet": "OUT1",
        "result": "rejected",
        "reason": "记录数不符",
        "fields": [{"record": 3, "field": "AAE082", "reason": "金额格式错误"}],
        "rows": [{"key": "YW9", "code": "17", "reason": "人员不存在"}],
    }
    scenario = Scenario.model_validate({"title": "试", "source": "linghuo", "date": "2026-06-08", "steps": [step]})
    play(other, scenario)
    facts = list(read_receipts(other, other.site.source("linghuo"), scenario.date))
    assert {(fact.layer, fact.key, fact.ok, fact.record, fact.reason) for fact in facts} == {
        ("packet", "OUT1", False, "", "记录数不符"),
        ("field", "OUT1", False, "3", "金额格式错误"),
        ("row", "OUT1", False, "YW9", "人员不存在"),
    }


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs a sub-command on the demo's rehearsal; gives what it prints."""
    from typer.testing import CliRunner

    from hedui.cli import app

    def command(*arguments: str, **more: str) -> str:
        values = {
            "HEDUI_SITE": str(SITE),
            "HEDUI_LAKE": str(tmp_path / "lake"),
            "HEDUI_REPORTS": str(tmp_path),
            "HEDUI_INBOX": str(tmp_path / "inbox"),
            "HEDUI_CONN_HEDUI_LEDGER": "postgresql://none",
        }
        for variable, value in (values | more).items():
            monkeypatch.setenv(variable, value)
        result = CliRunner().invoke(app, ["harness", arguments[0], str(SCENARIO), *arguments[1:]])
        assert result.exit_code == 0, result.output
        return result.output

    return command


def test_the_command_checks_a_scenario(run: Callable[..., str]) -> None:
    assert "16 步" in run("check")


def test_the_command_plays_on_the_partners_server(run: Callable[..., str], tmp_path: Path) -> None:
    """Both sides meet on an SFTP server: the site's inbox is its connection, and nobody reads its password."""
    (tmp_path / "server" / "inbox").mkdir(parents=True)
    with sftp_server(tmp_path / "server") as server:
        told = run("play", "--ours", HEDUI_INBOX="partner", HEDUI_CONN_PARTNER=server.url())
    assert "通过：16 步，预期 7 项，符合 7 项" in told
    assert not (tmp_path / "inbox").exists()
    assert [secret for secret in (PASSWORD, quote(PASSWORD, safe=""), server.url()) if secret in told] == []
