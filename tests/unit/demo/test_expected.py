"""The demo's own arithmetic of flows, on cases worked out by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from hedui.demo.expected import LEVY_PAYMENT, TAX_RECORDED, pair
from hedui.demo.flows import AMOUNTS
from hedui.demo.planting import DATES

FIRST, SECOND, THIRD = DATES


def row(detail_no: str = "A", day: dt.date = FIRST, **changes: Any) -> dict[str, Any]:
    return {
        "detail_no": detail_no, "levy_no": f"L{detail_no}", "person_no": "1", "insurance": "110", "period": "202605",
        "pool_region": "990101", "agency_code": "99010101", "payment_flag": "pay", "own_date": FIRST, "delivered": day,
        "paid_status": "1", "unit_due_fen": 1600, "person_due_fen": 800, **dict.fromkeys(AMOUNTS, 0), "unit_paid_fen": 1600,
        "person_paid_fen": 800, **changes,
    }  # fmt: skip


def outcome(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> list[tuple[int, str, str | None]]:
    return sorted((DATES.index(line.business_date), line.kind, line.field) for line in pair(TAX_RECORDED, left, right))


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        pytest.param([row()], [row()], [], id="matched"),
        pytest.param([row()], [], [(0, "IN_TRANSIT", None), (1, "IN_TRANSIT", None), (2, "LATE", None)], id="never recorded"),
        pytest.param([row(day=SECOND)], [], [(1, "IN_TRANSIT", None), (2, "IN_TRANSIT", None)], id="not late yet"),
        pytest.param([], [row()], [(0, "IN_TRANSIT", None), (1, "IN_TRANSIT", None), (2, "ONLY_RIGHT", None)], id="never paid"),
        pytest.param([row()], [row(day=SECOND)], [(0, "IN_TRANSIT", None), (1, "CUTOFF", None)], id="recorded a day later"),
        pytest.param(
            [row()], [row(day=THIRD)], [(0, "IN_TRANSIT", None), (1, "IN_TRANSIT", None), (2, "CUTOFF", None)], id="two days later"
        ),
        pytest.param([row()], [row(late_fee_fen=1)], [(0, "AMT", "late_fee"), (0, "TOTAL", None)], id="a fen more"),
        pytest.param([row()], [row(paid_status="0")], [(0, "STATUS", "paid_status")], id="state"),
        pytest.param([row()], [row(period="202604")], [(0, "PERIOD", "period")], id="period is not in the group"),
        pytest.param(
            [row(), row()],
            [row()],
            [
                (0, "COUNT", None), (0, "DUP", None), (0, "IN_TRANSIT", None), (0, "TOTAL", None), (1, "IN_TRANSIT", None),
                (2, "ONLY_RIGHT", None),
            ],
            id="paid twice",
        ),
        pytest.param(
            [row(), row("B")],
            [row(late_fee_fen=5), row("B", late_fee_fen=-5)],
            [(0, "AMT", "late_fee"), (0, "AMT", "late_fee")],
            id="offsetting",
        ),
    ],
)  # fmt: skip
def test_outcomes_of_a_payment(left: list[Any], right: list[Any], expected: list[tuple[int, str, str | None]]) -> None:
    assert outcome(left, right) == expected


def test_a_row_without_key_counts_in_the_totals() -> None:
    truth = pair(LEVY_PAYMENT, [row()], [row(levy_no=None)])
    first = sorted((line.kind, line.subject_key) for line in truth if line.business_date == FIRST)
    assert first == [("COUNT", "990101/99010101"), ("IN_TRANSIT", "LA/1"), ("KEY", "no:A"), ("TOTAL", "990101/99010101")]
