"""``hedui digests``: the whole exchange by the command, and what it prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hedui import cli
from hedui.commands import digests
from hedui.errors import HeduiError
from unit.compare.bench import Bench, people_site
from unit.digests.kit import DAY, KEY
from unit.digests.test_same_findings import IDS, person

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def surroundings(make_bench: Callable[[dict[str, Any]], Bench], monkeypatch: pytest.MonkeyPatch) -> None:
    bench = make_bench(people_site())
    bench.put("person", "a", DAY, [person(IDS[0]), person(IDS[1])])
    bench.put("person", "b", DAY, [person(IDS[0], "乙")])
    monkeypatch.setattr(digests, "context_from_environment", lambda: bench.context)


def run(*arguments: str) -> str:
    result = RUNNER.invoke(cli.app, ["digests", *arguments])
    assert result.exit_code == 0, result.output
    assert KEY.hex() not in result.output
    assert not [number for number in IDS if number in result.output]
    return result.stdout


def test_export_compare_resolve(tmp_path: Path) -> None:
    for source in "ab":
        printed = run("export", "-d", "2026-06-03", "two", source, "--key", "TEST", "--out", str(tmp_path / source), "--json")
        assert json.loads(printed)["algorithm"] == "HMAC-SM3"
    folders = [str(tmp_path / source) for source in "ab"]
    assert "差异 2，封印相符" in run("compare", *folders, "--key", "test", "--out", str(tmp_path / "found"))
    found = str(tmp_path / "found" / "findings.parquet")
    own = str(tmp_path / "own.parquet")
    assert "差异 2，其中本方主体 1" in run("resolve", "-d", "2026-06-03", "two", "b", found, "--key", "test", "--out", own)


def test_comparing_without_the_secret_says_that_seals_were_not_checked(tmp_path: Path) -> None:
    for source in "ab":
        run("export", "-d", "2026-06-03", "two", source, "--key", "test", "--hash", "sha256", "--out", str(tmp_path / source))
    folders = [str(tmp_path / source) for source in "ab"]
    printed = run("compare", *folders, "--out", str(tmp_path / "found"))
    assert "未核封印（无密钥）" in printed
    again = json.loads(run("compare", *folders, "--out", str(tmp_path / "found"), "--json"))
    assert (again["findings"], again["seal_checked"], again["algorithm"]) == (2, False, "HMAC-SHA-256")


def test_a_missing_secret_is_an_error_that_names_the_variable(tmp_path: Path) -> None:
    result = RUNNER.invoke(
        cli.app, ["digests", "export", "-d", "2026-06-03", "two", "a", "--key", "other", "--out", str(tmp_path / "a")]
    )
    assert isinstance(result.exception, HeduiError)
    assert "HEDUI_DIGEST_KEY_OTHER is not set" in str(result.exception)
    assert not (tmp_path / "a").exists()
