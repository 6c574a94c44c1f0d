"""Defects of enrolments. Residents' schemes are compared by no tier, so most of these have no other consequence."""

from __future__ import annotations

import datetime as dt

from hedui.demo.planting import ALL, PAST, Planting, Row, Slots, Subject
from hedui.demo.plants.registry import plant

START, ENDED = dt.date(2012, 3, 1), dt.date(2019, 8, 1)


def _resident(person: Subject, source: str) -> Row:
    return person.row(source, "enrolment", "390" if source == "yibao" else "150")


def _state(row: Row, when: Slots, enrol: str, pay: str, base: int | None) -> None:
    for name, value in (("enrol_state", enrol), ("pay_state", pay), ("pay_base_fen", base)):
        row.set(name, value, when)


@plant("E01")
def impossible_states(p: Planting) -> None:
    """Insured but paused, ended but paying; once for an employee in every tier; near: the residents' own combinations."""
    for number, kind in enumerate("RRRE"):
        person, when = p.take(kind), (ALL, (2, 3, 4), (0, 1, 2), (0, 1, 3, 4))[number]
        if kind == "E":
            for row in person.select(sources=("shebao", "sheng", "guotong"), datasets=("enrolment",), insurance=("110",)):
                _state(row, when, "1", "2", None)
                p.check("E01", "enrolment", row, when)
            person.set("pay_state", "2", when, sources=("shuiwu",), insurance=("110",))
            continue
        row = _resident(person, ("shebao", "sheng", "shebao")[number])
        _state(row, when, *(("1", "2", None), ("4", "1", 20000), ("2", "1", 20000))[number])
        p.check("E01", "enrolment", row, when)
    for number, person in p.nears("R"):
        for source in ("shebao", "sheng"):
            row = _resident(person, source)
            _state(row, ALL, *(("1", "3", None), ("2", "3", None), ("4", "3", None))[number])
            p.check("E01", "enrolment", row, expect="near")


@plant("E04")
def paying_but_ended(p: Planting) -> None:
    """Paying, with an end date; near: ended with one, paying with one in an outdated version only."""
    for number, when, person in p.hits("R"):
        row = _resident(person, ("shebao", "sheng", "yibao", "shebao")[number])
        row.set("end_date", dt.date(2026, 12, 31), when)
        p.check("E04", "enrolment", row, when)
    for number, person in p.nears("R"):
        row = _resident(person, "shebao")
        row.set("end_date", dt.date(2026, 4, 1), PAST if number else ALL)
        if not number:
            _state(row, ALL, "4", "3", None)
        p.check("E04", "enrolment", row, expect="near")


@plant("E06 enrolment")
def unknown_insurance(p: Planting) -> None:
    """An insurance code that no table knows; near: the agency's own code for a known one."""
    for number, when, person in p.hits("R"):
        source, column, code = (
            ("shebao", "aae140", "999"),
            ("sheng", "XZ", "Z9"),
            ("yibao", "insutype", "510"),
            ("shebao", "aae140", "1101"),
        )[number]
        row = person.add_row(source, "enrolment", when, start_date=START)
        row.values["insurance"] = f"?{code}"
        row.write(column, code)
        p.check("E06", "enrolment", row, when, kind="CODE")
    for _, person in p.nears("R"):
        p.check("E06", "enrolment", _resident(person, "sheng"), kind="CODE", expect="near")


@plant("E06 tax")
def unknown_tax_insurance(p: Planting) -> None:
    """A tax registration under an unknown code, which 社保 then lacks; near: the tax bureau's own codes."""
    for _, when, person in p.hits("E"):
        row = person.add_row("shuiwu", "tax_registration", when, insurance="110")
        row.values["insurance"] = "?1199"
        p.check("E06", "tax_registration", row, when, kind="CODE")
        p.compare("E17", "registration_tax", "ONLY_RIGHT", person.id, when, insurance="?1199")
    for _, person in p.nears("E"):
        p.check("E06", "tax_registration", person.row("shuiwu", "tax_registration", "210"), kind="CODE", expect="near")


def _twice(p: Planting, rule: str, *, other_pool: bool) -> None:
    for number, when, person in p.hits("R"):
        source = ("shebao", "sheng", "yibao", "shebao")[number]
        row = _resident(person, source)
        pool = "990106" if row.values["pool_region"] == "990101" else "990101"
        changes = {"pool_region": pool} if other_pool else {}
        person.add_row(source, "enrolment", when, insurance=row.values["insurance"], start_date=START, values=changes)
        p.expect(rule, f"check:enrolment:{source}", person.id, when, source=source, insurance=row.values["insurance"])
    for _, person in p.nears("R"):
        row = _resident(person, "shebao")
        ended = {"enrol_state": "4", "pay_state": "3", "pay_base_fen": None, "start_date": START, "end_date": ENDED}
        pool = "990106" if row.values["pool_region"] == "990101" else "990101"
        person.add_row("shebao", "enrolment", insurance="150", values=ended | ({"pool_region": pool} if other_pool else {}))
        p.expect(rule, "check:enrolment:shebao", person.id, source="shebao", insurance="150", expect="near")


