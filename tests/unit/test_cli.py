"""The command's contract: exit codes, messages without tracebacks, JSON for scripts."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest
from typer.testing import CliRunner

from hedui import cli, steps

DATE = dt.date(2026, 6, 3)
RUNNER = CliRunner()


@pytest.fixture
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEDUI_SITE", str(cli.DEFAULT_SITE))
    monkeypatch.setenv("HEDUI_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("HEDUI_REPORTS", str(tmp_path / "reports"))
    monkeypatch.setenv("HEDUI_INBOX", str(tmp_path / "inbox"))
    monkeypatch.setenv("HEDUI_CONN_HEDUI_LEDGER", "postgresql+psycopg2://nobody@127.0.0.1:1/none")


def compare_finds(monkeypatch: pytest.MonkeyPatch, findings: int) -> None:
    def compare(context: object, comparison: str, date: dt.date) -> steps.StepSummary:
        return steps.StepSummary(step="compare", subject=comparison, business_date=date, counts={"findings": findings})

    monkeypatch.setattr(steps, "compare", compare)


@pytest.mark.usefixtures("surroundings")
@pytest.mark.parametrize(
    ("findings", "options", "code"),
    [
        pytest.param(0, ["--fail-on-differences"], 0, id="nothing-found"),
        pytest.param(3, [], 0, id="found-but-not-asked"),
        pytest.param(3, ["--fail-on-differences"], 1, id="found-and-asked"),
    ],
)
def test_differences_set_the_exit_code_only_where_asked(
    monkeypatch: pytest.MonkeyPatch, findings: int, options: list[str], code: int
) -> None:
    compare_finds(monkeypatch, findings)
    result = RUNNER.invoke(cli.app, ["compare", "-d", "2026-06-03", "person_tiers", *options])
    assert result.exit_code == code


@pytest.mark.usefixtures("surroundings")
def test_json_output_is_one_object_per_step(monkeypatch: pytest.MonkeyPatch) -> None:
    compare_finds(monkeypatch, 3)
    result = RUNNER.invoke(cli.app, ["compare", "-d", "2026-06-03", "person_tiers", "tax_recorded", "--json"])
    assert [json.loads(line)["subject"] for line in result.stdout.splitlines()] == ["person_tiers", "tax_recorded"]


def hedui(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hedui.cli", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_error_is_one_message_without_a_traceback_and_code_2() -> None:
    result = hedui("record", "-d", "2026-06-03", HEDUI_SITE="")
    assert result.returncode == 2
    assert "HEDUI_SITE is not set" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_date_that_is_none_is_refused() -> None:
    assert hedui("record", "-d", "2026-02-30").returncode == 2


def test_the_demo_site_has_no_mistake() -> None:
    result = hedui("site", "check")
    assert result.returncode == 0, result.stderr
    assert "和对市" in result.stdout


def test_the_check_reads_every_file_of_a_site_and_tells_all_mistakes(tmp_path: Path) -> None:
    wrong = ("statistics", "inspection", "channels", "operations", "pushes", "assist", "padis")
    site = copytree(cli.DEFAULT_SITE, tmp_path / "site")
    for name in wrong:
        (site / f"{name}.yaml").write_text("surprise: 1\n", "utf-8")
    result = hedui("site", "check", "--site", str(site))
    assert result.returncode == 2
    assert {line.split(".yaml:")[0] for line in result.stderr.splitlines() if "surprise: unknown key" in line} == set(wrong)


def test_the_doctor_names_what_is_wrong_and_the_cure(tmp_path: Path) -> None:
    broken = hedui(
        "doctor",
        "--json",
        HEDUI_SITE=str(cli.DEFAULT_SITE),
        HEDUI_LAKE=str(tmp_path),
        HEDUI_REPORTS=str(tmp_path),
        HEDUI_INBOX=str(tmp_path),
        HEDUI_CONN_HEDUI_LEDGER="postgresql+psycopg2://nobody@127.0.0.1:1/none",
    )
    assert broken.returncode == 2
    found = {item["subject"]: item for item in map(json.loads, broken.stdout.splitlines())}
    assert found["站点配置"]["ok"]
    assert not found["台账库"]["ok"]
    assert "hedui ledger upgrade" in found["台账库"]["cure"]
    assert not next(item for subject, item in found.items() if subject.startswith("连接 shebao_db"))["ok"]
