"""What the feeds say of one another: births and registrations (F16, F21), households (F22), deaths (F23), health records (K03)."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from hedui.demo.births.families import ALL, WHEN, Births, Record
from hedui.demo.births.people import FEMALE, MALE
from hedui.demo.births.row_plants import MAY, hits

EARLY: Final = dt.date(2026, 5, 2)
"""Thirty days after it are over on every date."""

FEEDS: Final = {
    "births_registered": ("child", "F16", 15),
    "births_households": ("household", "F22", 30),
    "births_health": ("health", "K03", 30),
}
"""Per comparison of births: the other feed's row, the rule, the days that it is given."""


def lacking(births: Births) -> None:
    """A birth that another feed does not know after the days that it is given; near: on the last of these days."""
    for scope, (row, rule, given) in FEEDS.items():
        for when in WHEN:
            family = births.family(EARLY)
            getattr(family, row).hide(when)
            births.expect(rule, scope, family.key, when, kind="ONLY_LEFT")
        last = births.family(dt.date(2026, 6, 4) - dt.timedelta(days=given))
        getattr(last, row).hide()
        births.expect(rule, scope, last.key, (2,), kind="ONLY_LEFT")
        births.expect(rule, scope, last.key, (0, 1), kind="ONLY_LEFT", near=True)


def unknown(births: Births) -> None:
    """Another feed has a child whom the birth platform does not know; near: the platform learns of it within the days."""
    for scope, (row, rule, _) in FEEDS.items():
        for when in WHEN:
            family = births.family(EARLY)
            family.birth.hide(when)
            for other in {"child", "household", "health"} - {row}:
                getattr(family, other).hide(when)
            births.expect(rule, scope, family.key, when, kind="ONLY_RIGHT")
        late = births.family(dt.date(2026, 6, 1), reported_on=dt.date(2026, 6, 5))
        getattr(late, row).since = dt.date(2026, 6, 3)
        births.expect(rule, scope, late.key, kind="ONLY_RIGHT", near=True)


def differing(births: Births) -> None:
    """A feed says otherwise than the birth platform; near: the same in another writing."""
    for scope, (row, rule, _) in FEEDS.items():
        for name in ("child_name", "sex", "birth_date", "mother_id_number", "birth_order"):
            for when in WHEN[1:]:
                family = births.family(MAY)
                record: Record = getattr(family, row)
                if name not in record.values:
                    continue
                other: dict[str, Any] = {
                    "child_name": births.people.name(surname="龚"),
                    "sex": "2" if record.values["sex"] == "1" else "1",
                    "birth_date": MAY + dt.timedelta(days=1),
                    "mother_id_number": births.people.parent(sex=FEMALE).id_number,
                    "birth_order": 9,
                }
                record.set(name, other[name], when)
                births.expect(rule, scope, family.key, when, kind="ATTR", field=name)
                if name == "birth_order":  # the registration contradicts the child that it names
                    births.across("F21", family.registration.values["registration_no"], when, source="shengyu")
        blank = births.family(MAY)
        for name in ("mother_id_number", "child_name"):
            if name in getattr(blank, row).values:
                getattr(blank, row).set(name, f" {getattr(blank, row).values[name]}　")
        births.expect(rule, scope, blank.key, kind="ATTR", field="mother_id_number", near=True)


def overdue_registrations(births: Births) -> None:
    """F16 the other way: a registration without a birth when it must have come; near: 300 days, a birth by the mother's number."""
    for date in (dt.date(2025, 6, 1), dt.date(2025, 7, 1), dt.date(2025, 8, 1)):
        births.across("F16", _couple(births, date).values["registration_no"], source="shengyu")
    turns = _couple(births, dt.date(2025, 8, 8))  # the 300th day is 4 June
    births.across("F16", turns.values["registration_no"], (2,), source="shengyu")
    births.across("F16", turns.values["registration_no"], (0, 1), source="shengyu", near=True)
    for _ in range(2):
        family = births.family(MAY)
        family.registration.set("registered_date", dt.date(2025, 7, 20))
        family.registration.set("certificate_date", dt.date(2025, 7, 20))
        family.registration.set("birth_certificate_no", None)
        births.across("F16", family.registration.values["registration_no"], source="shengyu", near=True)


def _couple(births: Births, date: dt.date) -> Record:
    return births.registration(date, mother=births.people.parent(sex=FEMALE), father=births.people.parent(sex=MALE))


