from __future__ import annotations

from pathlib import Path

import pytest

from hedui.errors import HeduiError
from hedui.harness.rows import make_rows
from hedui.harness.scenario import Rows, Send, load_scenario

GOOD = """
title: 试
source: lh
date: 2026-06-03
steps:
  - do: send
    packet: A1
    dataset: payment
    name: {type: JFXX102, agency: "990101", sequence: "000001"}
    rows: {count: 2, values: {no: "N{n:03d}"}}
  - {do: expect_receipt, packet: A1, result: accepted}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "s.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_scenario_is_read(tmp_path: Path) -> None:
    scenario = load_scenario(write(tmp_path, GOOD))
    first = scenario.steps[0]
    assert isinstance(first, Send)
    assert (first.packet, first.rows.count, len(scenario.steps)) == ("A1", 2, 2)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("packet: A1, result", "packet: B9, result", "step 2 is about the packet B9, which no earlier step sends"),
        ("do: send", "do: sent", "sent"),
        ("result: accepted", "result: maybe", "result"),
        ("date: 2026-06-03", "date: yesterday", "date"),
        ("title: 试", "titel: 试", "titel"),
    ],
    ids=["unknown packet", "unknown step", "unknown result", "no date", "unknown key"],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(HeduiError, match=message):
        load_scenario(write(tmp_path, GOOD.replace(old, new)))


def test_a_missing_file_and_broken_yaml_are_named(tmp_path: Path) -> None:
    with pytest.raises(HeduiError, match="There is no scenario"):
        load_scenario(tmp_path / "none.yaml")
    with pytest.raises(HeduiError, match="is no YAML"):
        load_scenario(write(tmp_path, "a: [1"))


def test_rows_follow_their_patterns_and_changes() -> None:
    rows = Rows(count=3, values={"no": "N{n:03d}", "name": "甲"}, change={2: {"name": "乙"}})
    assert make_rows(rows, folder=Path()) == [
        {"no": "N001", "name": "甲"},
        {"no": "N002", "name": "乙"},
        {"no": "N003", "name": "甲"},
    ]


def test_rows_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("\ufeffno,name\n1,甲\n2,\n", encoding="utf-8")
    assert make_rows(Rows(file="rows.csv"), folder=tmp_path) == [{"no": "1", "name": "甲"}, {"no": "2", "name": ""}]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (Rows(file="none.csv"), "There is no file"),
        (Rows(count=1, values={"no": "{m}"}), "is no pattern"),
        (Rows(count=1, values={"no": "1"}, change={2: {"no": "2"}}), "names the record 2; there are 1"),
    ],
    ids=["no file", "no pattern", "no record"],
)
def test_rows_that_cannot_be_made_are_named(tmp_path: Path, rows: Rows, message: str) -> None:
    with pytest.raises(HeduiError, match=message):
        make_rows(rows, folder=tmp_path)
