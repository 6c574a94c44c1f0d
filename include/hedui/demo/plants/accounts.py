"""Pension accounts: identities that do not hold, differences between the tiers, codes that change their meaning."""

from __future__ import annotations

from hedui.demo.planting import ALL, Planting, Slots, Subject
from hedui.demo.plants.registry import plant
from hedui.demo.plants.tier_rows import (
    ACCOUNTS,
    DEFECT,
    RESIDENT_ACCOUNTS,
    TIERS,
    TWO,
    account,
    across,
    check,
    end_enrolments,
    everywhere,
)  # fmt: skip

YEAR = "2025"
STORED = "closing_fen"


def _expect(
    p: Planting, rule: str, person: Subject, when: Slots = ALL, *, kind: str = "ATTR", field: str | None = None, expect: str = "hit",
    scope: str = ACCOUNTS,
) -> None:  # fmt: skip
    insurance = "110" if scope == ACCOUNTS else "150"
    p.expect(rule, scope, f"{person.id}/{YEAR}", when, kind=kind, insurance=insurance, field=field, expect=expect)


def _add(person: Subject, source: str, when: Slots = ALL, **by: int) -> None:
    row = account(person, source)
    for name, value in by.items():
        row.set(name, row.values[name] + value, when)


@plant("T09")
def stored_amount_differs(p: Planting) -> None:
    """A tier has more or less stored than the tolerance of 12 fen allows, once with principal too; near: exactly 12 fen."""
    for number, when, person in p.hits("M"):
        _add(person, DEFECT[number], when, interest_fen=13, closing_fen=13)
        _expect(p, "T09", person, when, kind="AMT", field=STORED)
    for number, when, person in p.hits("M"):
        _add(person, DEFECT[number], when, accumulated_fen=-100)
        _expect(p, "T09", person, when, kind="AMT", field="accumulated_fen")
    for number, when, person in p.hits("M"):
        _add(person, DEFECT[number], when, principal_fen=1, interest_fen=-1)
        _expect(p, "T09", person, when, kind="AMT", field="principal_fen")
    for _, person in p.nears("M"):
        _add(person, "sheng", interest_fen=12, closing_fen=12, accumulated_fen=12)
        for field in (STORED, "accumulated_fen", "principal_fen"):
            _expect(p, "T09", person, kind="AMT", field=field, expect="near")


@plant("T09 residents")
def residents_amount_differs(p: Planting) -> None:
    """A resident's account is another at the province, on all three dates; near: 12 fen, a state that each scheme codes otherwise."""
    for _, when, person in p.hits("O"):
        _add(person, "sheng", when, interest_fen=-13, closing_fen=-13)
        _expect(p, "T09", person, when, kind="AMT", field=STORED, scope=RESIDENT_ACCOUNTS)
    for _, person in p.nears("O"):
        _add(person, "sheng", interest_fen=12, closing_fen=12)
        _expect(p, "T09", person, kind="AMT", field=STORED, scope=RESIDENT_ACCOUNTS, expect="near")
        _expect(p, "T04", person, kind="STATUS", field="account_state", scope=RESIDENT_ACCOUNTS, expect="near")


@plant("T05/T06 accounts")
def months_differ(p: Planting) -> None:
    """A tier has more months paid, or more deemed; the total differs with them; near: the same months otherwise spread over the years."""
    for number, when, person in p.hits("M"):
        _add(person, DEFECT[number], when, months_before=1, months_paid=1, months_total=1)
        for field in ("months_paid", "months_total"):
            _expect(p, "T06", person, when, field=field)
    for number, when, person in p.hits("M"):
        _add(person, DEFECT[number], when, months_deemed=3, months_total=3)
        _expect(p, "T05", person, when, field="months_deemed")
        _expect(p, "T06", person, when, field="months_total")
    for _, person in p.nears("M"):
        _add(person, "guotong", months_before=1, months_year=-1)
        for rule, field in (("T05", "months_deemed"), ("T06", "months_paid"), ("T06", "months_total")):
            _expect(p, rule, person, field=field, expect="near")


@plant("T10")
def amounts_do_not_foot(p: Planting) -> None:
    """The year's figures do not make its end, the same in every tier; near: two errors that offset each other."""
    for number, when, person in p.hits("M"):
        for source in TIERS:
            _add(
                person,
                source,
                when,
                **{("expense_fen", "interest_fen", "opening_fen", "interest_fen")[number]: (1, 1, -500, -7)[number]},
            )
            check(p, "T10", "pension_account", account(person, source), when)
    for _, person in p.nears("M"):
        for source in TIERS:
            _add(person, source, expense_fen=700, interest_fen=700)
            check(p, "T10", "pension_account", account(person, source), expect="near")


@plant("T11")
def months_do_not_foot(p: Planting) -> None:
    """Earlier and this year's months are not those paid, or paid and deemed ones not the total; near: a figure that is missing."""
    for number, when, person in p.hits("M"):
        for source in TIERS:
            _add(person, source, when, **({"months_before": 1} if number % 2 else {"months_total": -2}))
            check(p, "T11", "pension_account", account(person, source), when)
    for number, person in p.nears("M"):
        for source in TIERS:
            account(person, source).set(("months_before", "months_year", "months_deemed")[number], None)
            if number == 2:
                account(person, source).set("months_total", account(person, source).values["months_paid"])
            check(p, "T11", "pension_account", account(person, source), expect="near")


