"""One person under two numbers, and persons who only look like one."""

from __future__ import annotations

from hedui.demo.numbers import id_check
from hedui.demo.planting import ALL, Planting, Slots, Subject
from hedui.demo.plants.registry import plant

TIERS, MEDICAL, TAX = "person_tiers", "registration_medical", "registration_tax"
THREE_TIERS = ("shebao", "sheng", "guotong")
SCHEMES = ("110", "210", "410")


def valid(first17: str) -> str:
    """The number of 18 digits with its check digit."""
    return first17 + id_check(first17)


def numbered(person: Subject, serial: str = "47") -> str:
    """Gives the person a number whose last digits all differ, in every system; the digit that tells the sex stays."""
    number = valid(f"{person.id[:14]}{serial}{person.id[16]}")
    for name in ("id_number", "social_security_no"):
        person.set(name, number)
    return number


def _wrong_digit(number: str) -> str:
    return number[:15] + str((int(number[15]) + 1) % 10) + number[16:]


def _transposed(number: str) -> str:
    return number[:14] + number[15] + number[14] + number[16:]


def missing(p: Planting, key: str, sources: tuple[str, ...], when: Slots) -> None:
    """Truth of a person whom tiers lack."""
    for source in sources:
        p.compare("T01" if source == "shebao" else "T02", TIERS, "MISSING_TIER", key, when)


def _suggested(p: Planting, scope: str, first: str, second: str, when: Slots = ALL, *, rule: str = "R24", **more: str) -> None:
    key = f"{first}/{second}"
    p.compare(rule, f"link:{scope}", "LINK", key, when, field="id_number", **more)


def _elsewhere(p: Planting, person: Subject, source: str, *, own: str, there: str, when: Slots) -> None:
    """The truth of a person whom one system has under another number: two one-sided keys, and one suggestion."""
    if source in THREE_TIERS:
        missing(p, there, tuple(tier for tier in THREE_TIERS if tier != source), when)
        missing(p, own, (source,), when)
        first, second = (there, own) if source == "shebao" else (own, there)
        _suggested(p, TIERS, first, second, when)
    if source in ("shebao", "yibao"):
        left, right = (there, own) if source == "shebao" else (own, there)
        p.compare("E17", MEDICAL, "ONLY_LEFT", left, when)
        p.compare("E17", MEDICAL, "ONLY_RIGHT", right, when)
        _suggested(p, MEDICAL, left, right, when)


def _renumber(p: Planting, person: Subject, source: str, *, own: str, written: str, read: str, when: Slots) -> None:
    """One system has the person under another number; ``read`` is what it is after cleaning."""
    for name in ("id_number", "social_security_no"):
        person.set(name, written, when, sources=(source,), datasets=("person",))
    if len(written) == 18 and written != valid(written[:17]):
        p.check_all("P05", "person", person, when, sources=(source,))
    _elsewhere(p, person, source, own=own, there=read, when=when)


@plant("R24 wrong digit")
def one_digit_wrong(p: Planting) -> None:
    """One system has a digit of the number wrong."""
    for number, when, person in p.hits("R"):
        own = numbered(person)
        wrong = _wrong_digit(own)
        _renumber(p, person, ("sheng", "guotong", "shebao", "yibao")[number], own=own, written=wrong, read=wrong, when=when)


@plant("R24 transposed")
def two_digits_transposed(p: Planting) -> None:
    """One system has two neighbouring digits exchanged."""
    for number, when, person in p.hits("R"):
        own = numbered(person)
        wrong = _transposed(own)
        _renumber(p, person, ("guotong", "sheng", "yibao", "guotong")[number], own=own, written=wrong, read=wrong, when=when)


@plant("R24 old number")
def old_number_with_a_wrong_digit(p: Planting) -> None:
    """One system has the number of 15 digits with one of them wrong: in 18 digits it is valid."""
    for number, when, person in p.hits("R"):
        own = numbered(person)
        read = valid(_wrong_digit(own)[:17])
        old = read[:6] + read[8:17]
        _renumber(p, person, ("sheng", "guotong", "sheng", "yibao")[number], own=own, written=old, read=read, when=when)


