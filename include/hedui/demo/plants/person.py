"""Defects of a person's own data, the same in every system, so that the tiers agree with each other."""

from __future__ import annotations

import datetime as dt

from hedui.demo.numbers import id_check
from hedui.demo.planting import ALL, DATES, PAST, Planting, Slots, Subject, iso
from hedui.demo.plants.registry import plant

THREE_TIERS = ("shebao", "sheng", "guotong")


def _unusable(p: Planting, person: Subject, when: Slots, *, expect: str = "hit") -> None:
    """Truth of a person without a usable id number: each comparison by id number reports its row on each side."""
    for scope, sources in (("person_tiers", THREE_TIERS), ("registration_medical", ("shebao", "yibao"))):
        for source in sources:
            p.compare("K01", scope, "KEY", f"no:{person.no(source)}", when, expect=expect)
    if person.values["kind"] == "R":
        return
    day = iso(person.values["start_date"])
    for source in THREE_TIERS:
        p.compare("K01", "enrolment_tiers", "KEY", f"no:{person.no(source)}/{day}", when, insurance="110")
    for insurance in ("110", "210", "410"):
        p.compare("K01", "registration_tax", "KEY", f"no:{person.no('shebao')}/{day}", when, insurance=insurance)
        p.compare("K01", "registration_tax", "KEY", f"no:{person.no('shuiwu')}", when, insurance=insurance)


@plant("P01")
def no_name(p: Planting) -> None:
    """A name that is empty or only blanks; near: one character, blanks around, empty in an outdated version only."""
    for number, when, person in p.hits("R"):
        person.set("name", None, when, datasets=("person",))
        if number == 3:
            person.rows["sheng", "person"][0].write("XM", "　 ", when)
        p.check_all("P01", "person", person, when)
    for number, person in p.nears("R"):
        if number == 0:
            person.set("name", "王")
        elif number == 1:
            person.set("name", f"　{person.values['name']}  ")
        else:
            person.set("name", None, PAST, sources=("shebao",))
        p.check_all("P01", "person", person, expect="near")


@plant("P03")
def no_id_number(p: Planting) -> None:
    """No id number anywhere: a resident thrice, an employee once; near: a passport number instead."""
    for number, kind in enumerate("RRRE"):
        person, when = p.take(kind), (ALL, (2, 3, 4), (0, 1, 2), (0, 1, 3, 4))[number]
        person.set("id_number", None, when)
        p.check_all("P03", "person", person, when)
        _unusable(p, person, when)
    for _, person in p.nears("R"):
        _passport(p, person)
        p.check_all("P03", "person", person, expect="near")
        _unusable(p, person, ALL, expect="near")


def _passport(p: Planting, person: Subject) -> None:
    person.set("id_type", "03")
    person.set("id_number", f"E9900{p.new_number():05d}")


@plant("P04")
def malformed_id_number(p: Planting) -> None:
    """An id number of 17 or 19 characters or with a letter inside; near: 15 digits, passports, full-width digits."""
    for number, when, person in p.hits("R"):
        own = person.id
        person.set("id_number", (own[:17], own + "0", own[:10] + "A" + own[11:], own[:6] + own[8:14])[number], when)
        p.check_all("P04", "person", person, when)
    for number, person in p.nears("R"):
        if number == 0:
            person.set("id_number", person.id[:6] + person.id[8:17])
        elif number == 1:
            _passport(p, person)
        else:
            wide = person.id.translate(str.maketrans("0123456789X", "０１２３４５６７８９Ｘ"))
            person.set("id_number", wide, sources=("sheng", "guotong"))
        p.check_all("P04", "person", person, expect="near")


@plant("P05")
def wrong_check_digit(p: Planting) -> None:
    """The check character is one off; near: a lower-case x, blanks around, a passport."""
    for _, when, person in p.hits("R"):
        last = person.id[17]
        person.set("id_number", person.id[:17] + ("0" if last == "X" else str((int(last) + 1) % 10)), when)
        p.check_all("P05", "person", person, when)
    for number, person in p.nears("R"):
        if number == 0:
            _ending_in_x(person)
        elif number == 1:
            person.set("id_number", f" {person.id} ", sources=("guotong", "yibao"))
        else:
            _passport(p, person)
        p.check_all("P05", "person", person, expect="near")


def _ending_in_x(person: Subject) -> None:
    """Moves the person's sequence number to one whose check character is X, written x in two systems."""
    parity = int(person.id[16]) % 2
    first17 = next(
        candidate
        for serial in range(900 + parity, 1000, 2)
        if id_check(candidate := person.id[:14] + str(serial)) == "X"
    )  # fmt: skip
    person.set("id_number", first17 + "X")
    person.set("id_number", first17 + "x", sources=("sheng", "yibao"))


def _moved(day: dt.date, days: int) -> dt.date:
    return day + dt.timedelta(days=days)


@plant("P07")
def birth_date_differs_from_id(p: Planting) -> None:
    """The birth date is a day off the id number's; near: no birth date, a passport."""
    for _, when, person in p.hits("R"):
        person.set("birth_date", _moved(person.values["birth_date"], 1), when)
        p.check_all("P07", "person", person, when)
    for number, person in p.nears("R"):
        if number == 0:
            person.set("birth_date", None)
        else:
            _passport(p, person)
            person.set("birth_date", _moved(person.values["birth_date"], 40))
        p.check_all("P07", "person", person, expect="near")


