"""Benefits: paid twice, too early, to one account, in figures that do not foot; who pays and receives; differences of the tiers."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hedui.demo.planting import ALL, Planting, Slots, Subject
from hedui.demo.plants.registry import plant
from hedui.demo.plants.tier_rows import (
    BENEFITS,
    DEFECT,
    RESIDENTS,
    TIERS,
    TWO,
    across,
    check,
    everywhere,
    new_row,
    pension,
    reborn,
    retire,
)  # fmt: skip

MAY = "202605"


def _both(person: Subject, values: dict[str, Any], when: Slots = ALL) -> None:
    """Changes a resident's benefit in both systems that have it, so that they do not differ."""
    everywhere(person, "benefit", values, when, sources=TWO)


def _check(p: Planting, rule: str, person: Subject, when: Slots = ALL, *, expect: str = "hit") -> None:
    for source in TWO:
        check(p, rule, "benefit", person.row(source, "benefit", "150"), when, expect=expect)


def _group(
    p: Planting, rule: str, source: str, key: str, when: Slots = ALL, *, insurance: str | None = None, expect: str = "hit"
) -> None:
    p.expect(rule, f"check:benefit:{source}", key, when, source=source, insurance=insurance, expect=expect)


def _compare(
    p: Planting, rule: str, kind: str, person: Subject, when: Slots = ALL, *, field: str | None = None, expect: str = "hit",
    scope: str = BENEFITS,
) -> None:  # fmt: skip
    insurance = "110" if scope == BENEFITS else "150"
    p.expect(rule, scope, person.id, when, kind=kind, insurance=insurance, period=MAY, field=field, expect=expect)


@plant("D02")
def received_twice(p: Planting) -> None:
    """A second benefit of the scheme under another number; near: the second has ended, or is of another month."""
    for number, when, person in p.hits("O"):
        source = TWO[number % 2]
        values = person.row(source, "benefit").values | {"person_no": f"5{p.new_number():09d}"}
        person.add_row(source, "benefit", when, values=values)
        _group(p, "D02", source, person.id, when, insurance="150")
        _compare(p, "K02", "DUP", person, when, scope=RESIDENTS)
    for number, person in p.nears("O"):
        for source in TWO:
            values = person.row(source, "benefit").values | ({"period": "202604"} if number else {"benefit_state": "3"})
            if number:
                person.add_row(source, "benefit", values=values)
            elif source == "sheng":
                person.add_row(source, "benefit", values=values | {"person_no": f"5{p.new_number():09d}"})
                _compare(p, "K02", "DUP", person, scope=RESIDENTS)
            _group(p, "D02", source, person.id, insurance="150", expect="near")


@plant("D03")
def received_across_schemes(p: Planting) -> None:
    """A benefit of employees and one of residents; near: the residents' one is suspended."""
    for _, when, person in p.hits("O"):
        for source in TIERS:
            new_row(person, source, "benefit", pension(person, source), when)
        for source in TWO:
            _group(p, "D03", source, person.id, when)
    for _, person in p.nears("O"):
        for source in TIERS:
            new_row(person, source, "benefit", pension(person, source))
        for source in TWO:
            person.row(source, "benefit", "150").set("benefit_state", "2")
            _group(p, "D03", source, person.id, expect="near")


@plant("D04/D05/D10")
def figures_do_not_foot(p: Planting) -> None:
    """Items that do not make the sum; more paid than due; a negative item; near: offset, explained by an adjustment, zero."""
    for number, when, person in p.hits("O"):
        total = person.row("shebao", "benefit").values["due_fen"] + (1, -1, 10000, -300)[number]
        _both(person, {"due_fen": total, "paid_fen": total}, when)
        _check(p, "D04", person, when)
    for number, when, person in p.hits("O"):
        total = person.row("shebao", "benefit").values["due_fen"]
        _both(person, {"paid_fen": total + 5000, "adjustment_fen": (0, None, 4999, -5000)[number]}, when)
        _check(p, "D05", person, when)
    for number, when, person in p.hits("O"):
        basic = person.row("shebao", "benefit").values["basic_fen"]
        _both(person, {"survivor_fen": -1 - number, "basic_fen": basic + 1 + number}, when)
        _check(p, "D10", person, when)
    for number, person in p.nears("O"):
        values = person.row("shebao", "benefit").values
        _both(person, {"basic_fen": values["basic_fen"] - 700, "survivor_fen": 700})
        paid = values["due_fen"] + (5000, -100, 0)[number]
        _both(person, {"paid_fen": paid, "adjustment_fen": 5000 if number == 0 else 0})
        for rule in ("D04", "D05", "D10"):
            _check(p, rule, person, expect="near")


