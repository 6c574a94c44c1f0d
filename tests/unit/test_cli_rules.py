"""``hedui rules``: what a user sees of rules, in Chinese, and the exit codes that scripts rely on."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from hedui import cli
from hedui.checks import build, example
from hedui.checks.entries import registry
from hedui.rules import rules

RUNNER = CliRunner(env={"COLUMNS": "200"})


def test_a_rule_is_tested_on_its_own_examples() -> None:
    result = RUNNER.invoke(cli.app, ["rules", "test", "P15"])
    assert result.exit_code == 0
    assert "证件类型与号码不符" in result.stdout
    (entry,) = [entry for entry in registry().rules if entry.rule == "P15"]
    assert f"{1 + len(entry.examples.hit) + len(entry.examples.near)} 个样例全部符合" in result.stdout


def test_a_rule_that_misses_its_examples_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = example.Outcome(dataset="person", kind="hit", change={"name": None}, found=0, examined=1)
    monkeypatch.setattr(example, "run_examples", lambda rule: [wrong])
    result = RUNNER.invoke(cli.app, ["rules", "test", "P01"])
    assert result.exit_code == 1
    assert "name=空" in result.stdout
    assert "1 个样例不符合" in result.stdout


def test_explain_tells_meaning_type_and_parameters() -> None:
    result = RUNNER.invoke(cli.app, ["rules", "explain", "P17"])
    assert result.exit_code == 0
    for text in (
        "P17 参加工作早于法定年龄",
        "类型：日期范围（date_range）",
        "minimum_age = 16",
        "include/expectations/person.json",
    ):
        assert text in result.stdout


def test_the_list_can_be_narrowed_to_a_dataset() -> None:
    result = RUNNER.invoke(cli.app, ["rules", "list", "--dataset", "unit"])
    assert "U04" in result.stdout
    assert "P05" not in result.stdout
    assert "T03" not in result.stdout


def test_the_list_has_every_rule_with_where_it_is_judged() -> None:
    lines = RUNNER.invoke(cli.app, ["rules", "list"]).stdout.splitlines()
    assert {name for name in rules() if not any(line.strip().startswith(name) for line in lines)} == set()
    for name, said in (
        ("T03", "比对：person_tiers"),
        ("B01", "批次"),
        ("P05", "规则检查：person"),
        ("D06", "未实现：需要特殊工种"),
    ):
        (line,) = [line for line in lines if line.strip().startswith(name)]
        assert said in line


def test_a_rule_of_a_comparison_tells_where_its_records_are_planted() -> None:
    result = RUNNER.invoke(cli.app, ["rules", "test", "T03"])
    assert result.exit_code == 2
    for text in ("判定：比对：person_tiers", "hedui/demo/plants/tiers.py", "hedui demo build", "运行：hedui compare -d"):
        assert text in result.stdout


def test_a_rule_that_nothing_judges_gives_the_reason_and_nothing_to_run() -> None:
    result = RUNNER.invoke(cli.app, ["rules", "test", "R18"])
    assert (result.exit_code, "未实现：需要财务凭证" in result.stdout, "运行" in result.stdout) == (2, True, False)


def test_build_says_which_suites_are_not_current(monkeypatch: pytest.MonkeyPatch) -> None:
    assert RUNNER.invoke(cli.app, ["rules", "build", "--check"]).exit_code == 0
    path = next(iter(build.suite_texts()))
    monkeypatch.setattr(build, "suite_texts", lambda: {path: "{}"})
    result = RUNNER.invoke(cli.app, ["rules", "build", "--check"])
    assert (result.exit_code, path.name in result.stdout) == (1, True)
