"""What the rules on single payments must report, worked out from all touched rows in plain Python; see :mod:`hedui.demo.judged`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from hedui.demo.flow_planting import FlowPlanting, FlowRow, Leg
from hedui.demo.judged import received
from hedui.demo.planting import DATES, Subject

SUBSIDIES: Final = ("central_subsidy_fen", "province_subsidy_fen", "city_subsidy_fen", "county_subsidy_fen")


def _paid(row: FlowRow) -> bool:
    return bool(row["payment_flag"] == "pay")


def _month(row: FlowRow) -> bool:
    """Whether the fee period is a real month."""
    period = str(row["period"] or "")
    return len(period) == 6 and period.isascii() and period.isdigit() and period[:2] in ("19", "20") and "01" <= period[4:] <= "12"


def _early(row: FlowRow) -> bool:
    day = row.get("treasury_date") or row["own_date"]
    return _month(row) and row["period"] <= "202606" and f"{day:%Y%m}" < row["period"]


def _late_fee(row: FlowRow) -> bool:
    fees = (row["late_fee_fen"], row["unit_interest_fen"], row["person_interest_fen"])
    return _paid(row) and (min(fees) < 0 or row["late_fee_fen"] > row["unit_due_fen"] + row["person_due_fen"])


def _account(row: FlowRow) -> bool:
    return _paid(row) and any(
        row.get(f"{part}_account_fen") is not None and row[f"{part}_account_fen"] > row[f"{part}_paid_fen"]
        for part in ("unit", "person")
    )


def _subsidies(row: FlowRow) -> bool:
    parts = [row[name] for name in SUBSIDIES if row.get(name) is not None]
    return bool(parts) and sum(parts) != row["subsidy_fen"]


RULES: Final[dict[str, tuple[tuple[Leg, ...], Callable[[FlowRow], bool]]]] = {
    "C07": (("rec",), _account),
    "C10": (("levy", "tax", "rec"), lambda row: _paid(row) and min(row["unit_due_fen"], row["person_due_fen"]) < 0),
    "C13": (("tax", "rec"), lambda row: _paid(row) and row["payment_type"] == "31" and _month(row) and row["period"] < "202306"),
    "C14": (("tax", "rec"), _early),
    "C20": (("tax", "rec"), _late_fee),
    "C26": (("rec",), _subsidies),
    "C28": (("levy", "tax", "rec"), lambda row: str(row["payment_type"]).startswith("?")),
}
"""Per rule the legs whose source delivers what it needs, and when a row breaks it."""

OF_MARKED: Final = ("E13", "C29")
"""Rules on the payments of persons that plants over master data have marked."""


def judge_flows(f: FlowPlanting) -> None:
    """Adds the truth of :data:`RULES`, of unit rows with an unknown payment type, and of E13 and C29."""
    done: set[tuple[object, ...]] = set()
    for rule, leg, row in _broken(f):
        place = (rule, leg, row["delivered"], row["detail_no"], row["levy_no"], row["person_no"], row["insurance"], row["period"])
        if place in done:
            continue
        done.add(place)
        if rule in OF_MARKED:
            f.judge(rule, row)
        else:
            f.check(rule, leg, row, kind="CODE" if rule == "C28" else "RULE")
    for unit in (unit for block in f.blocks for unit in block.unit_rows() if str(unit["payment_type"]).startswith("?")):
        f.near_total(
            "check:payment_unit:shuiwu", "C28", "CODE", unit, key=unit["detail_no"], period=True, source="shuiwu", expect="hit"
        )


def _broken(f: FlowPlanting) -> Iterator[tuple[str, Leg, FlowRow]]:
    """Rule, leg and row of whatever breaks a rule."""
    for block in f.blocks:
        legs: dict[Leg, list[FlowRow]] = {"levy": block.levies, "tax": block.taxes, "rec": block.recs}
        for rule, (where, breaks) in RULES.items():
            yield from ((rule, leg, row) for leg in where for row in legs[leg] if not row["bad"] and breaks(row))
        for rule in OF_MARKED:
            yield from ((rule, "rec", row) for row in block.recs if not row["bad"] and _of_marked(f, rule, row))


def _of_marked(f: FlowPlanting, rule: str, row: FlowRow) -> bool:
    """Whether a unit pays for a person that the master data call flexibly employed in the scheme, or retired before the period."""
    person = next((person for person in f.marked(rule) if person.no("shebao") == row["person_no"]), None)
    if person is None or not _paid(row) or row["unit_paid_fen"] <= 0:
        return False
    slot = DATES.index(row["delivered"]) + 1
    if rule == "C29":
        return row["payment_type"] == "10" and _retired(person, slot, row["period"])
    spell = received(person.row("shebao", "enrolment", row["insurance"]), slot)
    return spell is not None and row["insurance"] == "110" and spell["person_category"] == "13"


def _retired(person: Subject, slot: int, period: str) -> bool:
    values = received(person.row("shebao", "person"), slot)
    return values is not None and bool(values["retirement_date"]) and f"{values['retirement_date']:%Y%m}" < period
