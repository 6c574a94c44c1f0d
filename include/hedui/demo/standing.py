"""What the truth says of nights after the one on which a flow's row was wrong: it is as wrong as before, until it is corrected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from hedui.demo.planting import Expectation

FLOW_COMPARISONS = (
    "levy_payment",
    "tax_recorded",
    "linghuo_recorded",
    "bank_tax",
    "tax_treasury",
    "treasury_recorded",
    "refund_tax",
)
FLOW_DATASETS = ("levy", "payment", "payment_unit", "daily_total", "bank_return", "treasury_receipt", "fund_receipt", "refund")
FLOW_RULES = ("B05", "C09", "C29", "E13", "U09")
MOVING = ("BUNDLE", "CUTOFF", "IN_TRANSIT", "LATE", "LONG", "ONLY_LEFT", "ONLY_RIGHT", "REFUND", "REV_ORPHAN", "SHORT")
"""What the window decides night by night; the plants state it for each night themselves."""

INHERITED = "inherited"
"""Note of a line that repeats an earlier date's hit."""


def with_standing(truth: Iterable[Expectation], dates: Iterable[dt.date]) -> list[Expectation]:
    """The truth with the hits on flows repeated for the later dates; a finding that a later date has of its own is not doubled."""
    lines = list(truth)
    present = {_identity(line) for line in lines if line.expect == "hit"}
    for line in [line for line in lines if line.expect == "hit" and _stands(line)]:
        for date in (date for date in dates if date > line.business_date):
            later = replace(line, business_date=date, note=INHERITED)
            if _identity(later) not in present:
                present.add(_identity(later))
                lines.append(later)
    return lines


def _stands(line: Expectation) -> bool:
    first, *rest = line.scope.split(":")
    if first in FLOW_COMPARISONS:
        return line.kind not in MOVING
    return (first == "check" and rest[0] in FLOW_DATASETS) or (first == "rule" and rest[0] in FLOW_RULES)


def _identity(line: Expectation) -> tuple[object, ...]:
    return (
        line.business_date, line.scope, line.rule, line.kind, line.source, line.subject_key, line.insurance, line.period, line.field
    )  # fmt: skip
