"""A tiny flow comparison with its site, shared by the tests of flows."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow.parquet as pq

from unit.compare.bench import source

PAYMENT = (
    "detail_no",
    "pool_region",
    "insurance",
    "person_no",
    "period",
    "unit_paid_fen",
    "person_paid_fen",
    "late_fee_fen",
    "paid_status",
)
CLASSES = ("matched", "different", "one_sided", "in_transit", "duplicate", "unusable", "keymap", "reversed")
"""Where a row of a flow can end up; written out once more, so that a class that is forgotten in the balance shows."""

D1, D2, D3, D4 = (dt.date(2026, 6, day) for day in (3, 4, 5, 8))
"""Wednesday, Thursday, Friday and the Monday after: working days 0, 1, 2, 3."""

SITE: dict[str, Any] = {
    "id": "tiny",
    "name": "小站",
    "region": "990100",
    "agencies": [{"id": "sw", "name": "税务", "tier": "tax"}, {"id": "sb", "name": "社保", "tier": "local"}],
    "sources": [source("tax", "sw", {"payment": PAYMENT}), source("sb", "sb", {"payment": PAYMENT})],
    "comparisons": [
        {
            "type": "flow",
            "id": "flow",
            "name": "流水",
            "left": {"source": "tax", "dataset": "payment"},
            "right": {"source": "sb", "dataset": "payment"},
            "key": ["detail_no"],
            "amounts": {
                "paid": [["unit_paid_fen", "person_paid_fen"], ["unit_paid_fen", "person_paid_fen"]],
                "fee": [["late_fee_fen"], ["late_fee_fen"]],
            },
            "fields": {
                "period": {"rule": "R08", "kind": "PERIOD"},
                "paid_status": {"rule": "R06", "kind": "STATUS", "severity": "warning"},
            },
            "group": {"pool_region": ["pool_region", "pool_region"], "insurance": ["insurance", "insurance"]},
            "window": 1,
            "audit_sample": 0,
        }
    ],
    "authority": [{"dataset": "payment", "source": "tax"}],
}


def pay(detail_no: str | None, unit: int = 100, person: int = 50, **more: Any) -> dict[str, Any]:
    """A payment."""
    base = {
        "detail_no": detail_no,
        "pool_region": "990101",
        "insurance": "110",
        "person_no": "P1",
        "period": "202605",
        "late_fee_fen": 0,
    }
    return base | {"unit_paid_fen": unit, "person_paid_fen": person, "paid_status": "1"} | more


def put(bench: Any, date: dt.date, left: list[dict[str, Any]], right: list[dict[str, Any]], **more: Any) -> None:
    """Both sides' partitions of a date."""
    bench.put("payment", "tax", date, left, **more)
    bench.put("payment", "sb", date, right)


OFF = ("duplicate", "unusable", "keymap", "reversed")
OPEN = ("in_transit", "one_sided", "crossed", "bundled")


def rows_of(bench: Any, date: dt.date, name: str) -> list[dict[str, Any]]:
    """A file group of the findings partition."""
    files = bench.context.lake.files(bench.context.findings("flow", date), name)
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def found(bench: Any, date: dt.date) -> dict[tuple[Any, ...], int]:
    """Rule, kind, source, subject, field and amount of the findings of a date."""
    return bench.brief("flow", date, "rule", "kind", "source", "subject_key", "field", "amount_diff_fen")


def assert_foots(bench: Any, date: dt.date) -> None:
    """The balance adds up in rows and fen on both sides, and each group's statement from its own columns."""
    for row in rows_of(bench, date, "statement"):
        own = {side: row[f"{side}_balance"] - sum(row[f"{side}_{name}"] for name in OFF) for side in ("left", "right")}
        theirs = {side: sum(row[f"{side}_{name}"] for name in OPEN) for side in ("left", "right")}
        assert own["left"] + theirs["right"] == row["left_adjusted"] == row["right_adjusted"]
        assert row["right_adjusted"] == own["right"] + theirs["left"] + row["difference"] + row["tolerated"]
    for side in bench.balance("flow", date).values():
        for unit in ("", "_fen"):
            total = sum(side[f"{name}{unit}"] for name in CLASSES)
            assert total == side[f"rows{unit}"] + side[f"carried_in{unit}"]
