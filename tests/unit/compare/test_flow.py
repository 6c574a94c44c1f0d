"""Flows on one date: totals, details, duplicate and unusable keys."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pyarrow.parquet as pq
import pytest

from hedui.errors import ConservationError
from hedui.lake import Manifest
from unit.compare.flows import D1, SITE, assert_foots, found, pay, put


@pytest.fixture
def bench(make_bench: Callable[..., Any]) -> Any:
    return make_bench(SITE)


GROUP = "990101"
CASES = [
    pytest.param([pay("A")], [pay("A")], {}, id="equal"),
    pytest.param([pay("A", 100, 50)], [pay("A", 50, 100)], {}, id="the fields of one component are added"),
    pytest.param([pay("A")], [pay("A", person_no="P2", insurance="110")], {}, id="what is not compared may differ"),
    pytest.param(
        [pay("A")],
        [pay("A", 99)],
        {("R05", "AMT", "sb", "A", "paid", 1): 1, ("R01", "TOTAL", "sb", GROUP, None, 1): 1},
        id="an amount and with it the total",
    ),
    pytest.param(
        [pay("A"), pay("B")],
        [pay("A", 99), pay("B", 101)],
        {("R05", "AMT", "sb", "A", "paid", 1): 1, ("R05", "AMT", "sb", "B", "paid", -1): 1},
        id="errors that offset each other in the total are found all the same",
    ),
    pytest.param(
        [pay("A")],
        [pay("A", late_fee_fen=7, period="202604")],
        {
            ("R05", "AMT", "sb", "A", "fee", -7): 1,
            ("R08", "PERIOD", "sb", "A", "period", None): 1,
            ("R01", "TOTAL", "sb", GROUP, None, -7): 1,
        },
        id="component and field",
    ),
    pytest.param([pay("A", paid_status=None)], [pay("A")], {("R06", "STATUS", "sb", "A", "paid_status", None): 1}, id="a field only"),
    pytest.param(
        [pay("A", pool_region="990102")],
        [pay("A")],
        {
            ("R01", "TOTAL", "sb", "990102", None, 150): 1,
            ("R01", "TOTAL", "sb", "990101", None, -150): 1,
            ("R02", "COUNT", "sb", "990102", None, None): 1,
            ("R02", "COUNT", "sb", "990101", None, None): 1,
        },
        id="a pair in two groups is matched, and both totals are off",
    ),
    pytest.param(
        [pay("A", pool_region=None)], [pay("A", pool_region=None)], {}, id="a group without a region is a group"
    ),
    pytest.param([pay("A")], [], {("R09", "IN_TRANSIT", "sb", "A", None, 150): 1}, id="only left, today"),
    pytest.param([], [pay("A")], {("R09", "IN_TRANSIT", "tax", "A", None, 150): 1}, id="only right, today"),
    pytest.param(
        [pay("A"), pay("A")],
        [pay("A")],
        {
            ("K02", "DUP", "tax", "A", None, 150): 1,
            ("R09", "IN_TRANSIT", "tax", "A", None, 150): 1,
            ("R01", "TOTAL", "sb", GROUP, None, 300): 1,
            ("R02", "COUNT", "sb", GROUP, None, None): 1,
        },
        id="twice on the left: both leave the matching, the total is off by them",
    ),
    pytest.param(
        [pay("A"), pay("A")],
        [pay("A"), pay("A")],
        {("K02", "DUP", "tax", "A", None, 150): 1, ("K02", "DUP", "sb", "A", None, 150): 1},
        id="twice on both sides: equal totals hide nothing",
    ),
    pytest.param(
        [pay(None), pay(" ".strip())],
        [],
        {
            ("K01", "KEY", "tax", "no:", None, 300): 1,
            ("R01", "TOTAL", "sb", GROUP, None, 300): 1,
            ("R02", "COUNT", "sb", GROUP, None, None): 1,
        },
        id="no key",
    ),
    pytest.param(
        [pay(None)], [pay(None)], {("K01", "KEY", "tax", "no:", None, 150): 1, ("K01", "KEY", "sb", "no:", None, 150): 1}, id="no key twice"
    ),
    pytest.param([], [], {}, id="no rows"),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right", "expected"), CASES)
def test_kinds(bench: Any, left: list[dict[str, Any]], right: list[dict[str, Any]], expected: dict[tuple[Any, ...], int]) -> None:
    put(bench, D1, left, right)
    bench.run("flow", D1)
    assert found(bench, D1) == Counter(expected)
    assert_foots(bench, D1)


def test_audit_compares_balanced_groups_too(make_bench: Callable[..., Any]) -> None:
    site = SITE | {"comparisons": [SITE["comparisons"][0] | {"audit_sample": 1.0}]}
    bench = make_bench(site)
    put(bench, D1, [pay("A")], [pay("A")])
    bench.run("flow", D1)
    assert [(row["state"], row["compared_in_detail"]) for row in totals(bench)] == [("balanced", True)]


def totals(bench: Any) -> list[dict[str, Any]]:
    files = bench.context.lake.files(bench.context.findings("flow", D1), "totals")
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def test_totals_of_every_group(bench: Any) -> None:
    left = [
        pay("A"),
        pay("B", insurance="210"),
        pay("C", insurance="310"),
        pay("E", insurance="410"),
        pay("F", insurance="410", unit=90),
    ]
    right = [pay("A"), pay("B", 99, insurance="210"), pay("E", insurance="410", unit=90), pay("F", insurance="410")]
    put(bench, D1, left, right)
    bench.run("flow", D1)
    states = {
        row["insurance"]: (row["state"], row["left_count"], row["right_count"], row["left_paid"], row["right_paid"])
        for row in totals(bench)
    }
    assert states == {
        "110": ("balanced", 1, 1, 150, 150),
        "210": ("unbalanced", 1, 1, 150, 149),
        "310": ("in_transit", 1, 0, 150, 0),
        "410": ("detail_differs", 2, 2, 290, 290),
    }


def test_balance_in_rows_and_fen(bench: Any) -> None:
    left = [pay("A"), pay("B", 10), pay("C", 1), pay("D", 2), pay("D", 3), pay(None, 4)]
    put(bench, D1, left, [pay("A"), pay("B", 11)], rejected=3)
    bench.run("flow", D1)
    zero = {
        "one_sided": 0,
        "one_sided_fen": 0,
        "carried_in": 0,
        "carried_in_fen": 0,
        "matched": 1,
        "matched_fen": 150,
        "different": 1,
        **dict.fromkeys(("keymap", "keymap_fen", "reversed", "reversed_fen", "bundled", "tolerated"), 0),
    }
    assert bench.balance("flow", D1) == {
        "left": zero
        | {"rows": 6, "rows_fen": 420, "rejected": 3, "different_fen": 60, "in_transit": 1, "in_transit_fen": 51}
        | {"duplicate": 2, "duplicate_fen": 105, "unusable": 1, "unusable_fen": 54},
        "right": zero
        | {"rows": 2, "rows_fen": 211, "rejected": 0, "different_fen": 61, "in_transit": 0, "in_transit_fen": 0}
        | {"duplicate": 0, "duplicate_fen": 0, "unusable": 0, "unusable_fen": 0},
    }


def test_a_finding_shows_values_and_who_is_right(bench: Any) -> None:
    bench.put("payment", "tax", D1, [pay("A")], raw=[{"LATE_FEE_FEN": "0.00", "PAID_STATUS": "已到账"}])
    bench.put("payment", "sb", D1, [pay("A", late_fee_fen=5, paid_status="2")], raw=[{"LATE_FEE_FEN": "0.05", "PAID_STATUS": "02"}])
    bench.run("flow", D1)
    by_field = {row["field"]: row for row in bench.findings("flow", D1)}
    assert json.loads(by_field["fee"]["side_values"]) == {"tax": "0", "sb": "5"}
    assert json.loads(by_field["fee"]["raw_values"]) == {"tax": "0.00", "sb": "0.05"}
    assert json.loads(by_field["paid_status"]["raw_values"]) == {"tax": "已到账", "sb": "02"}
    assert {row["right_source"] for row in by_field.values()} == {"tax"}
    assert (by_field["paid_status"]["severity"], by_field["paid_status"]["agency"], by_field["fee"]["origin_date"]) == (
        "warning",
        "sb",
        D1,
    )
    assert (by_field["fee"]["insurance"], by_field["fee"]["period"], by_field["fee"]["region"]) == ("110", "202605", "990101")


def test_rows_that_a_manifest_does_not_name_stop_the_run(bench: Any) -> None:
    put(bench, D1, [pay("A")], [pay("A")])
    lake, partition = bench.context.lake, bench.context.canonical("payment", "tax", D1)
    manifest = lake.manifest(partition)
    lake.put_manifest(partition, Manifest(rows=2, files=manifest.files))
    with pytest.raises(ConservationError, match="holds 1 rows, its manifest says 2"):
        bench.run("flow", D1)
    lake.put_manifest(partition, Manifest(rows=1, files=manifest.files, control_totals={"late_fee_fen": 1}))
    with pytest.raises(ConservationError, match="adds up to 0 fen, its manifest says 1"):
        bench.run("flow", D1)
