"""The key ladder and what goes with it, on small tables by hand."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest

from unit.compare.flows import D1, D2, D3, assert_foots, found, rows_of
from unit.compare.ladders import DATES, FLOW, REFUNDS, SITE, bank, deliver, tax


@pytest.fixture
def bench(make_bench: Callable[..., Any]) -> Any:
    return make_bench(SITE)


def rules(bench: Any, date: dt.date) -> Counter[tuple[str, str]]:
    """Code and rule of what the window settled on a date, per row."""
    return Counter((row["code"], row["match_rule"]) for row in rows_of(bench, date, "links"))


VOUCHER, NATURAL, FUZZY = "tax_voucher_no+insurance", "unit_no+insurance+period", "fuzzy:unit_no+insurance+levy_no"
REVERSAL = {"reversal_flag": "1"}
CASES = [
    pytest.param(
        [bank(None, tax_voucher_no="V1")], [tax("A", tax_voucher_no="V1")], [("MATCHED", VOUCHER, 2)], [], id="no number: by voucher"
    ),
    pytest.param(
        [bank(None, tax_voucher_no="V1", period="202604")],
        [tax("A", tax_voucher_no="V1")],
        [("DIFFERENT", VOUCHER, 2)],
        [("R08", "PERIOD", "tax", "A", "period", None)],
        id="another month",
    ),
    pytest.param(
        [bank("X", tax_unit_no="T1")],
        [tax("A", 90, unit_no="U1")],
        [("DIFFERENT", NATURAL, 2)],
        [("R05", "AMT", "tax", "X", "paid", 10), ("R01", "TOTAL", "tax", "990101", None, 10)],
        id="by what it is, through the map, with another amount",
    ),
    pytest.param(
        [bank("X", tax_unit_no="T1", tax_voucher_no="V1"), bank("Y", tax_unit_no="T2", tax_voucher_no="V2")],
        [tax("A", unit_no="U2", tax_voucher_no="V1"), tax("B", unit_no="U1", tax_voucher_no="V9")],
        [("MATCHED", VOUCHER, 2)],
        [("R09", "IN_TRANSIT", "tax", "Y", None, 100), ("R09", "IN_TRANSIT", "bank", "B", None, 100)],
        id="a later rung sees only what an earlier one left",
    ),
    pytest.param(
        [bank("X", tax_unit_no="T1"), bank("Y", tax_unit_no="T1")],
        [tax("A", unit_no="U1")],
        [],
        [("R09", "IN_TRANSIT", "tax", key, None, 100) for key in "XY"] + [("R09", "IN_TRANSIT", "bank", "A", None, 100)],
        id="two rows with one natural key are not guessed at",
    ),
    pytest.param(
        [bank("X", tax_unit_no="T1", levy_no="L100", period="202604")],
        [tax("A", 96, unit_no="U1", levy_no="L108")],
        [("DIFFERENT", FUZZY, 2)],
        [
            ("R05", "AMT", "tax", "X", "paid", 4), ("R08", "PERIOD", "tax", "X", "period", None),
            ("R01", "TOTAL", "tax", "990101", None, 4),
        ],
        id="a typing mistake in the notice",
    ),
    pytest.param(
        [bank("X", tax_unit_no="T1", levy_no="L100", period="202604")],
        [tax("A", 94, unit_no="U1", levy_no="L108")],
        [],
        [("R09", "IN_TRANSIT", "tax", "X", None, 100), ("R09", "IN_TRANSIT", "bank", "A", None, 94)],
        id="near: the amount is too far away",
    ),
    pytest.param(
        [bank("X", tax_unit_no="T1", levy_no="L100", period="202604")],
        [tax("A", unit_no="U1", levy_no="L101"), tax("B", unit_no="U1", levy_no="L102")],
        [],
        [
            ("R09", "IN_TRANSIT", "tax", "X", None, 100), ("R09", "IN_TRANSIT", "bank", "A", None, 100),
            ("R09", "IN_TRANSIT", "bank", "B", None, 100),
        ],
        id="near: two that look alike",
    ),
    pytest.param(
        [bank(None, tax_unit_no="T9")],
        [],
        [],
        [
            ("U12", "KEYMAP", "bank", "T9", None, 100), ("R01", "TOTAL", "tax", "990101", None, 100),
            ("R02", "COUNT", "tax", "990101", None, None),
        ],
        id="a number that no map knows, and nothing else to go by",
    ),
    pytest.param(
        [bank(None, tax_unit_no="T9", tax_voucher_no="V1")],
        [tax("A", tax_voucher_no="V1", unit_no="U1")],
        [("MATCHED", VOUCHER, 2)],
        [],
        id="near: another rung does not need the map",
    ),
    pytest.param(
        [bank("A"), bank("R", -100, original_no="BA", **REVERSAL), bank("C", 70)],
        [tax("C", 70)],
        [("REVERSED", "reversal", 2)],
        [],
        id="a row and its reversal are nothing",
    ),
    pytest.param(
        [
            bank("A", levy_no="L1"), bank("A", -100, levy_no="L1", bank_serial="Q", **REVERSAL),
            bank("A", 120, bank_serial="Z", levy_no="L1"),
        ],
        [tax("A", 120)],
        [("REVERSED", "reversal", 2)],
        [],
        id="undone by equal and opposite amounts before the number counts as double",
    ),
    pytest.param(
        [bank("R", -100, original_no="NIL", **REVERSAL)],
        [],
        [],
        [("R21", "REV_ORPHAN", "tax", "R", None, -100)],
        id="a reversal of nothing",
    ),
    pytest.param(
        [bank("A"), bank("R", -60, original_no="BA", **REVERSAL)],
        [tax("A")],
        [],
        [("R21", "REV_ORPHAN", "tax", "R", None, -60)],
        id="a reversal of a part",
    ),
    pytest.param(
        [bank("A"), bank("R", -100, original_no="BA")],
        [tax("A")],
        [],
        [("R09", "IN_TRANSIT", "tax", "R", None, -100)],
        id="near: below zero, but no reversal",
    ),
    pytest.param(
        [bank("X", 300, levy_no="L1")],
        [tax(key, fen, levy_no="L1") for key, fen in (("A", 100), ("B", 50), ("C", 150))],
        [("MATCHED", "bundle", 4)],
        [],
        id="one payment for three levies",
    ),
    pytest.param(
        [bank("X", 30, levy_no="L1"), bank("Y", 70, levy_no="L1")],
        [tax("A", 100, levy_no="L1")],
        [("MATCHED", "bundle", 3)],
        [],
        id="two payments for one levy",
    ),
    pytest.param(
        [bank("X", 300, levy_no="L1"), bank("Y", 1, levy_no="L1")],
        [tax(key, fen, levy_no="L1") for key, fen in (("A", 100), ("B", 200), ("C", 7))],
        [("MATCHED", "bundle", 3)],
        [("R09", "IN_TRANSIT", "tax", "Y", None, 1), ("R09", "IN_TRANSIT", "bank", "C", None, 7)],
        id="a sum among others",
    ),
    pytest.param(
        [bank("X", 300, levy_no="L1")],
        [tax(key, fen, levy_no="L1") for key, fen in (("A", 100), ("B", 200), ("C", 200))],
        [],
        [("R09", "IN_TRANSIT", "tax", "X", None, 300), ("R20", "BUNDLE", "tax", "L1", None, -200)]
        + [("R09", "IN_TRANSIT", "bank", key, None, fen) for key, fen in (("A", 100), ("B", 200), ("C", 200))],
        id="two ways to make a sum: neither is taken",
    ),
    pytest.param(
        [bank("X", 300, levy_no="L1")],
        [tax(f"A{n}", 10 + n, levy_no="L1") for n in range(6)],
        [],
        [("R09", "IN_TRANSIT", "tax", "X", None, 300), ("R20", "BUNDLE", "tax", "L1", None, 225)]
        + [("R09", "IN_TRANSIT", "bank", f"A{n}", None, 10 + n) for n in range(6)],
        id="more rows than are searched: said, not skipped",
    ),
    pytest.param(
        [bank("A", paid_status="?9")],
        [tax("A")],
        [],
        [("R15", "CODE", "tax", "A", "paid_status", None)],
        id="a code that no table knows",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right", "settled", "expected"), CASES)
def test_one_date(
    bench: Any, left: list[Any], right: list[Any], settled: list[tuple[str, str, int]], expected: list[tuple[Any, ...]]
) -> None:
    deliver(bench, D1, left, right)
    bench.run("flow", D1)
    assert found(bench, D1) == Counter(expected)
    assert rules(bench, D1) == Counter({(code, rule): count for code, rule, count in settled})
    assert_foots(bench, D1)


def test_a_tolerance_ends_at_its_last_fen(make_bench: Callable[..., Any]) -> None:
    """Three fen apart is settled and shown as tolerated, four is a difference, on a later rung as on the first."""
    bench = make_bench(SITE | {"comparisons": [FLOW | {"tolerance_fen": 3}]})
    left = [
        bank("A", 103),
        bank("B", 104),
        bank(None, 97, tax_voucher_no="V1"),
        bank(None, 96, tax_voucher_no="V2", bank_serial="Z"),
    ]
    deliver(bench, D1, left, [tax("A"), tax("B"), tax("C", tax_voucher_no="V1"), tax("D", tax_voucher_no="V2")])
    bench.run("flow", D1)
    assert rules(bench, D1) == Counter({("MATCHED_TOL", VOUCHER): 2, ("DIFFERENT", VOUCHER): 2})
    assert {key[3]: key[5] for key in found(bench, D1) if key[:2] == ("R05", "AMT")} == {"B": 4, "D": -4}
    assert_foots(bench, D1)


def test_the_rung_is_in_the_evidence_and_counted(bench: Any) -> None:
    deliver(bench, D1, [bank("A", 1), bank("X", tax_unit_no="T1")], [tax("A", 2), tax("B", 90, unit_no="U1")])
    bench.run("flow", D1)
    named = {json.loads(row["evidence"])["match_rule"] for row in bench.findings("flow", D1) if row["kind"] == "AMT"}
    assert named == {"detail_no", NATURAL}
    assert bench.context.lake.manifest(bench.context.findings("flow", D1)).meta["matching"] == {
        "pairs": {NATURAL: 1},
        "not_alone": {},
    }


ACROSS = [
    pytest.param(
        {D1: ([bank(None, tax_voucher_no="V1")], []), D2: ([], [tax("A", tax_voucher_no="V1")])},
        {D1: [("R09", "IN_TRANSIT", "tax", "no:BNone", None, 100)], D2: [("R07", "CUTOFF", "tax", "A", None, 100)]},
        id="without a number, over two dates",
    ),
    pytest.param(
        {D1: ([bank("A")], []), D3: ([bank("R", -100, original_no="BA", **REVERSAL)], [])},
        {D1: [("R09", "IN_TRANSIT", "tax", "A", None, 100)], D2: [("R09", "IN_TRANSIT", "tax", "A", None, 100)]},
        id="undone two days later",
    ),
    pytest.param(
        {D1: ([bank("R", -100, original_no="BA", **REVERSAL)], []), D2: ([bank("A")], [])},
        {D1: [("R21", "REV_ORPHAN", "tax", "R", None, -100)]},
        id="the reversal came before what it undoes",
    ),
    pytest.param(
        {D1: ([bank("A")], [tax("A")]), D2: ([bank("R", -100, original_no="BA", **REVERSAL)], [])},
        {
            D2: [("R09", "IN_TRANSIT", "tax", "R", None, -100)], D3: [("R09", "IN_TRANSIT", "tax", "R", None, -100)],
            DATES[3]: [("R13", "LONG", "tax", "R", None, -100)],
        },
        id="a reversal of what was matched waits for the other side's",
    ),
    pytest.param(
        {D1: ([bank("X", 300, levy_no="L1")], [tax("A", 100, levy_no="L1")]), D2: ([], [tax("B", 200, levy_no="L1")])},
        {D1: [("R09", "IN_TRANSIT", "tax", "X", None, 300), ("R09", "IN_TRANSIT", "bank", "A", None, 100)]},
        id="the second part of a sum comes the next day",
    ),
    pytest.param(
        {D1: ([bank("X")], [tax("Y", 7)])},
        {date: [("R09", "IN_TRANSIT", "tax", "X", None, 100), ("R09", "IN_TRANSIT", "bank", "Y", None, 7)] for date in (D1, D2)}
        | {date: [("R13", "LONG", "tax", "X", None, 100), ("R14", "SHORT", "bank", "Y", None, 7)] for date in DATES[2:]},
        id="money without business, business without money",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("deliveries", "expected"), ACROSS)
def test_over_dates(bench: Any, deliveries: dict[dt.date, Any], expected: dict[dt.date, list[tuple[Any, ...]]]) -> None:
    for date in DATES:
        deliver(bench, date, *deliveries.get(date, ([], [])))
        bench.run("flow", date)
    for date in DATES:
        assert found(bench, date) == Counter(expected.get(date, [])), date
        assert_foots(bench, date)


PAID = {"unit_refund_fen": 60, "person_refund_fen": 0, "pool_region": "990101", "insurance": "110", "period": "202605"}


def test_refunds_against_their_originals(make_bench: Callable[..., Any]) -> None:
    bench = make_bench(SITE | {"comparisons": [REFUNDS]})
    paid = [tax("A", 100, payment_flag="pay"), tax("B", 50), tax("C", 200, tax_voucher_no="V1")]
    refunds = {
        D1: [("1", {"original_no": "A"}), ("2", {"original_no": "NIL"}), ("3", {"tax_voucher_no": "V1"})],
        D2: [
            ("4", {"original_no": "A"}), ("5", {}),
            ("6", {"original_no": "OLD", "original_paid_date": dt.date(2026, 1, 5), "original_paid_fen": 60}),
            ("7", {"original_no": "OLDER", "original_paid_date": dt.date(2026, 1, 5), "original_paid_fen": 59}),
        ],
        D3: [],
    }  # fmt: skip
    for date, rows in refunds.items():
        bench.put("refund", "sb", date, [PAID | {"refund_no": number, **more} for number, more in rows])
        bench.put("payment", "tax", date, paid if date == D1 else [])
        bench.run("flow", date)
    judged = [
        {row["subject_key"]: row["rule"] for row in bench.findings("flow", date) if row["kind"] == "RULE"} for date in refunds
    ]
    later = {"2": "C17", "4": "C16", "5": "C17", "7": "C16"}
    assert judged == [{"2": "C17"}, later, later]
    assert [row["subject_key"] for row in bench.findings("flow", D3) if row["kind"] == "REFUND"] == ["V1"]


def test_the_order_of_dates_does_not_matter(make_bench: Callable[..., Any]) -> None:
    deliveries = {
        D1: ([bank("R", -100, original_no="BA", **REVERSAL), bank("X", 300, levy_no="L1")], [tax("M", unit_no="U1")]),
        D2: ([bank("A"), bank(None, tax_voucher_no="V1")], [tax("N", 100, levy_no="L1"), tax("O", 200, levy_no="L1")]),
        D3: ([bank("Q", 90, tax_unit_no="T1")], [tax("P", tax_voucher_no="V1")]),
    }
    results = []
    for order in [*permutations((D1, D2, D3)), (D1, D2, D3, D1)]:
        bench = make_bench(SITE)
        for date, sides in deliveries.items():
            bench.context.lake.remove(bench.context.findings("flow", date))
            deliver(bench, date, *sides)
        for date in order:
            bench.run("flow", date)
        results.append([bench.context.lake.manifest(bench.context.findings("flow", date)).digest for date in deliveries])
    assert all(result == results[0] for result in results)
