"""Flow comparisons that declare all of the matching, with their rows: shared by the tests of the ladder and the reference matcher."""

from __future__ import annotations

import datetime as dt
from typing import Any

from unit.compare.bench import source
from unit.compare.flows import D1, D2, D3, D4

DATES = (D1, D2, D3, D4)
BANK = (
    *("bank_serial", "original_no", "reversal_flag", "detail_no", "levy_no", "tax_voucher_no", "pool_region", "insurance"),
    *("tax_unit_no", "period", "payment_flag", "requested_fen", "paid_fen", "paid_status"),
)
TAX = (
    *("detail_no", "levy_no", "tax_voucher_no", "pool_region", "insurance", "unit_no", "period", "payment_flag", "paid_status"),
    *("unit_paid_fen", "person_paid_fen"),
)
REFUND = (
    *("refund_no", "original_no", "tax_voucher_no", "pool_region", "insurance", "person_no", "unit_no", "period"),
    *("unit_refund_fen", "person_refund_fen", "original_paid_fen", "original_paid_date"),
)
FLOW: dict[str, Any] = {
    "type": "flow",
    "id": "flow",
    "name": "银行↔税务",
    "left": {"source": "bank", "dataset": "bank_return"},
    "right": {"source": "tax", "dataset": "payment_unit"},
    "keys": [
        ["detail_no"],
        ["tax_voucher_no", "insurance"],
        ["unit_no", "insurance", "period"],
        {"fuzzy": {"equal": ["unit_no", "insurance"], "near": {"levy_no": 1}, "amount_within_fen": 5, "most": 3}},
    ],
    "key_maps": [{"side": "bank", "source": "map", "from_field": "tax_unit_no", "to_field": "unit_no"}],
    "amounts": {"paid": [["paid_fen"], ["unit_paid_fen", "person_paid_fen"]]},
    "fields": {"period": {"rule": "R08", "kind": "PERIOD"}, "paid_status": {"rule": "R15", "kind": "STATUS"}},
    "group": {"pool_region": ["pool_region", "pool_region"], "insurance": ["insurance", "insurance"]},
    "reversals": {
        "flag": "reversal_flag", "values": ["1"], "serial": "bank_serial", "original": "original_no", "key": ["levy_no", "insurance"],
    },
    "bundles": {"key": ["levy_no"], "most_rows": 5, "most_parts": 3},
    "kinds": {"left": "LONG", "right": "SHORT"},
    "rules": {"only_left": "R13", "only_right": "R14"},
    "window": 1,
    "audit_sample": 0,
}  # fmt: skip
REFUNDS: dict[str, Any] = {
    "type": "flow",
    "id": "flow",
    "name": "退费",
    "left": {"source": "sb", "dataset": "refund"},
    "right": {"source": "tax", "dataset": "payment", "where": {"payment_flag": ["refund"]}},
    "keys": [["tax_voucher_no", "insurance"]],
    "amounts": {"paid": [["unit_refund_fen", "person_refund_fen"], ["unit_paid_fen", "person_paid_fen"]]},
    "group": {"insurance": ["insurance", "insurance"]},
    "kinds": {"left": "REFUND", "right": "REFUND"},
    "originals": {
        "source": "tax", "by": {"original_no": "detail_no", "tax_voucher_no": "tax_voucher_no"},
        "refunded": ["unit_refund_fen", "person_refund_fen"], "paid": ["unit_paid_fen", "person_paid_fen"],
        "paid_on": "original_paid_date", "stated": "original_paid_fen",
    },
    "window": 1,
}  # fmt: skip
SITE: dict[str, Any] = {
    "id": "tiny",
    "name": "小站",
    "region": "990100",
    "agencies": [{"id": "yh", "name": "银行", "tier": "bank"}, {"id": "sw", "name": "税务", "tier": "tax"}],
    "sources": [
        source("bank", "yh", {"bank_return": BANK}),
        source("tax", "sw", {"payment_unit": TAX, "payment": TAX}),
        source("sb", "yh", {"refund": REFUND}),
        source("map", "sw", {"unit_map": ("unit_no", "tax_unit_no")}),
    ],
    "comparisons": [FLOW],
}  # fmt: skip
UNITS = [{"unit_no": f"U{n}", "tax_unit_no": f"T{n}"} for n in range(1, 6)]


def bank(detail_no: str | None, fen: int = 100, **more: Any) -> dict[str, Any]:
    """A row of the bank; by default it shares nothing but its number with others."""
    base = {"bank_serial": f"B{detail_no}", "detail_no": detail_no, "pool_region": "990101", "insurance": "110", "period": "202605"}
    return base | {"payment_flag": "pay", "paid_fen": fen, "requested_fen": fen, "paid_status": "1"} | more


def tax(detail_no: str | None, fen: int = 100, **more: Any) -> dict[str, Any]:
    """A row of the tax bureau."""
    base = {"detail_no": detail_no, "pool_region": "990101", "insurance": "110", "period": "202605", "payment_flag": "pay"}
    return base | {"unit_paid_fen": fen, "person_paid_fen": 0, "paid_status": "1"} | more


def deliver(bench: Any, date: dt.date, left: list[dict[str, Any]], right: list[dict[str, Any]]) -> None:
    """Both sides' rows of a date, and the map."""
    bench.put("bank_return", "bank", date, left)
    bench.put("payment_unit", "tax", date, right)
    bench.put("unit_map", "map", date, UNITS)