@plant("T16")
def states_contradict(p: Planting) -> None:
    """Insured with a closed account, ended with a running one, in every tier; near: pairs that fit."""
    for number, when, person in p.hits("M"):
        if number % 2:
            end_enrolments(person, when)
        everywhere(person, "pension_account", {"account_state": "1" if number % 2 else "2"}, when)
        across(p, "T16", TIERS, person.id, when, insurance="110")
    for number, person in p.nears("M"):
        if number:
            end_enrolments(person)
        everywhere(person, "pension_account", {"account_state": ("5", "4", "3")[number]} if number else {"account_state": "1"})
        across(p, "T16", TIERS, person.id, insurance="110", expect="near")


@plant("T04 cut-over")
def code_changes_its_meaning(p: Planting) -> None:
    """The province's 30 means 封存 until 3 June and 异地转出 from then on; near: who writes 30 and then 50 goes on meaning 封存."""
    for number in range(4):
        person, kept = p.take("M"), number < 2
        end_enrolments(person)
        everywhere(person, "pension_account", {"account_state": "5" if kept else "3"})
        account(person, "sheng").write("ZHZT", "30")
        _expect(p, "T04", person, (2, 3) if kept else (1,), kind="STATUS", field="account_state")
    for _, person in p.nears("M"):
        end_enrolments(person)
        everywhere(person, "pension_account", {"account_state": "5"})
        account(person, "sheng").write("ZHZT", "30", (0, 1))
        account(person, "sheng").write("ZHZT", "50", (2, 3, 4))
        _expect(p, "T04", person, kind="STATUS", field="account_state", expect="near")


@plant("T04 accounts")
def account_state_differs(p: Planting) -> None:
    """A tier has the account paused; near: 90 of scheme 110 is 终止 there, as everywhere else."""
    for number, when, person in p.hits("M"):
        end_enrolments(person)
        everywhere(person, "pension_account", {"account_state": "5"})
        account(person, DEFECT[number]).set("account_state", "2", when)
        _expect(p, "T04", person, when, kind="STATUS", field="account_state")
    for _, person in p.nears("M"):
        end_enrolments(person)
        everywhere(person, "pension_account", {"account_state": "2"})
        _expect(p, "T04", person, kind="STATUS", field="account_state", expect="near")


@plant("T01/T02 accounts")
def account_missing(p: Planting) -> None:
    """A tier lacks the account, or cannot be read; one has it twice, one without an id number; near: nobody has it."""
    for number, when, person in p.hits("M"):
        source = ("guotong", "shebao", "sheng", "shebao")[number]
        account(person, source).hide(when)
        _expect(p, "T01" if source == "shebao" else "T02", person, when, kind="MISSING_TIER")
    person = p.take("M")
    account(person, "sheng").write("NMYE", "十万", (1, 2))
    p.rejected("sheng", "pension_account", (1, 2))
    _expect(p, "T02", person, (1, 2), kind="MISSING_TIER")
    for source in ("guotong", "sheng"):
        person = p.take("M")
        values = account(person, source).values | {"person_no": f"6{p.new_number():09d}"}
        person.add_row(source, "pension_account", (1, 3), values=values)
        _expect(p, "K02", person, (1, 3), kind="DUP")
        nameless = p.take("M")
        account(nameless, source).set("id_number", "0" * 18)
        p.expect("K01", ACCOUNTS, f"no:{nameless.no(source)}/{YEAR}", kind="KEY", insurance="110")
        _expect(p, "T02", nameless, kind="MISSING_TIER")
    for number, when, person in p.hits("O"):
        account(person, TWO[number % 2]).hide(when)
        rule, kind = (("T01", "ONLY_RIGHT"), ("T02", "ONLY_LEFT"))[number % 2]
        _expect(p, rule, person, when, kind=kind, scope=RESIDENT_ACCOUNTS)
    for _, person in p.nears("M"):
        for source in TIERS:
            account(person, source).hide()
        for rule in ("T01", "T02"):
            _expect(p, rule, person, kind="MISSING_TIER", expect="near")


@plant("T15")
def numbers_many_to_one(p: Planting) -> None:
    """Two local numbers for a national one, and the reverse; near: a pair that is there twice."""
    for number, when, person in p.hits("M"):
        other = p.take("M")
        pair = person.row("guotong", "person_map").values
        many = number % 2 == 0
        values = pair | ({"lower_no": other.no("shebao")} if many else {"person_no": other.no("guotong")})
        for row in list(other.rows["guotong", "person_map"]):
            row.hide()
        person.add_row("guotong", "person_map", when, values=values)
        key = pair["person_no"] if many else pair["lower_no"]
        p.expect("T15", "check:person_map:guotong", key, when, source="guotong")
    for _, person in p.nears("M"):
        pair = person.add_row("guotong", "person_map").values
        for name in ("person_no", "lower_no"):
            p.expect("T15", "check:person_map:guotong", pair[name], source="guotong", expect="near")
