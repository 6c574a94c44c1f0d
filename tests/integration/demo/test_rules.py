"""Every rule that anything can judge on the demo world has planted hits and near misses there."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from hedui.checks.entries import registry
from hedui.rules import rules
from tests.integration.demo.conftest import Built

ROOT = Path(__file__).resolve().parents[3]
LATER = ("upload_truth.csv", "correction_truth.csv")
"""Truth of steps that follow the nights."""
INSPECTED = "K04"
"""An inspection's own rule: what is abnormal is a disk or a connection, no row."""


@pytest.fixture(scope="module")
def planted(world: Built) -> pd.DataFrame:
    return pd.concat([world.truth, *(pd.read_csv(world.out / name, dtype=str) for name in LATER)])


def judged() -> set[str]:
    """The catalogue without what no source tells and what only a migration of region codes judges."""
    told = registry()
    return {rule for rule in rules() if not rule.startswith("A")} - told.not_judged.keys() - {INSPECTED}


@pytest.mark.parametrize("expect", ["hit", "near"])
def test_every_rule_is_planted(planted: pd.DataFrame, expect: str) -> None:
    assert set(planted[planted.expect == expect].rule) == judged()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        pytest.param("README.md", r"(?P<planted>\d+) of the catalogue's (?P<all>\d+) have planted hits", id="English"),
        pytest.param("README.zh-CN.md", r"目录 (?P<all>\d+) 条中 (?P<planted>\d+) 条在演示数据中埋设", id="Chinese"),
    ],
)
def test_the_readme_says_how_many(planted: pd.DataFrame, name: str, sentence: str) -> None:
    catalogue = {rule for rule in rules() if not rule.startswith("K")}
    found = re.search(sentence, " ".join((ROOT / name).read_text("utf-8").split()))
    assert found is not None
    assert found.groupdict() == {"planted": str(len(catalogue & set(planted.rule))), "all": str(len(catalogue))}
