"""The births of the demo world: plants of every F rule that canonical data judge, and feeds that agree with one another but for these."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest

from hedui.checks.entries import registry
from hedui.demo.births.build import build_births
from hedui.demo.births.families import Births
from hedui.demo.births.files import write_births
from hedui.demo.births.upload import plan_upload
from hedui.demo.planting import DATES
from hedui.rules import rules

SEED = 3
ELSEWHERE = ("F13", "F14", "F19", "F20", "F24", "F25")
"""Rules that the ledgers of the upload and of requests for help judge."""


PAIRS = {
    "births_registered": (("shengyu", "birth"), "F16", 15, ("child_name", "sex", "birth_date", "mother_id_number", "birth_order")),
    "births_households": (("gongan", "household"), "F22", 30, ("child_name", "sex", "birth_date", "mother_id_number")),
    "births_health": (("jiankang", "health_record"), "K03", 30, ("sex", "birth_date", "mother_id_number")),
}
"""The site's comparisons of births: the other feed, the rule, the days given, the fields."""


@pytest.fixture(scope="module")
def births() -> Births:
    return build_births(SEED)


def subjects(births: Births, rule: str, expect: str) -> set[tuple[str, str, str | None]]:
    return {(line.scope, line.subject_key, line.field) for line in births.truth if (line.rule, line.expect) == (rule, expect)}


@pytest.mark.parametrize("rule", [f"F{number:02d}" for number in range(1, 26) if f"F{number:02d}" not in ELSEWHERE])
def test_every_rule_has_hits_and_near_misses(births: Births, rule: str) -> None:
    assert len(subjects(births, rule, "hit")) >= 4
    assert len(subjects(births, rule, "near")) >= 2


def test_the_other_f_rules_say_where_they_are_judged() -> None:
    assert {rule for rule in rules() if rule.startswith("F")} - {line.rule for line in build_births(SEED).truth} == set(ELSEWHERE)
    assert set(ELSEWHERE) <= set(registry().elsewhere)


@pytest.mark.parametrize("rule", ELSEWHERE)
def test_what_the_ledgers_judge_is_planted_on_the_way(births: Births, rule: str) -> None:
    lines = [(line.business_date, line.subject_key, line.expect) for line in plan_upload(births).truth if line.rule == rule]
    assert {expect for _, _, expect in lines} == {"hit", "near"}
    assert len({line[:2] for line in lines}) == len(lines), "nothing is both, or told twice"


def test_no_finding_is_expected_twice_and_no_near_miss_is_a_hit(births: Births) -> None:
    hits = Counter(astuple(line)[:9] for line in births.truth if line.expect == "hit")
    assert set(hits.values()) == {1}
    assert not set(hits) & {astuple(line)[:9] for line in births.truth if line.expect == "near"}


def test_both_months_have_births(births: Births) -> None:
    months = Counter(
        record.values["birth_date"].strftime("%Y%m")
        for record in births.records
        if (record.source, record.dataset) == ("chusheng", "birth")
    )
    assert months["202605"] > 100
    assert months["202606"] >= 16


def test_everybody_is_made_up(births: Births) -> None:
    numbers = {
        str(value)
        for record in births.records
        for name, value in record.values.items()
        if name.endswith("id_number") and value is not None
    }
    assert len(numbers) > 500
    assert all(number.startswith("99") and len(number) == 18 for number in numbers)


def test_the_same_seed_writes_the_same_bytes(births: Births, tmp_path: Path) -> None:
    rows = write_births(tmp_path / "one", births)
    assert write_births(tmp_path / "other", build_births(SEED)) == rows
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(files) == 7 * len(DATES)
    for path in files:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "other" / path).read_bytes()


def feed(births: Births, source: str, dataset: str, day: int) -> dict[str, dict[str, Any]]:
    """The rows of a feed that count on a date, by certificate; numbers that are there twice are None."""
    rows: dict[str, Any] = {}
    for record in births.records:
        values = record.at(day) if (record.source, record.dataset) == (source, dataset) else None
        if values is None or values.get("record_state") == "0" or values.get("record_type") == "4":
            continue
        cleaned = {name: value.strip(" \u3000").upper() if isinstance(value, str) else value for name, value in values.items()}
        key = cleaned["certificate_no"]
        rows[key] = None if key in rows else cleaned
    return rows


@pytest.mark.parametrize("day", range(len(DATES)))
@pytest.mark.parametrize("scope", PAIRS)
def test_feeds_differ_where_it_was_planted_and_nowhere_else(births: Births, scope: str, day: int) -> None:
    (source, dataset), rule, days, fields = PAIRS[scope]
    left, right = feed(births, "chusheng", "birth", day), feed(births, source, dataset, day)
    found: set[tuple[str, str, str, str | None]] = set()
    for key in left.keys() | right.keys():
        one, other = left.get(key), right.get(key)
        if key in left and one is None:
            found.add(("K02", "DUP", key, None))
        elif one is not None and other is not None:
            found |= {(rule, "ATTR", key, name) for name in fields if one[name] != other[name]}
        else:
            born = (one or other or {})["birth_date"]
            if born is None or (DATES[day] - born).days > days:
                found.add((rule, "ONLY_RIGHT" if one is None else "ONLY_LEFT", key, None))
    planted = {
        (line.rule, line.kind, line.subject_key, line.field)
        for line in births.truth
        if (line.scope, line.business_date, line.expect) == (scope, DATES[day], "hit")
    }
    assert found == planted
