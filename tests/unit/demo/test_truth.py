from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import astuple

import duckdb
import pytest

from hedui.demo.planting import DATES, MISSING_DATE, Expectation
from tests.unit.demo.conftest import Small, populated

ROW_RULES = (
    "P01", "P03", "P04", "P05", "P07", "P08", "P10", "P12", "P13", "P16", "P18", "U01", "U02", "E01", "E04", "E07", "E08", "E09",
    "E20", "E21", "C01", "C02", "C03", "C04", "C06", "C08", "C11", "C15", "C19", "C21", "U09", "C09", "B05",
)  # fmt: skip
"""Rules of the checks whose findings have the kind RULE."""

COMPARED = {
    "person_tiers": ["T01 MISSING_TIER", "T02 MISSING_TIER", "T03 ATTR", "T05 ATTR", "P23 ATTR", "K01 KEY", "K02 DUP"],
    "enrolment_tiers": ["T01 MISSING_TIER", "T02 MISSING_TIER", "T04 STATUS", "T05 ATTR", "T06 ATTR", "K02 DUP"],
    "registration_tax": ["E17 ONLY_LEFT", "E17 ONLY_RIGHT", "E18 ATTR", "E18 STATUS", "K02 DUP"],
    "registration_medical": ["E17 ONLY_LEFT", "E17 ONLY_RIGHT", "E18 ATTR", "K01 KEY"],
    "unit_tax": ["E17 ONLY_LEFT", "E17 ONLY_RIGHT", "E18 ATTR", "U11 ATTR", "U12 KEYMAP", "K02 DUP"],
    "unit_medical": ["E17 ONLY_LEFT", "E17 ONLY_RIGHT", "E18 ATTR", "K01 KEY", "K02 DUP"],
    "levy_payment": [
        "R01 TOTAL", "R02 COUNT", "R04 ONLY_RIGHT", "R05 AMT", "R07 CUTOFF", "R09 IN_TRANSIT", "R10 LATE", "K01 KEY", "K02 DUP",
    ],
    "tax_recorded": [
        "R01 TOTAL", "R02 COUNT", "R04 ONLY_RIGHT", "R05 AMT", "R06 STATUS", "R07 CUTOFF", "R08 PERIOD", "R09 IN_TRANSIT", "R10 LATE",
        "R24 ATTR", "K02 DUP",
    ],
}  # fmt: skip
"""Rule and kind of every outcome of the site's comparisons."""


def count(truth: list[Expectation], expect: str, *, rule: str, kind: str, scope: str = "") -> int:
    """Different subjects with that outcome."""
    return len(
        {
            (line.scope, line.subject_key, line.insurance, line.field)
            for line in truth
            if (line.expect, line.rule, line.kind) == (expect, rule, kind) and scope in ("", line.scope)
        }
    )


@pytest.mark.parametrize("rule", ROW_RULES)
def test_every_row_rule_has_hits_and_near_misses(small: Small, rule: str) -> None:
    assert count(small.truth, "hit", rule=rule, kind="RULE") >= 4
    assert count(small.truth, "near", rule=rule, kind="RULE") >= 2


@pytest.mark.parametrize(("scope", "outcome"), [pytest.param(s, o, id=f"{s} {o}") for s, many in COMPARED.items() for o in many])
def test_every_outcome_of_a_comparison_has_hits_and_near_misses(small: Small, scope: str, outcome: str) -> None:
    rule, kind = outcome.split()
    assert count(small.truth, "hit", rule=rule, kind=kind, scope=scope) >= 2
    assert count(small.truth, "near", rule=rule, kind=kind, scope=scope) >= 1


@pytest.mark.parametrize("scope", ["check:enrolment:shebao", "check:tax_registration:shuiwu", "check:payment:shuiwu"])
def test_unknown_codes_are_hits_of_kind_code(small: Small, scope: str) -> None:
    assert count(small.truth, "hit", rule="E06", kind="CODE", scope=scope) >= 2


@pytest.mark.parametrize("field", ["unit", "person", "late_fee", "unit_interest", "person_interest", "subsidy"])
def test_every_amount_component_differs_somewhere(small: Small, field: str) -> None:
    hits = [
        line for line in small.truth if (line.scope, line.kind, line.field, line.expect) == ("tax_recorded", "AMT", field, "hit")
    ]
    assert len(hits) >= 4


def test_no_finding_is_expected_twice(small: Small) -> None:
    hits = Counter(astuple(line)[:9] for line in small.truth if line.expect == "hit")
    twice = {key for key, count in hits.items() if count > 1}
    both_upper_tiers = {key for key in twice if key[1] == "person_tiers" and key[3] == "MISSING_TIER" and hits[key] == 2}
    assert twice == both_upper_tiers  # one finding per tier that lacks the person


def test_no_near_miss_is_also_a_hit(small: Small) -> None:
    hits, nears = ({astuple(line)[:9] for line in small.truth if line.expect == expect} for expect in ("hit", "near"))
    assert not hits & nears


def test_nothing_is_found_where_a_batch_is_missing(small: Small) -> None:
    that_day = [line for line in small.truth if line.business_date == MISSING_DATE]
    assert [line.rule for line in that_day if line.source == "guotong"] == ["B12"]
    assert not [line for line in that_day if line.scope in ("person_tiers", "enrolment_tiers")]


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        pytest.param("E04", {(0, 1, 2), (1, 2), (0, 1), (0, 2)}, id="always, appearing, vanishing, reopening"),
        pytest.param("E20", {(1, 2), (0, 1, 2)}, id="30 days are over on the second date"),
    ],
)
def test_hits_come_and_go_over_the_dates(small: Small, rule: str, days: set[tuple[int, ...]]) -> None:
    seen: dict[str, set[int]] = {}
    for line in small.truth:
        if line.rule == rule and line.expect == "hit" and line.source != "guotong":
            seen.setdefault(f"{line.source}/{line.subject_key}/{line.insurance}", set()).add(DATES.index(line.business_date))
    assert {tuple(sorted(found)) for found in seen.values()} == days


def test_future_death_is_no_longer_future_on_its_day(small: Small) -> None:
    days: dict[str, set[dt.date]] = {}
    for line in small.truth:
        if (line.rule, line.source, line.expect) == ("P16", "shebao", "hit"):
            days.setdefault(line.subject_key, set()).add(line.business_date)
    assert set(DATES[:2]) in days.values()


def test_the_same_seed_gives_the_same_truth(small: Small) -> None:
    with duckdb.connect() as connection:
        assert populated(connection).truth == small.truth


def test_truth_grows_with_the_world_only_slowly(small: Small) -> None:
    with duckdb.connect() as connection:
        assert len(populated(connection, persons=20000).truth) < 2 * len(small.truth)


def test_snapshot_plants_take_different_persons_and_flows_take_none_of_them(small: Small) -> None:
    subjects = small.planting.subjects["person"]
    assert len({subject.number for subject in subjects}) == len(subjects)
    planted = {f"{1000000000 + number}" for number in small.planting.idle}
    levied = {number for (number,) in small.connection.execute("SELECT DISTINCT person_no FROM base_flow").fetchall()}
    assert levied
    assert not planted & levied
