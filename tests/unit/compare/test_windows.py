"""Flows over several dates: in transit, cleared, late, in any order of runs."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest

from unit.compare.flows import D1, D2, D3, D4, SITE, assert_foots, found, pay, put

DATES = (D1, D2, D3, D4)


@pytest.fixture
def bench(make_bench: Callable[..., Any]) -> Any:
    return make_bench(SITE)


def transit(missing: str) -> tuple[Any, ...]:
    return ("R09", "IN_TRANSIT", missing, "A", None, 150)


LATE = ("R10", "LATE", "sb", "A", None, 150)
ONE_SIDED = ("R04", "ONLY_RIGHT", "tax", "A", None, 150)
CUT_RIGHT, CUT_LEFT = ("R07", "CUTOFF", "sb", "A", None, 150), ("R07", "CUTOFF", "tax", "A", None, 150)
AMOUNT = ("R05", "AMT", "sb", "A", "paid", 1)
TWICE = [
    ("K02", "DUP", "tax", "A", None, 150),
    ("R01", "TOTAL", "sb", "990101", None, 150),
    ("R02", "COUNT", "sb", "990101", None, None),
]

CASES = [
    pytest.param(
        {D1: ([pay("A")], [])}, {D1: [transit("sb")], D2: [transit("sb")], D3: [LATE], D4: [LATE]}, id="left only: in transit, then late"
    ),
    pytest.param(
        {D1: ([], [pay("A")])},
        {D1: [transit("tax")], D2: [transit("tax")], D3: [ONE_SIDED], D4: [ONE_SIDED]},
        id="right only: in transit, then one-sided",
    ),
    pytest.param({D1: ([pay("A")], []), D2: ([], [pay("A")])}, {D1: [transit("sb")], D2: [CUT_RIGHT]}, id="cleared within the window"),
    pytest.param({D2: ([pay("A")], []), D1: ([], [pay("A")])}, {D1: [transit("tax")], D2: [CUT_LEFT]}, id="the right side came first"),
    pytest.param(
        {D1: ([pay("A")], []), D4: ([], [pay("A")])},
        {D1: [transit("sb")], D2: [transit("sb")], D3: [LATE], D4: [CUT_RIGHT]},
        id="cleared after it was late",
    ),
    pytest.param(
        {D1: ([pay("A")], []), D2: ([], [pay("A", 99)])},
        {D1: [transit("sb")], D2: [CUT_RIGHT, AMOUNT], D3: [AMOUNT], D4: [AMOUNT]},
        id="cleared with another amount",
    ),
    pytest.param(
        {D1: ([pay("A")], []), D2: ([pay("A")], []), D3: ([], [pay("A")])},
        {
            D1: [transit("sb")],
            D2: [transit("sb"), *TWICE],
            D3: [CUT_RIGHT, *TWICE],
            D4: TWICE,
        },
        id="the same key again while it is open is a duplicate",
    ),
    pytest.param(
        {D1: ([pay("A")], []), D2: ([], [pay("A")]), D3: ([pay("A")], [])},
        {D1: [transit("sb")], D2: [CUT_RIGHT], D3: [transit("sb")], D4: [transit("sb")]},
        id="a key may come again after it was cleared",
    ),
    pytest.param(
        {D1: ([pay("A")], []), D3: ([pay("A")], [pay("A")])},
        {D1: [transit("sb")], D2: [transit("sb")], D3: [LATE], D4: [LATE]},
        id="a pair of one date is matched first",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("deliveries", "expected"), CASES)
def test_windows(
    bench: Any, deliveries: dict[dt.date, tuple[list[Any], list[Any]]], expected: dict[dt.date, list[tuple[Any, ...]]]
) -> None:
    for date in DATES:
        put(bench, date, *deliveries.get(date, ([], [])))
        bench.run("flow", date)
    for date in DATES:
        assert found(bench, date) == Counter(expected.get(date, [])), date
        assert_foots(bench, date)


def test_what_is_corrected_on_its_own_date_is_gone_on_the_later_ones(bench: Any) -> None:
    put(bench, D1, [pay("A")], [pay("A", 99)])
    for date in (D2, D3):
        put(bench, date, [], [])
    for date in (D1, D2, D3):
        bench.run("flow", date)
    assert AMOUNT in found(bench, D3)
    assert {row["origin_date"] for row in bench.findings("flow", D3)} == {D1}
    put(bench, D1, [pay("A")], [pay("A")])
    bench.run("flow", D1)
    assert [found(bench, date) for date in (D1, D2, D3)] == [Counter()] * 3


def test_an_item_carries_the_date_it_came(bench: Any) -> None:
    put(bench, D1, [pay("A")], [])
    put(bench, D2, [], [])
    for date in (D1, D2):
        bench.run("flow", date)
        assert [row["origin_date"] for row in bench.findings("flow", date)] == [D1]
    assert bench.balance("flow", D2)["left"]["carried_in_fen"] == 150


def test_the_order_of_dates_never_matters(make_bench: Callable[..., Any]) -> None:
    deliveries = {
        D1: ([pay("A"), pay("B"), pay("C")], [pay("B"), pay("D")]),
        D2: ([pay("D"), pay("C")], [pay("A", 99)]),
        D3: ([pay("A")], [pay("C"), pay("E")]),
        D4: ([], [pay("A"), pay("E")]),
    }
    results = []
    for order in [*[*permutations(DATES)][::5], (*DATES, D1, D2)]:
        bench = make_bench(SITE)
        for date, sides in deliveries.items():
            bench.context.lake.remove(bench.context.findings("flow", date))
            put(bench, date, *sides)
        for date in order:
            bench.run("flow", date)
        manifests = [bench.context.lake.manifest(bench.context.findings("flow", date)) for date in DATES]
        results.append([(manifest.digest, manifest.meta["balance"]) for manifest in manifests])
    assert all(result == results[0] for result in results)


def test_a_date_without_a_side_is_left_out_of_the_window(bench: Any) -> None:
    put(bench, D1, [pay("A")], [])
    put(bench, D2, [], [pay("A")])
    put(bench, D3, [], [])
    for date in (D1, D2, D3):
        bench.run("flow", date)
    assert found(bench, D3) == Counter()
    bench.context.lake.remove(bench.context.canonical("payment", "sb", D2))
    assert bench.run("flow", D2).state == "skipped"
    assert bench.context.lake.manifest(bench.context.findings("flow", D2)) is None
    assert found(bench, D3) == Counter([LATE])


def test_a_stale_night_is_not_built_upon(bench: Any) -> None:
    put(bench, D1, [pay("A")], [])
    put(bench, D2, [], [])
    put(bench, D3, [], [])
    for date in (D1, D2, D3):
        bench.run("flow", date)
    lake = bench.context.lake
    kept = lake.manifest(bench.context.findings("flow", D1))
    lake.put_manifest(
        bench.context.findings("flow", D1), type(kept)(rows=0, files={"open": []}, meta={"chain": "of another world"})
    )
    bench.run("flow", D3)
    assert found(bench, D3) == Counter([LATE])