@plant("D07")
def received_too_early(p: Planting) -> None:
    """A resident who is not sixty in the benefit's month; near: sixty on its last day."""
    for number, person in enumerate(p.take("O") for _ in range(4)):
        reborn(
            person, (dt.date(1966, 6, 1), dt.date(1968, 2, 29), dt.date(1980, 1, 1), dt.date(1967, 12, 31))[number], 480 + number
        )
        across(p, "D07", TWO, person.id, insurance="150")
    for number, person in p.nears("O"):
        reborn(person, (dt.date(1966, 5, 31), dt.date(1966, 5, 1), dt.date(1950, 1, 1))[number], 490 + number)
        across(p, "D07", TWO, person.id, insurance="150", expect="near")


@plant("D09")
def one_bank_account(p: Planting) -> None:
    """Two persons' benefits go to one bank account; near: the other one's is suspended, or it is the person's own second benefit."""
    for _, when, person in p.hits("O"):
        number = person.row("shebao", "benefit").values["bank_account"]
        _both(p.take("O"), {"bank_account": number}, when)
        for source in TWO:
            _group(p, "D09", source, number, when)
    for number, person in p.nears("O", 2):
        shared = person.row("shebao", "benefit").values["bank_account"]
        if number:
            for source in TWO:
                person.add_row(source, "benefit", values=person.row(source, "benefit").values | {"period": "202604"})
        else:
            _both(p.take("O"), {"bank_account": shared, "benefit_state": "2"})
        for source in TWO:
            _group(p, "D09", source, shared, expect="near")


@plant("D11")
def too_few_months(p: Planting) -> None:
    """A pensioner with fewer months than the scheme asks for; near: exactly 180, or deemed months make them up."""
    for number in range(4):
        person = p.take("M")
        retire(person, months_paid=(179, 150, 20, 100)[number], months_deemed=(0, 29, 0, 79)[number])
        across(p, "D11", TIERS, person.id, insurance="110")
    for number, person in p.nears("M"):
        retire(person, months_paid=(180, 100, 179)[number], months_deemed=(0, 80, 1)[number])
        across(p, "D11", TIERS, person.id, insurance="110", expect="near")


@plant("E14")
def pays_and_receives(p: Planting) -> None:
    """A resident who receives a benefit and pays; near: the benefit is suspended, or of an earlier month only."""
    for number, when, person in p.hits("O"):
        source = TWO[number % 2]
        person.row(source, "enrolment", "150").set("pay_state", "1", when)
        across(p, "E14", (source,), person.id, when, insurance="150")
    for number, person in p.nears("O"):
        for source in TWO:
            person.row(source, "enrolment", "150").set("pay_state", "1")
            if number == 2:
                person.add_row(source, "benefit", values=person.row(source, "benefit").values | {"period": "202604"})
                person.rows[source, "benefit"][0].set("benefit_state", "3")
            else:
                person.row(source, "benefit").set("benefit_state", "23"[number])
        across(p, "E14", TWO, person.id, insurance="150", expect="near")


