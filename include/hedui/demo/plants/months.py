"""Differences of the tiers' monthly contributions: a month that one lacks, bases and amounts, the unit."""

from __future__ import annotations

from hedui.demo.planting import ALL, PAST, Planting, Slots, Subject
from hedui.demo.plants.registry import plant
from hedui.demo.plants.tier_rows import DEFECT, MONTHS, TIERS, month

APRIL = "202604"


def _expect(
    p: Planting, rule: str, kind: str, person: Subject, when: Slots = ALL, *, field: str | None = None, expect: str = "hit",
    period: str = APRIL,
) -> None:  # fmt: skip
    p.expect(rule, MONTHS, f"{person.id}/10", when, kind=kind, insurance="110", period=period, field=field, expect=expect)


@plant("T07")
def month_missing(p: Planting) -> None:
    """A tier lacks a month; near: all lack it, a month's version ended in the past, a supplementary payment in every tier."""
    for number, when, person in p.hits("M"):
        month(person, ("guotong", "sheng", "shebao", "guotong")[number], APRIL).hide(when)
        _expect(p, "T07", "MISSING_TIER", person, when)
    for number, person in p.nears("M"):
        for source in TIERS:
            if number == 0:
                month(person, source, APRIL).hide()
            elif number == 2:
                extra = month(person, source, APRIL)
                person.add_row(source, "contribution_month", values=extra.values | {"payment_type": "31"})
        if number == 1:
            month(person, "shebao", APRIL).hide(PAST)
        _expect(p, "T07", "MISSING_TIER", person, expect="near")


@plant("T08")
def amounts_differ(p: Planting) -> None:
    """A tier has another base, another amount paid, another share for the account; near: yuan here, fen there."""
    fields = {"pay_base_fen": 10000, "unit_paid_fen": -1, "person_paid_fen": 1, "account_fen": 5000}
    for field, by in fields.items():
        for number, when, person in p.hits("M"):
            row = month(person, DEFECT[number], APRIL)
            row.set(field, row.values[field] + by, when)
            _expect(p, "T08", "ATTR" if field == "pay_base_fen" else "AMT", person, when, field=field)
    for _, person in p.nears("M"):
        for source in TIERS:
            for field in fields:
                month(person, source, APRIL).set(field, month(person, source, APRIL).values[field] + 7)
        for field in fields:
            _expect(p, "T08", "ATTR" if field == "pay_base_fen" else "AMT", person, field=field, expect="near")


@plant("T13")
def unit_differs(p: Planting) -> None:
    """A tier has the month under another unit, or under none; near: the credit code in small letters, another unit everywhere."""
    for number, when, person in p.hits("M"):
        row = month(person, DEFECT[number], APRIL)
        row.set("uscc", None if number == 3 else "91990100" + f"{person.number:010d}", when)
        _expect(p, "T13", "ATTR", person, when, field="uscc")
    for number, person in p.nears("M"):
        for source in TIERS:
            row = month(person, source, APRIL)
            if number:
                row.set("uscc", f"9199010{number}MA00000000"[:18])
            elif source == "guotong":
                row.set("uscc", str(row.values["uscc"]).lower())
        _expect(p, "T13", "ATTR", person, field="uscc", expect="near")


@plant("K01/K02 months")
def month_unusable_or_twice(p: Planting) -> None:
    """A month without an id number, and one that a tier has twice; near: two payment types of a month."""
    for number, when, person in p.hits("M"):
        source = DEFECT[number]
        row = month(person, source, APRIL)
        if number < 2:
            row.set("id_number", None, when)
            p.expect("K01", MONTHS, f"no:{row.values['person_no']}/10", when, kind="KEY", insurance="110", period=APRIL)
            _expect(p, "T07", "MISSING_TIER", person, when)
        else:
            person.add_row(source, "contribution_month", when, values=row.values | {"person_no": f"6{p.new_number():09d}"})
            _expect(p, "K02", "DUP", person, when)
    for _, person in p.nears("M", 2):
        for source in TIERS:
            person.add_row(source, "contribution_month", values=month(person, source, APRIL).values | {"payment_type": "31"})
        _expect(p, "K02", "DUP", person, expect="near")
        p.expect(
            "K01", MONTHS, f"no:{person.no('sheng')}/31", kind="KEY", insurance="110", period=APRIL, expect="near"
        )  # fmt: skip
