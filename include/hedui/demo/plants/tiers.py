"""Differences between the local, provincial and national systems."""

from __future__ import annotations

import datetime as dt

from hedui.demo.planting import ALL, PAST, Planting, Slots, Subject, iso
from hedui.demo.plants.registry import plant

PERSONS, ENROLMENTS = "person_tiers", "enrolment_tiers"


def _near(p: Planting, rule: str, scope: str, kind: str, person: Subject, field: str | None) -> None:
    p.compare(rule, scope, kind, person.id, field=field, insurance="110" if scope == ENROLMENTS else None, expect="near")


def _both(person: Subject, when: Slots, *sources: str) -> None:
    """The person is unknown to the systems."""
    person.hide(when, sources=sources)


@plant("T01")
def unknown_locally(p: Planting) -> None:
    """The upper tiers have a person whom the local system (and 医保) lacks; near: its row is new in the local system."""
    for number, when, person in p.hits("R"):
        _both(person, when, "shebao", "yibao")
        p.compare("T01", PERSONS, "MISSING_TIER", person.id, when)
        if number == 1:
            _both(person, when, "guotong")
            p.compare("T02", PERSONS, "MISSING_TIER", person.id, when)
    for _, person in p.nears("R"):
        _both(person, PAST, "shebao")
        _near(p, "T01", PERSONS, "MISSING_TIER", person, None)


@plant("T02")
def unknown_above(p: Planting) -> None:
    """A local person whom the province or the nation lacks; near: present there under an id number written otherwise."""
    for number, when, person in p.hits("R"):
        _both(person, when, "sheng" if number % 2 else "guotong")
        p.compare("T02", PERSONS, "MISSING_TIER", person.id, when)
    for _, person in p.nears("R"):
        person.set("id_number", f" {person.id.lower()}", sources=("sheng", "guotong"))
        _near(p, "T02", PERSONS, "MISSING_TIER", person, None)


@plant("T03 name")
def name_differs(p: Planting) -> None:
    """One tier has another name; near: the dot, blanks and full-width forms differ."""
    for number, when, person in p.hits("R"):
        source = ("guotong", "sheng", "guotong", "sheng")[number]
        person.set("name", person.values["name"] + "华", when, sources=(source,), datasets=("person",))
        p.compare("T03", PERSONS, "ATTR", person.id, when, field="name")
    for number, person in p.nears("R"):
        person.set("name", "萨仁·图雅", datasets=("person",))
        for source, name in (("sheng", "　萨仁・图雅"), ("guotong", ("萨仁．图雅 ", "萨仁•图雅", " 萨仁·图雅")[number])):
            person.set("name", name, sources=(source,), datasets=("person",))
        _near(p, "T03", PERSONS, "ATTR", person, "name")


@plant("T03 sex")
def sex_differs(p: Planting) -> None:
    """One tier has the other sex, which then contradicts the id number there, or none; near: codes differ, the sex does not."""
    for number, when, person in p.hits("R"):
        source = ("guotong", "sheng")[number % 2]
        value = None if number > 1 else ("2" if person.values["sex"] == "1" else "1")
        person.set("sex", value, when, sources=(source,))
        p.compare("T03", PERSONS, "ATTR", person.id, when, field="sex")
        if value:
            p.check_all("P08", "person", person, when, sources=(source,))
    for _, person in p.nears("R"):
        _near(p, "T03", PERSONS, "ATTR", person, "sex")


@plant("T03 birth")
def birth_date_differs(p: Planting) -> None:
    """One tier has another birth date, which then contradicts the id number there; near: only the format differs."""
    for number, when, person in p.hits("R"):
        source = ("guotong", "sheng")[number % 2]
        person.set("birth_date", person.values["birth_date"] - dt.timedelta(days=30), when, sources=(source,))
        p.compare("T03", PERSONS, "ATTR", person.id, when, field="birth_date")
        p.check_all("P07", "person", person, when, sources=(source,))
    for _, person in p.nears("R"):
        _near(p, "T03", PERSONS, "ATTR", person, "birth_date")


@plant("T05 first work")
def first_work_date_differs(p: Planting) -> None:
    """One tier has another first working day; near: it differed in an outdated version only."""
    for number, when, person in p.hits("E"):
        source = ("guotong", "sheng")[number % 2]
        person.set("first_work_date", person.values["first_work_date"] + dt.timedelta(days=31), when, sources=(source,))
        p.compare("T05", PERSONS, "ATTR", person.id, when, field="first_work_date")
    for _, person in p.nears("E"):
        person.set("first_work_date", None, PAST, sources=("shebao",))
        _near(p, "T05", PERSONS, "ATTR", person, "first_work_date")


@plant("P23")
def death_known_to_one(p: Planting) -> None:
    """Only one tier knows of a death; near: all know of it."""
    for number, when, person in p.hits("R"):
        person.set("death_date", dt.date(2026, 5, 20 + number), when, sources=(("guotong", "sheng")[number % 2],))
        p.compare("P23", PERSONS, "ATTR", person.id, when, field="death_date")
    for _, person in p.nears("R"):
        person.set("death_date", dt.date(2026, 5, 25))
        _near(p, "P23", PERSONS, "ATTR", person, "death_date")


@plant("K02 person")
def person_twice(p: Planting) -> None:
    """One tier has the person twice under one name; near: two versions of one row."""
    for number, when, person in p.hits("R"):
        source = ("guotong", "sheng")[number % 2]
        person.add_row(source, "person", when, person_no=f"7{p.new_number():09d}", social_security_no=None)
        p.compare("K02", PERSONS, "DUP", person.id, when)
    for _, person in p.nears("R"):
        person.set("phone", "10000000000", (3, 4), sources=("shebao",))
        _near(p, "K02", PERSONS, "DUP", person, None)