@plant("P08")
def sex_differs_from_id(p: Planting) -> None:
    """The sex contradicts the id number's 17th digit; near: no sex, a passport."""
    for _, when, person in p.hits("R"):
        person.set("sex", "2" if person.values["sex"] == "1" else "1", when)
        p.check_all("P08", "person", person, when)
    for number, person in p.nears("R"):
        if number:
            _passport(p, person)
        person.set("sex", ("1", None)[number == 0] if person.values["sex"] == "2" else ("2", None)[number == 0])
        p.check_all("P08", "person", person, expect="near")


@plant("P10")
def placeholder_id_number(p: Planting) -> None:
    """A placeholder: zeros, 000000 + birth + 0000, one digit repeated; near: a real form that ends in 0000."""
    for number, when, person in p.hits("R"):
        birth = person.values["birth_date"]
        value = ("0" * 18, f"000000{birth:%Y%m%d}0000", "1" * 18, f"000000{_moved(birth, 1):%Y%m%d}0000")[number]
        person.set("id_number", value, when)
        p.check_all("P10", "person", person, when)
        _unusable(p, person, when)
    for number, person in p.nears("R"):
        day = dt.date(1980 + number, 1, 1)
        while id_check(f"990101{day:%Y%m%d}000") != "0":
            day = _moved(day, 1)
        person.set("id_number", f"990101{day:%Y%m%d}0000")
        person.set("birth_date", day)
        person.set("sex", "2")
        p.check_all("P10", "person", person, expect="near")


@plant("P12")
def two_numbers_for_one_person(p: Planting) -> None:
    """Two person numbers share a social security number in one system; near: both empty, or both a placeholder."""
    for number, when, person in p.hits("R"):
        other, source = p.take("R"), ("shebao", "sheng", "guotong", "shebao")[number]
        person.set("social_security_no", person.id, when, sources=(source,))
        other.set("social_security_no", person.id, when, sources=(source,))
        p.expect("P12", f"check:person:{source}", person.id, when, source=source)
    for number, person in p.nears("R"):
        other, value = p.take("R"), (None, "0" * 18, "9" * 18)[number]
        for subject in (person, other):
            subject.set("social_security_no", value, sources=THREE_TIERS)
        if value:
            for source in THREE_TIERS:
                p.expect("P12", f"check:person:{source}", value, source=source, expect="near")


def _second_row(p: Planting, person: Subject, source: str, when: Slots, name: str) -> None:
    """A second row of the person in one system, which the comparisons with that system call a duplicate key."""
    person.add_row(
        source, "person", when, person_no=f"8{p.new_number():09d}", name=name, social_security_no=None, id_number=person.id
    )  # fmt: skip
    if source in THREE_TIERS:
        p.compare("K02", "person_tiers", "DUP", person.id, when)
    if source in ("shebao", "yibao"):
        p.compare("K02", "registration_medical", "DUP", person.id, when)
    if source == "yibao":  # 医保 has no social security number but the id number
        p.expect("P12", "check:person:yibao", person.id, when, source="yibao")


@plant("P13")
def one_number_for_two_persons(p: Planting) -> None:
    """Two rows with one id number and different names; near: the names differ in blanks and dots only (a duplicate key still)."""
    for number, when, person in p.hits("R"):
        source = ("sheng", "guotong", "yibao", "shebao")[number]
        _second_row(p, person, source, when, "欧阳" + person.values["name"][-1] + "某")
        p.expect("P13", f"check:person:{source}", person.id, when, source=source)
    for number, person in p.nears("R"):
        source = ("sheng", "guotong", "yibao")[number]
        person.set("name", "娜仁·高娃", datasets=("person",))
        _second_row(p, person, source, ALL, (" 娜仁・高娃", "娜仁．高娃　", "娜仁•高娃")[number])
        p.expect("P13", f"check:person:{source}", person.id, source=source, expect="near")


def _terminate(person: Subject) -> None:
    """Ends the person's enrolments, as befits a death."""
    for name, value in (("enrol_state", "4"), ("pay_state", "3"), ("pay_base_fen", None), ("end_date", dt.date(2026, 5, 1))):
        person.set(name, value)


@plant("P16")
def death_date_impossible(p: Planting) -> None:
    """Dead before birth, or in the future: the 5th is future on the 3rd and 4th only; near: on the business date, on the birth date."""
    for number, when, person in p.hits("R"):
        birth = person.values["birth_date"]
        day = (DATES[2], _moved(birth, -1), _moved(birth, -400), dt.date(2027, 1, 1))[number]
        person.set("death_date", day, ALL if number == 0 else when)
        _terminate(person)
        p.check_all("P16", "person", person, (1, 2) if number == 0 else when, sources=THREE_TIERS)
    for number, person in p.nears("R"):
        person.set("death_date", (DATES[0], person.values["birth_date"], dt.date(2026, 5, 31))[number])
        _terminate(person)
        p.check_all("P16", "person", person, sources=THREE_TIERS, expect="near")


@plant("P18")
def retired_before_work(p: Planting) -> None:
    """Retired on or before the first day at work; near: a day later, no retirement."""
    for number, when, person in p.hits("R"):
        person.set("first_work_date", dt.date(1995, 7, 1))
        person.set("retirement_date", dt.date(1995, 7, 1) if number < 2 else dt.date(1990, 1, 1), when)
        p.check_all("P18", "person", person, when, sources=THREE_TIERS)
    for number, person in p.nears("R"):
        person.set("first_work_date", dt.date(1995, 7, 1))
        person.set("retirement_date", (dt.date(1995, 7, 2), None, dt.date(2025, 7, 1))[number])
        p.check_all("P18", "person", person, sources=THREE_TIERS, expect="near")