def orders(births: Births) -> None:
    """F21: the order is not that of the children there are; near: a later child, the second of twins."""
    for number, (when, family) in enumerate(hits(births)):
        if number % 2:
            family.registration.set("existing_children", 2, when)
        else:
            family.everywhere("birth_order", 3, when)
        births.across("F21", family.registration.values["registration_no"], when, source="shengyu")
    second = births.family(MAY, order=2)
    blank = births.family(MAY)
    blank.registration.set("existing_children", None)
    first = births.family(MAY)
    weeks, hour = first.birth.values["gestation_weeks"], first.birth.values["birth_time"].hour
    twin = births.child(
        MAY, mother=first.mother, father=first.father, order=2, registration=first.registration, hour=hour, gestation_weeks=weeks
    )
    first.registration.set("birth_certificate_no", twin.key)
    for family in (second, blank, first):
        births.across("F21", family.registration.values["registration_no"], source="shengyu", near=True)


def deaths(births: Births) -> None:
    """F23: the police know that a newborn died, the birth platform does not; near: it does, or the child lived for 29 days."""
    for number, when in enumerate(WHEN):
        family = births.family(EARLY)
        died = EARLY + dt.timedelta(days=(0, 5, 13, 28)[number])
        _register_death(births, family.household, died).hide(tuple(set(ALL) - set(when)))
        births.across("F23", family.key, when)
    known = births.family(EARLY, health_state="9")
    _register_death(births, known.household, EARLY + dt.timedelta(days=3))
    older = births.family(EARLY)
    _register_death(births, older.household, EARLY + dt.timedelta(days=29))
    for family in (known, older):
        births.across("F23", family.key, near=True)


def _register_death(births: Births, household: Record, died: dt.date) -> Record:
    child = household.values
    values = {"id_number": child["id_number"], "name": child["child_name"], "sex": child["sex"], "death_date": died}
    return births.add(Record("gongan", "death", values | {"registered_on": died, "region": child["region"]}))


def floating(births: Births) -> None:
    """K03 of the floating population: half a year here without a health record, another name or sex; near: less than half a year."""
    for number in range(40):
        person, record = _floating(births, dt.date(2024, 3, 1) + dt.timedelta(days=number * 9))
        key = person.values["id_number"]
        if number < 4:
            record.hide(WHEN[number])
            births.expect("K03", "floating_health", key, WHEN[number], kind="ONLY_LEFT")
        elif number < 8:
            name = "name" if number % 2 else "sex"
            record.set(name, "1" if name == "sex" else births.people.name(surname="龚"), WHEN[number - 4])
            births.expect("K03", "floating_health", key, WHEN[number - 4], kind="ATTR", field=name)
        elif number == 8:
            record.set("name", f"{record.values['name']} ")
            births.expect("K03", "floating_health", key, kind="ATTR", field="name", near=True)
    recent, record = _floating(births, dt.date(2025, 12, 6))  # the 180th day is 4 June
    record.hide()
    births.expect("K03", "floating_health", recent.values["id_number"], (2,), kind="ONLY_LEFT")
    births.expect("K03", "floating_health", recent.values["id_number"], (0, 1), kind="ONLY_LEFT", near=True)


def _floating(births: Births, date: dt.date) -> tuple[Record, Record]:
    someone = births.people.parent(sex=FEMALE)
    shared = {"id_number": someone.id_number, "name": someone.name, "sex": FEMALE, "birth_date": someone.born}
    here = {"registered_region": "110101", "living_region": someone.region, "inflow_date": date, "inflow_reason": "01"}
    record: dict[str, Any] = {"record_no": f"{someone.region}{births.serial():011d}", "record_type": "4", "certificate_no": None}
    record |= {"mother_id_number": None, "region": someone.region, "established_on": date + dt.timedelta(days=60)}
    return (
        births.add(Record("liudong", "floating_person", shared | here | {"marital_state": "20", "phone": None})),
        births.add(Record("jiankang", "health_record", shared | record)),
    )


def corrections(births: Births) -> None:
    """What is corrected on the last date is no fault, and changes what is reported: a name, a registration, a certificate withdrawn."""
    last = (2,)
    renamed = births.family(MAY)
    renamed.everywhere("child_name", births.people.name(surname=renamed.father.name[0]), last)
    renamed.birth.set("change_reason", "姓名更正", last)
    moved = births.family(MAY).registration
    moved.set("husband_living_region", "990102", last)
    moved.set("change_reason", "现居地变更", last)
    void = births.family(dt.date(2026, 6, 1))
    void.birth.set("record_state", "0", last)
    void.birth.set("void_reason", "重复签发", last)
    births.expect("F16", "births_registered", renamed.key, kind="ATTR", field="child_name", near=True)
    births.expect("F22", "births_households", renamed.key, kind="ATTR", field="child_name", near=True)