@plant("T01/T02 enrolment")
def enrolment_missing(p: Planting) -> None:
    """A tier lacks the 110 enrolment; near: it lacks 210, which is compared by nobody upstairs."""
    for number, when, person in p.hits("E"):
        source = ("guotong", "shebao", "sheng", "shebao")[number]
        person.hide(when, sources=(source,), datasets=("enrolment",), insurance=("110",))
        if source == "shebao":
            person.hide(when, sources=("shuiwu",), insurance=("110",))
        rule = "T01" if source == "shebao" else "T02"
        p.compare(rule, ENROLMENTS, "MISSING_TIER", person.id, when, insurance="110")
    for number, person in p.nears("E"):
        person.hide(ALL, sources=("sheng",), datasets=("enrolment",), insurance=("210", "410")[: number + 1])
        _near(p, "T02", ENROLMENTS, "MISSING_TIER", person, None)
        _near(p, "T01", ENROLMENTS, "MISSING_TIER", person, None)


@plant("T04")
def state_differs(p: Planting) -> None:
    """One tier has the enrolment paused, or no state at all; near: another coding of the same state."""
    for number, when, person in p.hits("E"):
        row = person.row(("guotong", "sheng", "sheng", "guotong")[number], "enrolment", "110")
        fields = ("enrol_state", "pay_state") if number < 2 else (("enrol_state",), ("pay_state",))[number - 2]
        for name in fields:
            row.set(name, "2" if number < 2 else None, when)
            p.compare("T04", ENROLMENTS, "STATUS", person.id, when, field=name, insurance="110")
        if number < 2:
            row.set("pay_base_fen", None, when)
    for _, person in p.nears("E"):
        for name, value in (("enrol_state", "2"), ("pay_state", "2"), ("pay_base_fen", None)):
            person.set(name, value)
        for name in ("enrol_state", "pay_state"):
            _near(p, "T04", ENROLMENTS, "STATUS", person, name)


@plant("T05/T06 enrolment")
def months_differ(p: Planting) -> None:
    """One tier has another first month, or another count of paid months; near: only the uncompared base differs."""
    for number, when, person in p.hits("E"):
        source = ("guotong", "sheng")[number % 2]
        person.row(source, "enrolment", "110").set("first_month", "199001", when)
        p.compare("T05", ENROLMENTS, "ATTR", person.id, when, field="first_month", insurance="110")
    for number, when, person in p.hits("E"):
        row = person.row(("sheng", "guotong")[number % 2], "enrolment", "110")
        row.set("months_paid", row.values["months_paid"] + 1, when)
        p.compare("T06", ENROLMENTS, "ATTR", person.id, when, field="months_paid", insurance="110")
    for _, person in p.nears("E"):
        person.row("guotong", "enrolment", "110").set("pay_base_fen", 1234500)
        _near(p, "T05", ENROLMENTS, "ATTR", person, "first_month")
        _near(p, "T06", ENROLMENTS, "ATTR", person, "months_paid")


@plant("K02 enrolment")
def enrolment_twice(p: Planting) -> None:
    """One tier has a second, ended spell of the enrolment; near: the second spell is of another insurance."""
    ended = {
        "enrol_state": "4",
        "pay_state": "3",
        "pay_base_fen": None,
        "end_date": dt.date(2003, 1, 1),
        "start_date": dt.date(2001, 1, 1),
    }
    for number, when, person in p.hits("E"):
        source = ("guotong", "sheng", "shebao", "guotong")[number]
        person.add_row(source, "enrolment", when, insurance="110", values=ended)
        p.compare("K02", ENROLMENTS, "DUP", person.id, when, insurance="110")
        if source == "shebao":
            p.compare("K02", "registration_tax", "DUP", person.id, when, insurance="110")
    for _, person in p.nears("E"):
        row = person.add_row("sheng", "enrolment", insurance="210", values=ended)
        p.compare(
            "K02", ENROLMENTS, "DUP", person.id, insurance="110", expect="near", note=f"spell from {iso(row.values['start_date'])}"
        )


@plant("REJECT tiers")
def unconvertible(p: Planting) -> None:
    """A date, an amount or a count that cannot be read: the row is rejected, and its side lacks the key."""
    for number, (source, column, text) in enumerate(
        (("sheng", "CSRQ", "1990-02-30"), ("guotong", "出生日期", "不详"), ("sheng", "SWRQ", "2026/13/41"))
    ):
        person, when = p.take("R"), (ALL, (2, 3, 4), (0, 1, 2))[number]
        person.row(source, "person").write(column, text, when)
        p.rejected(source, "person", when)
        p.compare("T02", PERSONS, "MISSING_TIER", person.id, when, note="rejected row")
    for number, (source, column, text) in enumerate(
        (
            ("sheng", "JFJS", "五千"),
            ("guotong", "缴费基数", "12.3.4"),
            ("sheng", "LJYS", "十二"),
            ("guotong", "实际缴费月数", "一年"),
        )
    ):
        person, when = p.take("E"), (ALL, (2, 3, 4), (0, 1, 2), (0, 1, 3, 4))[number]
        person.row(source, "enrolment", "110").write(column, text, when)
        p.rejected(source, "enrolment", when)
        p.compare("T02", ENROLMENTS, "MISSING_TIER", person.id, when, insurance="110", note="rejected row")
    person = p.take("R")
    person.row("shebao", "person").write("aac006", "19900230", (2, 3, 4))
    p.rejected("shebao", "person", (2, 3, 4))
    p.compare("T01", PERSONS, "MISSING_TIER", person.id, (2, 3, 4), note="rejected row")
    p.compare("E17", "registration_medical", "ONLY_RIGHT", person.id, (2, 3, 4), note="rejected row")
