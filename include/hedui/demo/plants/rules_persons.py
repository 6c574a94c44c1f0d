"""Defects of persons beyond the first release's, the same in every system. Hits follow from the rows (:mod:`hedui.demo.judged`)."""

from __future__ import annotations

import datetime as dt

from hedui.demo.judged import years_after
from hedui.demo.numbers import id_check
from hedui.demo.planting import ALL, Planting, Slots, Subject
from hedui.demo.plants.registry import plant

TIERS = ("shebao", "sheng", "guotong")
PERSON_RULES = ("P02", "P06", "P09", "P15", "P17", "P19", "P20", "P21", "P22")


def renumbered(person: Subject, region: str = "", serial: int | None = None) -> str:
    """The person's own number with another region or serial number, and the check character that belongs to it."""
    own = person.id
    first17 = (region or own[:6]) + own[6:14] + (own[14:17] if serial is None else f"{serial:03d}")
    return first17 + id_check(first17)


@plant("P02 P21 P22")
def name_region_phone(p: Planting) -> None:
    """A digit, a double dot, a question mark or a replacement character in the name; a region nobody knows; half a phone number."""
    for number, when, person in p.hits("E"):
        name = str(person.values["name"])
        person.set("name", (f"{name}2", "娜仁··高娃", f"{name[0]}?", f"{name[0]}\ufffd")[number], when)
        person.set("region", "990188", when, datasets=("person",))
        person.set("phone", f"10012{number:02d}", when)


@plant("P09 P15")
def birth_and_form(p: Planting) -> None:
    """Unborn, or too old: the 5th of June is future on the 3rd and 4th only; a passport number of 19 characters."""
    days = (dt.date(2027, 1, 1), dt.date(1899, 12, 31), dt.date(1906, 6, 2), dt.date(2026, 6, 5))
    for number, when, person in p.hits("E"):
        person.set("id_type", "03", when)
        person.set("id_number", f"E99{p.new_number():016d}", when)
        person.set("birth_date", days[number], when)


@plant("P06 P17")
def birthplace_and_first_work(p: Planting) -> None:
    """A number of a region that never was; at work a day before the age of sixteen."""
    for number, when, person in p.hits("E"):
        foreign = renumbered(person, region=f"99017{number}")
        for name in ("id_number", "social_security_no"):
            person.set(name, foreign, when)
        person.set("first_work_date", years_after(person.values["birth_date"], 16) - dt.timedelta(days=1), when)


@plant("P19 P20")
def numbers_and_codes(p: Planting) -> None:
    """A social security number that is another id number; an ethnicity that no table knows."""
    for number, when, person in p.hits("E"):
        person.set("social_security_no", renumbered(person, serial=900 + number), when, sources=TIERS)
        for source, column in (("shebao", "aac005"), ("sheng", "MZ"), ("guotong", "民族")):
            row = person.row(source, "person")
            row.set("ethnicity", "?77", when)
            row.write(column, "77", when)


@plant("near P")
def nearly(p: Planting) -> None:
    """A dot in the name, a passport, at work on the sixteenth birthday, born on the business date, no number, no phone."""
    for number, person in p.nears("E"):
        _near(p, person, number)
        for rule in PERSON_RULES:
            kind = "CODE" if rule == "P20" else "RULE"
            for row in person.select(datasets=("person",)):
                p.check(rule, "person", row, kind=kind, expect="near")


def _near(p: Planting, person: Subject, number: int, when: Slots = ALL) -> None:
    if number == 0:
        person.set("name", "阿依努尔·买买提", when)
        person.set("phone", None, when)
        person.set("first_work_date", years_after(person.values["birth_date"], 16), when)
    elif number == 1:
        person.set("id_type", "03", when)
        person.set("id_number", f"E9900{p.new_number():05d}", when)
        person.set("ethnicity", None, when, sources=("shebao", "guotong"))
    else:
        person.set("social_security_no", None, when, sources=TIERS)
        person.set("region", "990100", when, datasets=("person",))


@plant("E13 C29")
def not_paid_by_units(p: Planting) -> None:
    """Insured as flexibly employed, or retired since April: what units pay for them all the same is in the flow plants."""
    for name in ("E13", "C29"):
        p.marked[name] = [p.take("E") for _ in range(4)]
    for person in p.marked["E13"]:
        person.set("person_category", "13", sources=("shebao",), insurance=("110",))
    for person in p.marked["C29"]:
        person.set("retirement_date", dt.date(2026, 4, 10))
