"""A migration by commands alone: planned, decided, approved, migrated, reported, verified and put back, on a real database."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from openpyxl import load_workbook
from ruamel.yaml import YAML
from typer.testing import CliRunner

from hedui import cli
from hedui.audit import entries, verify
from hedui.regions.errors import RegionError
from integration.regions.conftest import TARGET, Database, people

HALF_YEAR = ("--from", "2016-06-30", "--to", "2016-12-31")
SMALL = Path(__file__).parents[2] / "sites" / "small"

Ask = Callable[..., Result]


@pytest.fixture
def ask(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """``hedui regions`` on a site with one table; rows of a split code may wait."""
    site = tmp_path / "site"
    shutil.copytree(SMALL, site)
    target = {**TARGET, "key": list(TARGET["key"]), "amounts": list(TARGET["amounts"])}
    YAML().dump({"targets": [target], "batch_rows": 50, "accept_queue": True}, site / "regions.yaml")
    for name, value in {
        "HEDUI_SITE": site,
        "HEDUI_LAKE": tmp_path / "lake",
        "HEDUI_REPORTS": tmp_path / "reports",
        "HEDUI_INBOX": tmp_path / "inbox",
        "HEDUI_CONN_HEDUI_LEDGER": database.ledger,
        "HEDUI_CONN_DB": database.url,
    }.items():
        monkeypatch.setenv(name, str(value))
    runner = CliRunner()
    return lambda *words: runner.invoke(cli.app, ["regions", *map(str, words)])


def page_digest(planned: Result) -> str:
    assert planned.exception is None, planned.exception
    return planned.stdout.split("页面摘要 ")[1].split()[0]


def test_a_migration_goes_by_commands_from_plan_to_rollback(ask: Ask, database: Database, tmp_path: Path) -> None:
    database.fill(people([("130428", ""), ("130421", ""), ("110101", "")], per_code=4))
    before = database.rows()
    waiting = database.regions()["130421"]

    first = ask("plan", *HALF_YEAR)
    assert "130428" in first.stdout
    assert "130407" in first.stdout

    forms = tmp_path / "forms"
    asked = ask("queue-out", *HALF_YEAR, "--out", forms)
    form = forms / "待判定_insured.xlsx"
    assert f"{form}：{waiting} 行" in asked.stdout
    book = load_workbook(form)
    sheet = book.active
    assert sheet is not None
    header = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(2, header["现代码"], "130402")
    sheet.cell(2, header["判定人"], "李")
    book.save(form)
    refused = ask("queue-in", *HALF_YEAR, form, "--target", "insured")
    assert "判定依据 is empty" in str(refused.exception)
    sheet.cell(2, header["判定依据"], "户籍")
    book.save(form)
    assert "已接受 1 行判定，请重新演练" in ask("queue-in", *HALF_YEAR, form, "--target", "insured").stdout
    assert "choose one of insured" in str(ask("queue-in", *HALF_YEAR, form, "--target", "pension").exception)

    stale = ask("approve", *HALF_YEAR, "--page", page_digest(first), "--note", "同意")
    assert isinstance(stale.exception, RegionError)  # the decision changed what is to be approved: it is rehearsed again
    digest = page_digest(ask("plan", *HALF_YEAR))
    assert digest != page_digest(first)
    assert isinstance(ask("approve", *HALF_YEAR, "--page", "0" * 64, "--note", "同意").exception, RegionError)
    assert isinstance(ask("migrate", *HALF_YEAR).exception, RegionError)
    assert database.rows() == before
    approved = ask("approve", *HALF_YEAR, "--page", digest, "--note", "同意")
    assert "已批准" in approved.stdout, approved.exception

    moved = ask("migrate", *HALF_YEAR)
    assert moved.exception is None
    assert "prove: " in moved.stdout
    after = database.regions()
    assert after["130421"] == waiting - 1
    assert after["130402"] == 1
    assert "130428" not in after

    written = ask("report", *HALF_YEAR, "--out", tmp_path / "out")
    (path,) = (tmp_path / "out").rglob("*.xlsx")
    assert str(path) in written.stdout
    assert "签名成立" in ask("verify-report", path).stdout
    forged = load_workbook(path)
    assert forged.worksheets[0]["A1"].value
    forged.worksheets[0]["A1"] = "区划迁移核验报告（改）"
    forged.save(path)
    refused = ask("verify-report", path)
    assert (refused.exit_code, "签名不成立" in refused.stdout) == (1, True)

    assert ask("rollback", *HALF_YEAR).exception is None
    assert database.rows() == before
    assert verify(database.ledger).broken is None
    deeds = [entry.action for entry in entries(database.ledger)]
    assert [deed for deed in deeds if deed.startswith("regions.")] == [
        *("regions.decide", "regions.approve", "regions.migrate", "regions.report", "regions.rollback"),
    ]


def test_a_site_without_regions_says_what_is_missing(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "site" / "regions.yaml").unlink()
    missing = ask("plan", *HALF_YEAR)
    assert "has no regions.yaml" in str(missing.exception)
