"""Faults of single birth certificates and registrations (F01 to F12, F15, F17, F18), with their near misses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final

from hedui.demo.births.families import ALL, WHEN, Births, Days, Family, Record
from hedui.demo.births.people import FEMALE, MALE

MAY: Final = dt.date(2026, 5, 8)
"""Born on this day a child is known to every feed on all dates."""


def hits(births: Births) -> Iterator[tuple[Days, Family]]:
    """The families of a plant's four hits with the days on which they hold."""
    for when in WHEN:
        yield when, births.family(MAY)


def certificate_numbers(births: Births) -> None:
    """F01: neither the letter and nine digits of the 7th edition nor, where issued before it, an older form."""
    for bad in ("T9900012", "99900000012", "TT99000012", "T99O000012"):
        family = births.family(MAY)
        family.rename(bad)
        births.check("F01", bad)
    lower = births.family(MAY)
    lower.birth.set("certificate_no", lower.key.lower())
    old = births.family(dt.date(2022, 5, 8))  # an older edition, in the list because it was asked for again
    old.rename("990000012")
    for family in (lower, old, births.family(MAY)):
        births.check("F01", family.key, near=True)


def repeated_numbers(births: Births) -> None:
    """F02: two live certificates with one number (and so K02 in every comparison); near: the void one that a new one replaced."""
    for when, family in hits(births):
        twin = births.add(Record("chusheng", "birth", family.birth.values | {"weight_g": 3010, "child_name": births.people.name()}))
        twin.hide(tuple(set(ALL) - set(when)))
        births.check("F02", family.key, when)
        for scope in ("births_registered", "births_households", "births_health"):
            births.expect("K02", scope, family.key, when, kind="DUP")
    for _ in range(3):
        family = births.family(MAY)
        void = {"certificate_no": f"T99{births.serial():07d}", "record_state": "0", "void_reason": "信息有误换发"}
        births.add(Record("chusheng", "birth", family.birth.values | void))
        births.check("F02", str(void["certificate_no"]), near=True)


def missing_values(births: Births) -> None:
    """F03: no name, place, region or time; near: what may be empty is."""
    for (when, family), name in zip(hits(births), ("birth_place", "region", "child_name", "birth_time"), strict=True):
        family.everywhere(name, None, when)
        if name == "birth_time":
            family.everywhere("birth_date", None, when)
        births.check("F03", family.key, when)
    for name in ("village", "postcode", "father_name"):
        births.check("F03", _with(births, name, None).key, near=True)


def mothers_numbers(births: Births) -> None:
    """F04: no type, no number, a wrong length or check digit; near: a passport, a small x, no father."""
    for number, (when, family) in enumerate(hits(births)):
        good = family.mother.id_number
        bad = (None, None, good[:-1], good[:-1] + ("1" if good[-1] != "1" else "2"))[number]
        if number:
            family.everywhere("mother_id_number", bad, when)
        else:
            family.birth.set("mother_id_type", None, when)
        births.check("F04", family.key, when)
    foreign = births.family(MAY, mother_id_type="03", mother_nationality="840")
    foreign.everywhere("mother_id_number", "E990000012")
    spaced = births.family(MAY)
    spaced.birth.set("mother_id_number", f" {spaced.mother.id_number.lower()} ")
    alone = births.family(MAY, father_name=None, father_id_type=None, father_id_number=None)
    alone.household.set("father_id_number", None)
    for family in (foreign, spaced, alone):
        births.check("F04", family.key, near=True)


def ranges(births: Births) -> None:
    """F05 and F06: weeks, weight or length out of bounds; near: on the bounds."""
    for rule, name, bad, good in (
        ("F05", "gestation_weeks", (19, 45, 0, 99), (20, 44)),
        ("F06", "weight_g", (299, 8001), (300, 8000)),
        ("F06", "length_cm", ("19.9", "65.1"), ("20.0", "65.0")),
    ):
        for when, value in zip(WHEN, bad, strict=False):
            family = births.family(MAY)
            family.birth.set(name, value, when)
            births.check(rule, family.key, when)
        for value in good:
            births.check(rule, _with(births, name, value).key, near=True)


def _with(births: Births, name: str, value: Any) -> Family:
    family = births.family(MAY)
    family.birth.set(name, value)
    return family


