"""Defects of enrolments beyond the first release's; mostly residents' schemes, which no tier compares. Hits: :mod:`hedui.demo.judged`."""

from __future__ import annotations

import datetime as dt

from hedui.demo.judged import years_after
from hedui.demo.planting import ALL, Planting, Row, Subject
from hedui.demo.plants.registry import plant


def _resident(person: Subject, source: str = "shebao") -> Row:
    return person.row(source, "enrolment", "390" if source == "yibao" else "150")


def _ended(row: Row, end: dt.date | None) -> None:
    for name, value in (("enrol_state", "4"), ("pay_state", "3"), ("pay_base_fen", None), ("end_date", end)):
        row.set(name, value)


@plant("E16 E19")
def change_without_consequence(p: Planting) -> None:
    """Died, emigrated or moved away, and insured as before, without the day of the change."""
    for number, when, person in p.hits("R"):
        _resident(person).set("change_reason", ("11", "12", "13", "11")[number], when)


@plant("E05 C27")
def no_end_date_or_no_tier(p: Planting) -> None:
    """Ended without a date in one system; a contribution that is no tier in another."""
    for number, when, person in p.hits("R"):
        ended = _resident(person, ("shebao", "sheng", "shebao", "sheng")[number])
        for name, value in (("enrol_state", "4"), ("pay_state", "3"), ("pay_base_fen", None), ("end_date", None)):
            ended.set(name, value, when)
        _resident(person, "yibao").set("pay_base_fen", (20001, 19999, 35000, 300001)[number], when)


@plant("E02 E03")
def insured_too_early(p: Planting) -> None:
    """First insured a month before work began; insured a day before the age of sixteen."""
    for number, when, person in p.hits("R"):
        work = dt.date(2016, 7, 1)
        person.set("first_work_date", work)
        source = ("shebao", "sheng")[number % 2]
        early = _resident(person, source)
        early.set("first_month", "201606", when)
        early.set("start_date", years_after(person.values["birth_date"], 16) - dt.timedelta(days=1), when)


@plant("near E")
def nearly(p: Planting) -> None:
    """Died, and ended with a date; paused without one; insured in the month work began, on the sixteenth birthday; another tier."""
    for number, person in p.nears("R"):
        row = _resident(person)
        person.set("first_work_date", dt.date(2016, 7, 1))
        row.set("first_month", "201607")
        row.set("start_date", years_after(person.values["birth_date"], 16))
        row.set("change_reason", "11" if number == 0 else "21")
        row.set("change_date", dt.date(2026, 4, 1))
        if number == 0:
            _ended(row, dt.date(2026, 4, 1))
        elif number == 1:
            for name, value in (("enrol_state", "2"), ("pay_state", "2"), ("pay_base_fen", None)):
                row.set(name, value)
        else:
            row.set("pay_base_fen", 300000)
        for rule in ("E05", "E16", "E19", "C27"):
            p.check(rule, "enrolment", row, expect="near")
        key = f"{row.values['person_no']}/{row.at(1)['start_date'].isoformat()}"
        for rule in ("E02", "E03"):
            p.expect(rule, f"rule:{rule}:shebao", key, source="shebao", insurance="150", expect="near")


@plant("E10")
def companion_missing(p: Planting) -> None:
    """Pays the pension and not the insurance against accidents or unemployment; near: 国统, which knows the pension alone."""
    for number, when, person in p.hits("E"):
        sources = ("shebao", "shuiwu") if number % 2 else ("sheng",)
        person.hide(when, sources=sources, datasets=("enrolment", "tax_registration"), insurance=(("410", "210")[number // 2],))
        p.expect("E10", "check:enrolment:guotong", person.no("guotong"), ALL, source="guotong", expect="near")