@plant("E07")
def twice_in_a_pool(p: Planting) -> None:
    """Two paying rows of one insurance in one pool; near: the other has ended."""
    _twice(p, "E07", other_pool=False)


@plant("E08")
def twice_in_two_pools(p: Planting) -> None:
    """Paying rows of one insurance in two pools; near: the other has ended."""
    _twice(p, "E08", other_pool=True)


@plant("E09")
def employee_and_resident(p: Planting) -> None:
    """Paying as employee and as resident at once; near: the resident's row has ended, or is paused."""
    for number, when, person in p.hits("E"):
        source, model, insurance = (
            ("shebao", "110", "150"),
            ("sheng", "110", "150"),
            ("yibao", "310", "390"),
            ("shebao", "110", "150"),
        )[number]
        row = person.add_row(source, "enrolment", when, insurance=model, start_date=START, pay_base_fen=30000)
        row.values["insurance"] = insurance
        p.expect("E09", f"check:enrolment:{source}", person.id, when, source=source)
    for number, person in p.nears("E"):
        states = {"enrol_state": "4", "pay_state": "3", "end_date": ENDED} if number else {"enrol_state": "2", "pay_state": "2"}
        row = person.add_row("shebao", "enrolment", insurance="110", start_date=START, pay_base_fen=None, values=states)
        row.values["insurance"] = "150"
        p.expect("E09", "check:enrolment:shebao", person.id, source="shebao", expect="near")


@plant("E20")
def insured_after_death(p: Planting) -> None:
    """Dead since 4 May: 30 days are over on 4 June; near: dead for 30 days at most, or the enrolment has ended."""
    for number, kind in enumerate("RRRE"):
        person = p.take(kind)
        day = dt.date(2026, 5, 4) if number < 2 else dt.date(2026, 3, 1)
        when: Slots = (2, 3) if number < 2 else ALL
        person.set("death_date", day)
        for source in ("shebao", "sheng", "guotong"):
            for row in person.select(sources=(source,), datasets=("enrolment",)):
                p.expect("E20", f"rule:E20:{source}", person.id, when, source=source, insurance=row.values["insurance"])
    for number, person in p.nears("R"):
        person.set("death_date", (dt.date(2026, 5, 6), dt.date(2026, 5, 30), dt.date(2025, 1, 1))[number])
        if number == 2:
            person.set("enrol_state", "4")
            person.set("pay_state", "3")
            person.set("pay_base_fen", None)
        for source in ("shebao", "sheng"):
            p.expect("E20", f"rule:E20:{source}", person.id, source=source, insurance="150", expect="near")


@plant("E21")
def ended_before_start(p: Planting) -> None:
    """An ended row whose end lies before its start; near: both on one day."""
    for number, when, person in p.hits("R"):
        row = _resident(person, ("shebao", "sheng", "yibao", "sheng")[number])
        _state(row, ALL, "4", "3", None)
        row.set("end_date", row.values["start_date"] - dt.timedelta(days=1 + number * 100), when)
        p.check("E21", "enrolment", row, when)
    for _, person in p.nears("R"):
        for source in ("shebao", "sheng"):
            row = _resident(person, source)
            _state(row, ALL, "4", "3", None)
            row.set("end_date", row.values["start_date"])
            p.check("E21", "enrolment", row, expect="near")


@plant("C02")
def base_not_positive(p: Planting) -> None:
    """Paying from a base of nothing or less; near: one fen, no base at all."""
    for number, when, person in p.hits("R"):
        row = _resident(person, ("shebao", "sheng", "yibao", "sheng")[number])
        row.set("pay_base_fen", -10000 if number == 3 else 0, when)
        p.check("C02", "enrolment", row, when)
    for number, person in p.nears("R"):
        row = _resident(person, "shebao")
        row.set("pay_base_fen", (1, None, 100)[number])
        p.check("C02", "enrolment", row, expect="near")


@plant("C03")
def base_while_paused(p: Planting) -> None:
    """Paused or ended, and a base all the same; near: paused without one."""
    for number, when, person in p.hits("R"):
        row = _resident(person, ("shebao", "sheng", "yibao", "sheng")[number])
        enrol, pay = ("2", "2") if number < 3 else ("4", "3")
        _state(row, when, enrol, pay, 30000)
        p.check("C03", "enrolment", row, when)
    for _, person in p.nears("R"):
        row = _resident(person, "shebao")
        _state(row, ALL, "2", "2", None)
        p.check("C03", "enrolment", row, expect="near")


@plant("C04")
def base_out_of_bounds(p: Planting) -> None:
    """A base a fen beyond the limits; near: exactly on them, or for a scheme without limits."""
    for number, when, person in p.hits("E"):
        source = ("shebao", "sheng", "guotong", "yibao")[number]
        row = person.row(source, "enrolment", "310" if source == "yibao" else "110")
        row.set("pay_base_fen", (399999, 2200001, 399999, 2200001)[number], when)
        p.check("C04", "enrolment", row, when)
    for number, person in p.nears("E"):
        for row in person.select(sources=("shebao", "sheng", "guotong"), datasets=("enrolment",), insurance=("110",)):
            row.set("pay_base_fen", (400000, 2200000, 400001)[number])
            p.check("C04", "enrolment", row, expect="near")