def dates(births: Births) -> None:
    """F07, F08, F18: issued before the birth, reported before it, reported more than ten days after it; near: on the day itself."""
    for when, family in hits(births):
        family.birth.set("issue_date", MAY - dt.timedelta(days=1), when)
        births.check("F07", family.key, when)
    for issued in (MAY, None):
        births.check("F07", births.family(MAY, issue_date=issued).key, near=True)
    for days in (1, 3, 9, 20):
        family = births.family(MAY, reported_on=MAY - dt.timedelta(days=days))
        births.check("F08", family.key)
    for days in (0, 1):
        births.check("F08", births.family(MAY, reported_on=MAY + dt.timedelta(days=days)).key, near=True)
    for days in (11, 12, 20, 24):
        family = births.family(MAY, reported_on=MAY + dt.timedelta(days=days))
        births.check("F18", family.key)
    for days in (9, 10):
        births.check("F18", births.family(MAY, reported_on=MAY + dt.timedelta(days=days)).key, near=True)
    today = births.family(dt.date(2026, 5, 24), reported_on=dt.date(2026, 6, 4))
    today.child.since = today.household.since = today.health.since = dt.date(2026, 6, 5)
    births.check("F18", today.key, (1, 2))


def ages(births: Births) -> None:
    """F09: a mother of 13 or 56 years; near: 14 on the day, 55 on the day before her birthday."""
    for years, off, near in (
        (14, 1, False),
        (56, 0, False),
        (10, 0, False),
        (70, 0, False),
        (14, 0, True),
        (56, 1, True),
        (30, 0, True),
    ):
        born = dt.date(MAY.year - years, MAY.month, MAY.day) + dt.timedelta(days=off)
        parents = births.people.parent(sex=FEMALE, born=born), births.people.parent(sex=MALE)
        births.check("F09", births.family(MAY, parents=parents).key, near=near)


def intervals(births: Births) -> None:
    """F10: the same mother gives birth again too soon; near: 180 days, twins before and after midnight."""
    for days, near in ((10, False), (60, False), (120, False), (179, False), (180, True), (300, True)):
        first = births.family(MAY - dt.timedelta(days=days))
        second = births.family(MAY, order=2, parents=(first.mother, first.father))
        births.across("F10", second.key, near=near)
    first = births.family(MAY - dt.timedelta(days=1), hour=23)
    second = _twin(births, first, born=MAY, hour=0)
    births.across("F10", second.key, near=True)


def _twin(births: Births, first: Family, *, order: int = 2, **values: Any) -> Family:
    own = {
        "born": first.born,
        "hour": first.birth.values["birth_time"].hour,
        "gestation_weeks": first.birth.values["gestation_weeks"],
    }
    parents = {"mother": first.mother, "father": first.father, "registration": first.registration}
    return births.child(**{**own, **parents, "order": order, **values})


def multiples(births: Births) -> None:
    """F11: twins of one order, an order left out, weeks that differ; near: twins and triplets in order."""
    for order, values in ((1, {}), (3, {}), (2, {"gestation_weeks": 30}), (1, {"gestation_weeks": 31})):
        first = births.family(MAY)
        _twin(births, first, order=order, **values)
        births.across("F11", first.key)
    for count in (2, 2, 3):
        first = births.family(MAY)
        for order in range(2, count + 1):
            _twin(births, first, order=order)
        births.across("F11", first.key, near=True)


def regions(births: Births) -> None:
    """F12: a region that never was, or is not yet one; near: one that is, another prefecture's, which the city cannot judge."""
    for (when, family), code in zip(hits(births), ("990188", "990107", "990109", "990199"), strict=True):
        family.birth.set("region", code, when)
        births.check("F12", family.key, when)
    for code in ("990106", "110101", "990101"):
        births.check("F12", births.family(MAY, region=code).key, near=True)


def registrations(births: Births) -> None:
    """F15 and F17: a number twice; nobody of the couple lives or is registered here. Near: no number yet, one region of four."""
    for name in ("registration_no", "registration_no", "service_certificate_no", "service_certificate_no"):
        first, second = _pregnant(births), _pregnant(births)
        second.set(name, first.values[name])
        births.across("F15", first.values[name], source="shengyu")
    for _ in range(2):
        for registration in (_pregnant(births), _pregnant(births)):
            registration.set("service_certificate_no", None)
            births.across("F15", registration.values["registration_no"], source="shengyu", near=True)
    places = [f"{spouse}_{what}_region" for spouse in ("wife", "husband") for what in ("registered", "living")]
    for when in WHEN:
        registration = _pregnant(births)
        for place in places:
            registration.set(place, "110101", when)
        births.check("F17", registration.values["registration_no"], when, dataset="fertility_registration")
    for place in places:
        registration = _pregnant(births)
        for other in places:
            registration.set(other, "990103" if other == place else "110101")
        births.check("F17", registration.values["registration_no"], dataset="fertility_registration", near=True)


def _pregnant(births: Births, date: dt.date = dt.date(2026, 3, 10)) -> Record:
    return births.registration(date, mother=births.people.parent(sex=FEMALE), father=births.people.parent(sex=MALE))
