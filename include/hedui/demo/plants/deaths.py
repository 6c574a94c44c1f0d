"""Deaths that 民政 registered against what the agencies know, insure, pay and receive."""

from __future__ import annotations

import datetime as dt

from hedui.demo.planting import ALL, Planting, Slots, Subject
from hedui.demo.plants.registry import plant
from hedui.demo.plants.tier_rows import TIERS, TWO, across, end_enrolments, everywhere, register_death

MARCH, MAY = dt.date(2026, 3, 15), dt.date(2026, 5, 12)
SCHEMES = {"shebao": ("110", "210", "410"), "sheng": ("110", "210", "410"), "guotong": ("110",), "yibao": ("310",)}


def _known(person: Subject, day: dt.date, when: Slots = ALL) -> None:
    """The agencies know of a death and have ended what ends with it."""
    person.set("death_date", day, when, sources=TIERS, datasets=("person",))
    end_enrolments(person, when)
    everywhere(person, "pension_account", {"account_state": "2" if person.values["kind"] == "E" else "4"}, when)


def _unknown(p: Planting, person: Subject, when: Slots = ALL) -> None:
    across(p, "P23", TIERS, person.id, when)


@plant("P23 register")
def death_unknown(p: Planting) -> None:
    """Registered, and unknown to the agencies or known with another date; near: the same date; no register has it."""
    for number, when, person in p.hits("M"):
        _known(person, MAY if number % 2 else dt.date(2026, 5, 31))
        person.set("death_date", None if number == 2 else dt.date(2026, 5, 11), sources=TIERS, datasets=("person",))
        register_death(person, MAY, when)
        _unknown(p, person, when)
    for number, person in p.nears("M"):
        _known(person, MAY)
        if number:
            register_death(person, MAY)
        across(p, "P23", TIERS, person.id, expect="near")


@plant("E20 register")
def insured_after_registered_death(p: Planting) -> None:
    """A registered death that the agencies do not know: 30 days after it they insure the person still; near: 30 days are not over."""
    for number in range(4):
        person = p.take("M")
        register_death(person, dt.date(2026, 5, 4) if number < 2 else dt.date(2026, 5, 1))
        _unknown(p, person)
        for source, schemes in SCHEMES.items():
            for insurance in schemes:
                across(p, "E20", (source,), person.id, (2, 3) if number < 2 else ALL, insurance=insurance)
    for _, person in p.nears("M"):
        register_death(person, dt.date(2026, 5, 6))
        _unknown(p, person)
        for source in SCHEMES:
            across(p, "E20", (source,), person.id, insurance=SCHEMES[source][0], expect="near")


@plant("D01")
def received_after_death(p: Planting) -> None:
    """A benefit for a month after the death, registered or known; near: died in the benefit's month."""
    for number, when, person in p.hits("O"):
        if number % 2:
            _known(person, MARCH, when)
        else:
            when = ALL if number == 0 else (2, 3, 4)
            register_death(person, dt.date(2026, 4, 30), when)
            _unknown(p, person, when)
            across(p, "E20", ("yibao",), person.id, when, insurance="390")
        across(p, "D01", TWO, person.id, when, insurance="150", period="202605")
    for number, person in p.nears("O"):
        _known(person, dt.date(2026, 5, (1, 15, 31)[number]))
        register_death(person, dt.date(2026, 5, (1, 15, 31)[number]))
        across(p, "D01", TWO, person.id, insurance="150", period="202605", expect="near")


@plant("C25")
def paid_after_death(p: Planting) -> None:
    """Contributions for months after a death, in every tier; near: the month of the death is the last."""
    for number, when, person in p.hits("M"):
        _known(person, MARCH, when)
        if number % 2 == 0:
            register_death(person, MARCH, when)
        for period in ("202604", "202605"):
            across(p, "C25", TIERS, person.id, when, insurance="110", period=period)
    for number, person in p.nears("M"):
        _known(person, MAY)
        if number:
            register_death(person, MAY)
        across(p, "C25", TIERS, person.id, insurance="110", period="202605", expect="near")