@plant("R24 other document")
def another_document(p: Planting) -> None:
    """One system knows the person by a passport; name, birth date and sex are the same."""
    for number, when, person in p.hits("R"):
        own, passport = numbered(person), f"E9901{p.new_number():05d}"
        source = ("sheng", "guotong", "yibao", "shebao")[number]
        person.set("id_type", "03", when, sources=(source,))
        person.set("id_number", passport, when, sources=(source,), datasets=("person",))
        _elsewhere(p, person, source, own=own, there=passport, when=when)


@plant("R24 tax")
def wrong_digit_at_the_tax_bureau(p: Planting) -> None:
    """The tax bureau has a digit wrong in all registrations of a person: a suggestion per insurance."""
    for _, when, person in p.hits("E"):
        own = numbered(person)
        wrong = _wrong_digit(own)
        person.set("id_number", wrong, when, sources=("shuiwu",))
        for insurance in SCHEMES:
            p.compare("E17", TAX, "ONLY_LEFT", own, when, insurance=insurance)
            p.compare("E17", TAX, "ONLY_RIGHT", wrong, when, insurance=insurance)
            _suggested(p, TAX, own, wrong, when, insurance=insurance)


@plant("P14 second number")
def second_number_inside_a_system(p: Planting) -> None:
    """The province has the person a second time under a mistyped number, which nobody else has."""
    for _, when, person in p.hits("R"):
        own = numbered(person)
        wrong = _wrong_digit(own)
        row = person.add_row(
            "sheng", "person", when, person_no=f"6{p.new_number():09d}", id_number=wrong, social_security_no=None
        )  # fmt: skip
        p.check("P05", "person", row, when)
        missing(p, wrong, ("shebao", "guotong"), when)
        _suggested(p, TIERS, wrong, own, when, rule="P14")


def _two_persons(p: Planting, one: Subject, other: Subject, *, names: tuple[str, str], numbers: tuple[str, str]) -> None:
    """Two persons, each one-sided: the province lacks the first and is the only one to have the second."""
    for person, name in ((one, names[0]), (other, names[1])):
        person.set("name", name)
    one.hide(ALL, sources=("sheng",))
    other.hide(ALL, sources=("shebao", "guotong", "yibao"))
    missing(p, numbers[0], ("sheng",), ALL)
    missing(p, numbers[1], ("shebao", "guotong"), ALL)
    key = f"{numbers[0]}/{numbers[1]}"
    p.compare("R24", f"link:{TIERS}", "LINK", key, field="id_number", expect="near")


@plant("R24 near namesakes")
def namesakes(p: Planting) -> None:
    """Two persons of one name and different birth dates."""
    for _ in range(2):
        one, other = p.take("R"), p.take("R")
        _two_persons(p, one, other, names=("王建国", "王建国"), numbers=(numbered(one), numbered(other)))


@plant("R24 near twins")
def twins(p: Planting) -> None:
    """Twins in one unit: born on one day in one district, numbers that differ in a digit and its check, names in a character."""
    for number in range(2):
        one, other = p.take("R"), p.take("R")
        unit = "990100000001"
        for person in (one, other):
            person.set("unit_no", unit, datasets=("person",))
        other.set("birth_date", one.values["birth_date"])
        sex = str(one.values["sex"]) if number == 0 else ("2" if one.values["sex"] == "1" else "1")
        other.set("sex", sex)
        first = numbered(one)
        last = one.id[16] if number == 0 else str((int(one.id[16]) + 1) % 10)
        second = valid(f"{one.id[:14]}48{last}")
        for name in ("id_number", "social_security_no"):
            other.set(name, second)
        names = (("李晓东", "李晓冬"), ("李晓龙", "李晓凤"))[number]
        _two_persons(p, one, other, names=names, numbers=(first, second))


@plant("R24 near family")
def father_and_son(p: Planting) -> None:
    """Two of one family name in one unit, born in different years, whose names differ in a character."""
    for _ in range(2):
        one, other = p.take("R"), p.take("R")
        for person in (one, other):
            person.set("unit_no", "990100000002", datasets=("person",))
        _two_persons(p, one, other, names=("赵志强", "赵志刚"), numbers=(numbered(one), numbered(other)))
