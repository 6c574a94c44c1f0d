"""Snapshots: who has a key, what deviates, who is right, what cannot be matched."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

DAY = dt.date(2026, 6, 3)
ID1, ID2, ID3 = "990101199001010019", "990101199001010027", "990101199001010035"


def person(id_number: str | None, name: str = "甲", **more: Any) -> dict[str, Any]:
    return {
        "person_no": f"P{id_number}",
        "id_number": id_number,
        "name": name,
        "sex": "1",
        "birth_date": dt.date(1990, 1, 1),
        "region": "990101",
    } | more


@pytest.fixture
def bench(make_bench: Callable[..., Any], people_site: dict[str, Any]) -> Any:
    return make_bench(people_site)


def compare(bench: Any, *sides: list[dict[str, Any]], comparison: str = "") -> Counter[tuple[Any, ...]]:
    for key, rows in zip("abc", sides, strict=False):
        bench.put("person", key, DAY, rows)
    name = comparison or {2: "two", 3: "three"}[len(sides)]
    summary = bench.run(name, DAY)
    assert summary.state == "done"
    for figures in bench.balance(name, DAY).values():
        assert figures["rows"] == sum(figures[c] for c in ("matched", "different", "one_sided", "duplicate", "unusable", "keymap"))
    return bench.brief(name, DAY, "rule", "kind", "source", "subject_key", "field")


CASES = [
    pytest.param([[person(ID1)], [person(ID1)]], {}, id="equal"),
    pytest.param([[person(ID1)], []], {("E17", "ONLY_LEFT", "b", ID1, None): 1}, id="right lacks it"),
    pytest.param([[], [person(ID1)]], {("E17", "ONLY_RIGHT", "a", ID1, None): 1}, id="left lacks it"),
    pytest.param([[person(ID1)], [person(ID1, sex="2")]], {("T03", "STATUS", "b", ID1, "sex"): 1}, id="one field"),
    pytest.param([[person(ID1)], [person(ID1, sex=None)]], {("T03", "STATUS", "b", ID1, "sex"): 1}, id="NULL against a value"),
    pytest.param([[person(ID1, sex=None)], [person(ID1, sex=None)]], {}, id="NULL on both sides"),
    pytest.param(
        [[person(ID1)], [person(ID1, "乙", birth_date=dt.date(1990, 1, 2))]],
        {("T03", "ATTR", "b", ID1, "name"): 1, ("T05", "ATTR", "b", ID1, "birth_date"): 1},
        id="two fields",
    ),
    pytest.param([[person(ID1)], [person(ID1, region="990102", person_no="other")]], {}, id="what is not compared may differ"),
    pytest.param(
        [[person(ID1), person(ID1, "乙")], [person(ID1)]], {("K02", "DUP", "a", ID1, None): 1}, id="duplicate on the left, single right"
    ),
    pytest.param(
        [[person(ID1), person(ID1)], [person(ID1), person(ID1)]],
        {("K02", "DUP", "a", ID1, None): 1, ("K02", "DUP", "b", ID1, None): 1},
        id="the same duplicate on both sides",
    ),
    pytest.param(
        [[person(ID1), person(ID1), person(ID2)], [person(ID2)]],
        {("K02", "DUP", "a", ID1, None): 1},
        id="a duplicate that the other side lacks is a duplicate and nothing else",
    ),
    pytest.param(
        [[person(None)], [person("")]],
        {("K01", "KEY", "a", "no:PNone", None): 1, ("K01", "KEY", "b", "no:P", None): 1},
        id="NULL and blank keys do not match",
    ),
    pytest.param(
        [[person("000000199001010000")], [person("000000199001010000")]],
        {("K01", "KEY", side, "no:P000000199001010000", None): 1 for side in "ab"},
        id="placeholder with a date",
    ),
    pytest.param(
        [[person("1" * 18)], [person("0" * 15)]],
        {("K01", "KEY", "a", "no:P" + "1" * 18, None): 1, ("K01", "KEY", "b", "no:P" + "0" * 15, None): 1},
        id="placeholders of one digit",
    ),
    pytest.param([[person("1" * 17)], [person("1" * 17)]], {}, id="17 equal digits are no placeholder"),
    pytest.param([[person("000000199001010001")], [person("000000199001010001")]], {}, id="an ending other than 0000 is no placeholder"),
    pytest.param(
        [[person(ID1)], [person(ID1)], []], {("T02", "MISSING_TIER", "c", ID1, None): 1}, id="the third tier lacks it"
    ),
    pytest.param(
        [[], [person(ID1)], []],
        {("T01", "MISSING_TIER", "a", ID1, None): 1, ("T02", "MISSING_TIER", "c", ID1, None): 1},
        id="only the second tier has it: one finding per missing tier",
    ),
    pytest.param(
        [[person(ID1)], [person(ID1, "乙")], [person(ID1)]], {("T03", "ATTR", "b", ID1, "name"): 1}, id="one of three deviates"
    ),
    pytest.param(
        [[person(ID1, "乙")], [person(ID1, "乙")], [person(ID1)]],
        {("T03", "ATTR", "a", ID1, "name"): 1},
        id="the authority is alone: the first side that deviates from it acts",
    ),
    pytest.param(
        [[person(ID1)], [person(ID1, "乙")], []],
        {("T03", "ATTR", "b", ID1, "name"): 1, ("T02", "MISSING_TIER", "c", ID1, None): 1},
        id="missing and deviating",
    ),
    pytest.param([[person(ID1)], [person(ID1)], [person(ID1, sex="2")]], {}, id="a field that the side does not deliver is not compared"),
    pytest.param(
        [[person(ID1), person(ID1)], [person(ID1)], [person(ID1, "乙")]],
        {("K02", "DUP", "a", ID1, None): 1, ("T03", "ATTR", "b", ID1, "name"): 1},
        id="two tiers are compared beside a duplicate on the third",
    ),
    pytest.param(
        [[person(ID1), person(ID1)], [person(ID1)], []],
        {("K02", "DUP", "a", ID1, None): 1, ("T02", "MISSING_TIER", "c", ID1, None): 1},
        id="a duplicated tier is not missing",
    ),
    pytest.param([[], []], {}, id="no rows at all"),
]  # fmt: skip


@pytest.mark.parametrize(("sides", "expected"), CASES)
def test_kinds(bench: Any, sides: list[list[dict[str, Any]]], expected: dict[tuple[Any, ...], int]) -> None:
    assert compare(bench, *sides) == Counter(expected)


def test_many_to_many_duplicates_do_not_multiply(bench: Any) -> None:
    many = [person("990101199001010043") for _ in range(300)]
    found = compare(bench, [*many, person(ID1)], [*many, person(ID1, sex="2"), person(ID2)])
    assert found == Counter(
        {
            ("K02", "DUP", "a", "990101199001010043", None): 1,
            ("K02", "DUP", "b", "990101199001010043", None): 1,
            ("T03", "STATUS", "b", ID1, "sex"): 1,
            ("E17", "ONLY_RIGHT", "a", ID2, None): 1,
        }
    )


def test_a_finding_says_who_is_right_and_what_was_received(bench: Any) -> None:
    rows = [[person(ID1)], [person(ID1, "乙")], [person(ID1)]]
    for key, side in zip("abc", rows, strict=True):
        bench.put("person", key, DAY, side, raw=[{"NAME": f" {side[0]['name']} "}])
    bench.run("three", DAY)
    (finding,) = bench.findings("three", DAY)
    assert json.loads(finding["side_values"]) == {"a": "甲", "b": "乙", "c": "甲"}
    assert json.loads(finding["raw_values"]) == {"a": " 甲 ", "b": " 乙 ", "c": " 甲 "}
    assert json.loads(finding["evidence"]) == {"source_row": {"a": 1, "b": 1, "c": 1}}
    assert finding["right_source"] == "c"
    assert (finding["agency"], finding["dataset"], finding["severity"], finding["region"]) == ("ag_b", "person", "error", "990101")


def test_severity_of_the_field_wins(bench: Any) -> None:
    bench.put("person", "a", DAY, [person(ID1)])
    bench.put("person", "b", DAY, [person(ID1, birth_date=None)])
    bench.run("two", DAY)
    (finding,) = bench.findings("two", DAY)
    assert (finding["severity"], finding["right_source"], finding["source"]) == ("warning", "a", "b")


def test_the_balance_counts_every_row_once(bench: Any) -> None:
    left = [person(ID1), person(ID2, "乙"), person(ID3), person(None), person("990101199001010051"), person("990101199001010051")]
    right = [person(ID1), person(ID2), person("990101199001010051")]
    bench.put("person", "a", DAY, left, rejected=2)
    bench.put("person", "b", DAY, right)
    bench.run("two", DAY)
    zero = {"matched": 1, "different": 1, "keymap": 0}
    assert bench.balance("two", DAY) == {
        "a": zero | {"rows": 6, "rejected": 2, "one_sided": 1, "duplicate": 2, "unusable": 1},
        "b": zero | {"rows": 3, "rejected": 0, "one_sided": 0, "duplicate": 1, "unusable": 0},
    }


def test_a_missing_side_skips_and_leaves_nothing_stale(bench: Any) -> None:
    compare(bench, [person(ID1)], [person(ID2)])
    bench.context.lake.remove(bench.context.canonical("person", "b", DAY))
    summary = bench.run("two", DAY)
    assert (summary.state, summary.reason) == ("skipped", "缺少数据：来源b")
    assert bench.context.lake.manifest(bench.context.findings("two", DAY)) is None


def test_equal_input_gives_equal_bytes(bench: Any) -> None:
    people = [person(f"9901011990010{number:05d}", "甲" if number % 3 else "乙") for number in range(200)]
    compare(bench, people, [row | {"name": "甲"} for row in reversed(people)])
    first = bench.context.lake.manifest(bench.context.findings("two", DAY)).digest
    bench.run("two", DAY)
    assert bench.context.lake.manifest(bench.context.findings("two", DAY)).digest == first


def test_keys_that_read_the_same_stay_two_findings(make_bench: Callable[..., Any], people_site: dict[str, Any]) -> None:
    comparisons = [row | {"key": ["id_number", "region"]} for row in people_site["comparisons"]]
    bench = make_bench(people_site | {"comparisons": comparisons})
    bench.put("person", "a", DAY, [person("1/2", region="3"), person("1", region="2/3")])
    bench.put("person", "b", DAY, [])
    bench.run("two", DAY)
    findings = bench.findings("two", DAY)
    assert [row["subject_key"] for row in findings] == ["1/2/3", "1/2/3"]
    assert len({row["fingerprint"] for row in findings}) == 2


def test_a_rule_that_is_switched_off_finds_nothing(make_bench: Callable[..., Any], people_site: dict[str, Any]) -> None:
    bench = make_bench(people_site | {"rules": {"E17": {"enabled": False}, "T03": {"severity": "info", "agency": "ag_c"}}})
    bench.put("person", "a", DAY, [person(ID1), person(ID2)])
    bench.put("person", "b", DAY, [person(ID1, "乙")])
    bench.run("two", DAY)
    assert [(row["rule"], row["severity"], row["agency"]) for row in bench.findings("two", DAY)] == [("T03", "info", "ag_c")]
    assert bench.balance("two", DAY)["a"]["one_sided"] == 1
