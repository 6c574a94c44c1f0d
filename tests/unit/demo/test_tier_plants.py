"""Months, accounts, benefits, deaths and legacy schemes: every rule and outcome is planted, with near misses, on the dates it should be."""

from __future__ import annotations

from typing import Any

import pytest

from hedui.demo.planting import DATES, MISSING_DATE, TIER_TABLES, Expectation
from tests.unit.demo.conftest import Small
from tests.unit.demo.test_truth import count

RULES = (
    "C25", "D01", "D02", "D03", "D04", "D05", "D07", "D09", "D10", "D11", "E14", "E15", "E20", "P23", "T10", "T11", "T15", "T16",
)  # fmt: skip
COMPARED = {
    "months_tiers": [
        "T07 MISSING_TIER", "T08 ATTR", "T08 AMT", "T13 ATTR", "T14 IN_TRANSIT", "T14 LATE", "K01 KEY", "K02 DUP",
    ],
    "accounts_tiers": [
        "T01 MISSING_TIER", "T02 MISSING_TIER", "T04 STATUS", "T05 ATTR", "T06 ATTR", "T09 AMT", "T14 IN_TRANSIT", "T14 LATE",
    ],
    "benefit_tiers": ["T01 MISSING_TIER", "T02 MISSING_TIER", "T12 AMT"],
    "accounts_residents": ["T09 AMT"],
    "benefit_residents": ["T04 STATUS"],
    "scheme_laonongbao": ["T01 ONLY_RIGHT", "T02 ONLY_LEFT", "T04 STATUS", "T17 AMT"],
    "scheme_beizhengdi": ["T01 ONLY_RIGHT", "T02 ONLY_LEFT", "T04 STATUS", "T17 AMT"],
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_hits_and_near_misses(small: Small, rule: str) -> None:
    assert count(small.truth, "hit", rule=rule, kind="RULE") >= 4
    assert count(small.truth, "near", rule=rule, kind="RULE") >= 2


@pytest.mark.parametrize(("scope", "outcome"), [pytest.param(s, o, id=f"{s} {o}") for s, many in COMPARED.items() for o in many])
def test_every_outcome_of_a_comparison_has_hits_and_near_misses(small: Small, scope: str, outcome: str) -> None:
    rule, kind = outcome.split()
    assert count(small.truth, "hit", rule=rule, kind=kind, scope=scope) >= 2
    assert count(small.truth, "near", rule=rule, kind=kind, scope=scope) >= 1


def lines(small: Small, scope: str, rule: str, expect: str = "hit", **more: Any) -> list[Expectation]:
    return [
        line
        for line in small.truth
        if (line.scope, line.rule, line.expect) == (scope, rule, expect) and all(getattr(line, k) == v for k, v in more.items())
    ]


def test_tiers_are_silent_where_the_batch_is_missing(small: Small) -> None:
    assert not [
        line for line in small.truth if line.scope in ("months_tiers", "accounts_tiers") and line.business_date == MISSING_DATE
    ]
    assert {line.business_date for line in lines(small, "benefit_residents", "T04")} == set(DATES)


def test_a_change_upstream_is_a_notice_and_then_overdue(small: Small) -> None:
    kinds: dict[str, set[tuple[str, int]]] = {}
    for line in lines(small, "months_tiers", "T14"):
        kinds.setdefault(line.subject_key, set()).add((line.kind, DATES.index(line.business_date)))
    assert {frozenset(found) for found in kinds.values()} == {
        frozenset({("IN_TRANSIT", 0), ("LATE", 2)}),
        frozenset({("LATE", 0), ("LATE", 2)}),
        frozenset({("IN_TRANSIT", 0)}),
    }


def test_a_code_means_something_else_from_the_cut_over_on(small: Small) -> None:
    dates: dict[str, set[int]] = {}
    for line in lines(small, "accounts_tiers", "T04", field="account_state"):
        dates.setdefault(line.subject_key, set()).add(DATES.index(line.business_date))
    assert {0} in dates.values()
    assert {2} in dates.values()


@pytest.mark.parametrize("table", TIER_TABLES, ids=lambda table: f"{table.source} {table.name}")
def test_ordinary_rows_are_there_and_few(small: Small, table: Any) -> None:
    rows = small.connection.execute(f"SELECT count(*) FROM ({table.ideal}) WHERE {table.ordinary}").fetchone()
    assert rows is not None
    assert 0 < rows[0] <= small.world.persons


@pytest.mark.parametrize("source", ["shebao", "sheng", "guotong"])
def test_ordinary_accounts_foot(small: Small, source: str) -> None:
    (table,) = [item for item in TIER_TABLES if (item.source, item.dataset) == (source, "pension_account")]
    broken = small.connection.execute(
        f"""
        SELECT count(*) FROM ({table.ideal})
        WHERE opening_fen + principal_fen + interest_fen - expense_fen <> closing_fen OR months_before + months_year <> months_paid
           OR months_paid + months_deemed <> months_total"""
    ).fetchone()
    assert broken == (0,)
