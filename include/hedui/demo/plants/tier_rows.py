"""What the plants on contributions, accounts, benefits and deaths share: a person's rows, and truth of their checks."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from hedui.demo.numbers import id_check
from hedui.demo.planting import ALL, TIER_TABLES, Planting, Row, Slots, Subject

TIERS: Final = ("shebao", "sheng", "guotong")
TWO: Final = ("shebao", "sheng")
MONTHS, ACCOUNTS, BENEFITS = "months_tiers", "accounts_tiers", "benefit_tiers"
RESIDENTS, RESIDENT_ACCOUNTS = "benefit_residents", "accounts_residents"
DEFECT: Final = ("guotong", "sheng", "guotong", "sheng")
"""The tier in which each of a plant's four hits lies."""


def month(person: Subject, source: str, period: str) -> Row:
    """The person's contribution of a month in a tier."""
    return next(row for row in person.select(sources=(source,), datasets=("contribution_month",)) if row.values["period"] == period)


def account(person: Subject, source: str) -> Row:
    """The person's account in a tier."""
    return person.row(source, "pension_account")


def everywhere(
    person: Subject, dataset: str, values: dict[str, Any], when: Slots = ALL, *, sources: tuple[str, ...] = TIERS
) -> None:
    """Gives the person's rows of a dataset other values in all tiers."""
    for name, value in values.items():
        person.set(name, value, when, sources=sources, datasets=(dataset,))


def new_row(person: Subject, source: str, dataset: str, values: dict[str, Any], when: Slots = ALL) -> Row:
    """A row of a dataset of which the person has none yet."""
    table = next(table for table in TIER_TABLES if (table.source, table.dataset) == (source, dataset))
    row = Row(table=table, values={"i": person.number} | values, shown=set(when))
    person.rows[source, dataset].append(row)
    return row


def check(p: Planting, rule: str, dataset: str, row: Row, when: Slots = ALL, *, expect: str = "hit") -> None:
    """Truth of a row rule on one of the tiers' datasets."""
    values, source = row.values, row.table.source
    key = f"{values['person_no']}/{values['year']}" if dataset == "pension_account" else str(values["person_no"])
    period = values.get("period")
    p.expect(
        rule, f"check:{dataset}:{source}", key, when, source=source, insurance=values["insurance"], period=period, expect=expect
    )  # fmt: skip


def across(
    p: Planting, rule: str, sources: tuple[str, ...], key: str, when: Slots = ALL, *,
    insurance: str | None = None, period: str | None = None, expect: str = "hit",
) -> None:  # fmt: skip
    """Truth of a rule across datasets, per source."""
    for source in sources:
        p.expect(rule, f"rule:{rule}:{source}", key, when, source=source, insurance=insurance, period=period, expect=expect)


def end_enrolments(person: Subject, when: Slots = ALL) -> None:
    """Ends all enrolments of the person, everywhere."""
    for name, value in (("enrol_state", "4"), ("pay_state", "3"), ("pay_base_fen", None), ("end_date", dt.date(2026, 3, 1))):
        for dataset in ("enrolment", "tax_registration"):
            person.set(name, value, when, datasets=(dataset,))


def retire(person: Subject, *, months_paid: int = 188, months_deemed: int = 12) -> dict[str, Row]:
    """Makes an employee a pensioner of scheme 110 in all tiers; the benefit's row by tier."""
    end_enrolments(person)
    figures = {"months_paid": months_paid, "months_year": 12, "months_before": months_paid - 12, "months_deemed": months_deemed}
    everywhere(person, "pension_account", figures | {"months_total": months_paid + months_deemed, "account_state": "4"})
    return {source: new_row(person, source, "benefit", pension(person, source)) for source in TIERS}


def pension(person: Subject, source: str, insurance: str = "110", period: str = "202605") -> dict[str, Any]:
    """The values of a benefit in payment."""
    items = {"basic_fen": 180000, "account_fen": 45000, "transition_fen": 12000, "survivor_fen": 0, "other_fen": 0}
    total = sum(items.values())
    return {
        "person_no": person.no(source),
        "id_number": person.id,
        "insurance": insurance,
        "period": period,
        "category": "1",
        "start_month": "202604",
        **items,
        "adjustment_fen": 0,
        "due_fen": total,
        "paid_fen": total,
        "bank_account": f"62170099{person.number:011d}",
        "benefit_state": "1",
        "pool_region": f"99010{person.values['district']}",
        "changed_on": dt.date(2026, 5, 20),
    }


def reborn(person: Subject, day: dt.date, serial: int) -> None:
    """Gives the person another birth date, and the id number that goes with it, everywhere."""
    parity = int(person.id[16]) % 2
    first17 = f"{person.id[:6]}{day:%Y%m%d}{serial * 2 + parity:03d}"
    number = first17 + id_check(first17)
    person.values["id_number"] = number
    person.values["birth_date"] = day
    for rows in person.rows.values():
        for row in rows:
            for name, value in (("id_number", number), ("birth_date", day)):
                if name in row.values:
                    row.values[name] = value
            if row.values.get("social_security_no"):
                row.values["social_security_no"] = number


def register_death(person: Subject, day: dt.date, when: Slots = ALL) -> None:
    """民政 registers a death."""
    values = {"id_number": person.id, "name": person.values["name"], "sex": person.values["sex"], "death_date": day}
    values |= {"registered_on": day + dt.timedelta(days=4), "region": f"99010{person.values['district']}"}
    new_row(person, "minzheng", "death", values, when)