@plant("E15")
def old_without_benefit(p: Planting) -> None:
    """Old enough, with months enough, and no benefit; near: an application, a month too young, too few months."""
    for _, when, person in p.hits("O"):
        person.hide(when, sources=TWO, datasets=("benefit",))
        across(p, "E15", TWO, person.id, when, insurance="150")
    for number, when, person in p.hits("M"):
        _man(
            person, (dt.date(1964, 12, 31), dt.date(1965, 1, 1), dt.date(1965, 10, 10), dt.date(1966, 1, 31))[number], 440 + number
        )
        everywhere(person, "enrolment", {"months_paid": 180})
        everywhere(person, "enrolment", {"enrol_state": "2", "pay_state": "2", "pay_base_fen": None}, tuple(set(ALL) - set(when)))
        person.set("pay_state", "2", tuple(set(ALL) - set(when)), sources=("shuiwu",))
        across(p, "E15", TIERS, person.id, when, insurance="110")
    for _, person in p.nears("O"):
        _both(person, {"benefit_state": "0"})
        across(p, "E15", TWO, person.id, insurance="150", expect="near")
    for number, person in p.nears("M"):
        _man(person, (dt.date(1966, 2, 1), dt.date(1965, 10, 10), dt.date(1966, 12, 1))[number], 450 + number)
        everywhere(person, "enrolment", {"months_paid": 179 if number == 1 else 300})
        across(p, "E15", TIERS, person.id, insurance="110", expect="near")


def _man(person: Subject, day: dt.date, serial: int) -> None:
    """An employee who is a man of that age, wherever the person is known."""
    person.values["id_number"] = person.id[:16] + "1" + person.id[17:]
    for rows in person.rows.values():
        for row in rows:
            if "sex" in row.values:
                row.values["sex"] = "1"
    reborn(person, day, serial)


@plant("T12")
def benefit_differs(p: Planting) -> None:
    """A tier has another benefit due, another paid, or lacks it; near: the items are spread otherwise, no tier has it."""
    for number, when, person in p.hits("M"):
        rows = retire(person)
        row = rows[DEFECT[number]]
        for name in ("basic_fen", "due_fen", "paid_fen"):
            row.set(name, row.values[name] + 100, when)
        for field in ("due_fen", "paid_fen"):
            _compare(p, "T12", "AMT", person, when, field=field)
    for number, when, person in p.hits("M"):
        source = ("guotong", "shebao", "sheng", "shebao")[number]
        retire(person)[source].hide(when)
        _compare(p, "T01" if source == "shebao" else "T02", "MISSING_TIER", person, when)
    for number, when, person in p.hits("O"):
        row = person.row("sheng", "benefit")
        for name in ("other_fen", "due_fen"):
            row.set(name, row.values[name] + 1 + number, when)
        _compare(p, "T12", "AMT", person, when, field="due_fen", scope=RESIDENTS)
    for _, person in p.nears("M", 2):
        row = retire(person)["sheng"]
        row.set("basic_fen", row.values["basic_fen"] - 500)
        row.set("transition_fen", row.values["transition_fen"] + 500)
        for field in ("due_fen", "paid_fen"):
            _compare(p, "T12", "AMT", person, field=field, expect="near")
        for rule in ("T01", "T02"):
            _compare(p, rule, "MISSING_TIER", person, expect="near")


@plant("T04 benefits")
def benefit_state_differs(p: Planting) -> None:
    """The province has suspended a benefit that is paid here, on all three dates; near: suspended on both sides."""
    for _, when, person in p.hits("O"):
        person.row("sheng", "benefit").set("benefit_state", "2", when)
        _compare(p, "T04", "STATUS", person, when, field="benefit_state", scope=RESIDENTS)
    for _, person in p.nears("O"):
        _both(person, {"benefit_state": "2"})
        _compare(p, "T04", "STATUS", person, field="benefit_state", scope=RESIDENTS, expect="near")
    for number, when, person in p.hits("O"):
        person.row(TWO[number % 2], "benefit").hide(when)
        rule, kind = (("T01", "ONLY_RIGHT"), ("T02", "ONLY_LEFT"))[number % 2]
        _compare(p, rule, kind, person, when, scope=RESIDENTS)
        across(p, "E15", (TWO[number % 2],), person.id, when, insurance="150")
