"""A report's YAML: the shipped ones hold, and every mistake is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from hedui.statistics.definitions import FOLDER, definitions, load_definitions
from hedui.statistics.errors import StatisticsError

GOOD = """
title: 试
reads: [payment]
rows: {label: 区划, names: region}
sheets: {label: 险种, names: insurance}
measures:
  - {key: persons, label: 人数, kind: persons}
  - {key: paid_fen, label: 已缴, kind: money, behind: persons}
  - {key: due_fen, label: 应缴, kind: money, behind: persons}
  - {key: rate, label: 征缴率, kind: rate, of: [paid_fen, due_fen]}
  - {key: before, label: 上期, kind: prior, of: [paid_fen], back: period}
  - {key: change, label: 环比, kind: change, of: [paid_fen, before]}
notes: [一]
"""


def test_every_rate_prints_its_numerator_and_denominator() -> None:
    shown = 0
    for definition in definitions().values():
        for block in definition.parts:
            for key in block.measures:
                measure = definition.by_key[key]
                if measure.kind in ("rate", "change"):
                    assert set(measure.of) <= set(block.measures)
                    shown += 1
    assert shown > 20


def test_every_figure_knows_the_people_behind_it() -> None:
    for name, definition in definitions().items():
        for measure in definition.measures:
            assert definition.behind(measure.key), (name, measure.key)


def test_a_report_that_reads_what_is_not_canonical_yet_waits_without_sql(tmp_path: Path) -> None:
    (tmp_path / "later.yaml").write_text(GOOD.replace("[payment]", "[not_there_yet]"), "utf-8")
    assert list(load_definitions(tmp_path)) == ["later"]


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("of: [paid_fen, due_fen]", "of: [paid_fen, owed_fen]", 'names "owed_fen", which is no column; choose one of'),
        ("kind: rate, of: [paid_fen, due_fen]", "kind: rate, of: [paid_fen]", "names 1 others"),
        ("of: [paid_fen, before]", "of: [due_fen, before]", 'which is not the prior of "due_fen"'),
        (", back: period", "", '"back" belongs to measures of kind prior'),
        ("key: due_fen", "key: paid_fen", 'measure "paid_fen" is there 2 times'),
        ("names: region", "names: 1", "bad.yaml:4: rows.names: must be text"),
        ("notes: [一]", "notes: [一]\nchart: 1", 'bad.yaml:14: chart: unknown key; choose one of'),
        (
            "notes:",
            "blocks: [{title: 甲, measures: [persons, paid_fen, rate, due_fen]}, {title: 乙, measures: [before, change]}]\nnotes:",
            'block "乙" shows "change" without paid_fen',
        ),
        ("notes:", "blocks: [{title: 甲, measures: [persons]}]\nnotes:", 'measure "due_fen" is in no block'),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_place(tmp_path: Path, wrong: str, right: str, message: str) -> None:
    assert wrong in GOOD
    (tmp_path / "bad.yaml").write_text(GOOD.replace(wrong, right), "utf-8")
    (tmp_path / "worse.yaml").write_text("- 1", "utf-8")
    with pytest.raises(StatisticsError) as caught:
        load_definitions(tmp_path)
    assert message in str(caught.value)
    assert "worse.yaml:1" in str(caught.value)


def test_a_missing_sql_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "no_such_sql.yaml").write_text(GOOD, "utf-8")
    with pytest.raises(StatisticsError, match=r"write statistics/no_such_sql\.sql"):
        load_definitions(tmp_path)


def test_the_yaml_is_the_only_place_that_names_a_report() -> None:
    for path in FOLDER.glob("*.yaml"):
        assert YAML(typ="safe").load(path.read_text("utf-8"))["title"]
