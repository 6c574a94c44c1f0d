"""Rules on accounts, benefits, contributions and deaths over hand-made partitions: what each finds, and what it nearly does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from hedui.checks.run import run_cross_rules, run_source_checks
from hedui.site.models import RuleSetting
from integration.checks.kit import Night

DAY = dt.date
PENSION = {"insurance": "110", "period": "202605", "benefit_state": "1", "due_fen": 100, "paid_fen": 100, "basic_fen": 100}
ENROLMENT = {"insurance": "110", "enrol_state": "1", "pay_state": "1", "start_date": DAY(2000, 1, 1)}


def people(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows whose person_no names the case; the id number is made from it."""
    return [{"id_number": f"I {row['person_no']}", "pool_region": "990101"} | row for row in rows]


def persons(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id_number": f"I {row['person_no']}", "sex": "1", "region": "990101"} | row for row in rows]


def subjects(night: Night, rule: str, *columns: str, source: str = "shebao") -> set[Any]:
    """What a rule found: the case's name, and further columns where asked for."""
    rows = night.findings(f"rule:{rule}:{source}")
    assert all(row["rule"] == rule and row["subject_type"] == "person" for row in rows)
    names = [row["subject_key"].removeprefix("I ") for row in rows]
    return set(zip(names, *([row[column] for row in rows] for column in columns), strict=True)) if columns else set(names)


@pytest.fixture(scope="module")
def deaths(make_night: Callable[..., Night]) -> Night:
    """Deaths that the agency knows, that 民政 registered, both, neither."""
    night = make_night()
    own = {"own": DAY(2026, 3, 31), "both, register first": DAY(2026, 5, 31), "another day": DAY(2026, 3, 30), "alive": None}
    night.put("person", "shebao", persons(*({"person_no": name, "death_date": day} for name, day in own.items())))
    registered = {
        "both, register first": DAY(2026, 3, 31),
        "another day": DAY(2026, 3, 31),
        "own": None,
        "nobody here": DAY(2026, 1, 1),
    }
    night.put("death", "minzheng", [{"id_number": f"I {name}", "death_date": day} for name, day in registered.items()])
    night.put("death", "gongan", [])
    months = ("202603", "202604")
    night.put("benefit", "shebao", people(*(PENSION | {"person_no": name, "period": month} for name in own for month in months)))
    night.put(
        "contribution_month",
        "shebao",
        people(
            *(
                {"person_no": name, "insurance": "110", "period": month, "unit_paid_fen": 16, "person_paid_fen": 8}
                for name in own
                for month in months
            )
        ),
    )
    night.put("enrolment", "shebao", people(*(ENROLMENT | {"person_no": name} for name in own)))
    run_cross_rules(night.context, night.date)
    return night


DEAD = {"own", "both, register first", "another day"}


def test_nothing_is_paid_to_the_dead(deaths: Night) -> None:
    assert subjects(deaths, "D01", "insurance", "period", "amount_diff_fen") == {(name, "110", "202604", 100) for name in DEAD}


def test_nothing_is_paid_for_the_dead(deaths: Night) -> None:
    assert subjects(deaths, "C25", "insurance", "period", "amount_diff_fen") == {(name, "110", "202604", 24) for name in DEAD}


def test_the_dead_are_insured_no_longer(deaths: Night) -> None:
    assert subjects(deaths, "E20", "insurance") == {(name, "110") for name in DEAD}, "the earlier of two dates counts"


def test_registered_deaths_are_known_with_their_date(deaths: Night) -> None:
    assert subjects(deaths, "P23") == {"both, register first", "another day"}
    (finding,) = [row for row in deaths.findings("rule:P23:shebao") if row["subject_key"] == "I another day"]
    assert finding["side_values"] == {"shebao": "2026-03-30 / 2026-03-31 (minzheng)"}


@pytest.mark.parametrize("rule", ["C25", "D01", "E20", "P23"])
def test_a_register_that_has_not_come_keeps_the_rule_from_running(make_night: Callable[..., Night], rule: str) -> None:
    night = make_night()
    dead = {"person_no": "1", "death_date": DAY(2026, 1, 1)}
    for name, rows in (("person", persons(dead)), ("enrolment", people(ENROLMENT | {"person_no": "1"})), ("benefit", [])):
        night.put(name, "shebao", rows)
    night.put("contribution_month", "shebao", [])
    run_cross_rules(night.context, night.date)
    assert night.context.lake.manifest(night.context.findings(f"rule:{rule}:shebao", night.date)) is None


def test_age_of_the_residents_benefit(make_night: Callable[..., Night]) -> None:
    night = make_night()
    births = {
        "sixty that month": DAY(1966, 5, 31),
        "a day too young": DAY(1966, 6, 1),
        "forty": DAY(1986, 1, 1),
        "unknown": None,
        "suspended": DAY(1986, 1, 1),
        "employee": DAY(1986, 1, 1),
    }
    night.put("person", "shebao", persons(*({"person_no": name, "birth_date": day} for name, day in births.items())))
    benefits = [PENSION | {"person_no": name, "insurance": "150"} for name in births]
    benefits[4]["benefit_state"], benefits[5]["insurance"] = "2", "110"
    night.put("benefit", "shebao", people(*benefits))
    run_cross_rules(night.context, night.date)
    assert subjects(night, "D07", "insurance") == {("a day too young", "150"), ("forty", "150")}
    (record,) = night.records("rule:D07:shebao").values()
    assert (record["examined"], record["violations"]) == (3, 2)


def test_months_of_a_pensioner(make_night: Callable[..., Night]) -> None:
    night = make_night()
    months = {"enough": 180, "one less": 179, "unknown": None, "later years count": 200, "suspended": 10, "resident": 10}
    accounts = [{"person_no": name, "insurance": "110", "year": "2025", "months_total": count} for name, count in months.items()]
    accounts += [{"person_no": "later years count", "insurance": "110", "year": "2024", "months_total": 10}]
    accounts[5]["insurance"] = "150"
    night.put("pension_account", "shebao", people(*accounts))
    benefits = [PENSION | {"person_no": name} for name in months]
    benefits[4]["benefit_state"], benefits[5]["insurance"] = "3", "150"
    night.put("benefit", "shebao", people(*benefits, PENSION | {"person_no": "without account"}))
    run_cross_rules(night.context, night.date)
    assert subjects(night, "D11") == {"one less"}


def test_who_receives_does_not_pay(make_night: Callable[..., Night]) -> None:
    night = make_night()
    states = {"pays": "1", "paused": "2", "ended": "3", "suspended": "1", "earlier month": "1", "other scheme": "1", "twice": "1"}
    night.put(
        "enrolment", "shebao", people(*(ENROLMENT | {"person_no": name, "pay_state": state} for name, state in states.items()))
    )
    benefits = {name: PENSION | {"person_no": name} for name in states}
    benefits["suspended"]["benefit_state"] = "2"
    benefits["other scheme"]["insurance"] = "150"
    rows = [*benefits.values(), benefits["earlier month"] | {"period": "202604"}, benefits["twice"] | {"benefit_state": "2"}]
    benefits["earlier month"]["benefit_state"] = "3"
    night.put("benefit", "shebao", people(*rows))
    run_cross_rules(night.context, night.date)
    assert subjects(night, "E14") == {"pays", "twice"}


def test_who_is_old_enough_has_a_benefit(make_night: Callable[..., Night]) -> None:
    night = make_night()
    cases: dict[str, tuple[str, DAY | None, dict[str, Any]]] = {
        "man of 1965-12": ("1", DAY(1965, 12, 31), {}),
        "man of 1966-01, reached in May": ("1", DAY(1966, 1, 1), {}),
        "man of 1966-02, reaches in June": ("1", DAY(1966, 2, 1), {}),
        "woman": ("2", DAY(1960, 1, 1), {}),
        "too few months": ("1", DAY(1960, 1, 1), {"months_paid": 179}),
        "months unknown": ("1", DAY(1960, 1, 1), {"months_paid": None}),
        "has an application": ("1", DAY(1960, 1, 1), {}),
        "ended": ("1", DAY(1960, 1, 1), {"enrol_state": "4"}),
        "older than people get": ("1", DAY(1900, 1, 1), {}),
        "resident woman of sixty": ("2", DAY(1966, 5, 31), {"insurance": "150", "months_paid": 3}),
        "resident, sixty this month": ("2", DAY(1966, 6, 1), {"insurance": "150"}),
        "benefit of the other scheme": ("1", DAY(1960, 1, 1), {}),
        "birth unknown": ("1", None, {}),
    }
    night.put(
        "person", "shebao", persons(*({"person_no": name, "sex": sex, "birth_date": day} for name, (sex, day, _) in cases.items()))
    )
    night.put(
        "enrolment",
        "shebao",
        people(*(ENROLMENT | {"person_no": name, "months_paid": 180} | more for name, (_, _, more) in cases.items())),
    )
    night.put(
        "benefit",
        "shebao",
        people(
            PENSION | {"person_no": "has an application", "benefit_state": "0"},
            PENSION | {"person_no": "benefit of the other scheme", "insurance": "150"},
        ),
    )
    run_cross_rules(night.context, night.date)
    assert subjects(night, "E15") == {
        "man of 1965-12",
        "man of 1966-01, reached in May",
        "months unknown",
        "resident woman of sixty",
        "benefit of the other scheme",
    }


def test_ages_are_a_parameter(make_night: Callable[..., Night]) -> None:
    night = make_night(rules={"E15": RuleSetting(parameters={"ages": ("110/2/660/4/36",)})})
    births = {"reached": DAY(1971, 2, 28), "not yet": DAY(1971, 3, 1), "long ago": DAY(1966, 1, 1)}
    night.put("person", "shebao", persons(*({"person_no": name, "sex": "2", "birth_date": day} for name, day in births.items())))
    night.put("enrolment", "shebao", people(*(ENROLMENT | {"person_no": name, "months_paid": 200} for name in births)))
    night.put("benefit", "shebao", [])
    run_cross_rules(night.context, night.date)
    assert subjects(night, "E15") == {"long ago"} | ({"reached"} if reached(DAY(1971, 2, 28), 660, night.date) else set())


def reached(birth: DAY, months: int, date: DAY) -> bool:
    """Whether the age was reached before the date's month: from 2025 on, one month more for each four months begun."""
    due = birth.year * 12 + birth.month - 1 + months
    later = max(0, due - 2025 * 12 + 1)
    return due + min(36, -(-later // 4)) < date.year * 12 + date.month - 1


def test_the_rising_age_against_a_second_computation(make_night: Callable[..., Night]) -> None:
    night = make_night()
    births = {f"{year}-{month:02d}": DAY(year, month, 15) for year in range(1962, 1968) for month in range(1, 13)}
    night.put("person", "shebao", persons(*({"person_no": name, "birth_date": day} for name, day in births.items())))
    night.put("enrolment", "shebao", people(*(ENROLMENT | {"person_no": name, "months_paid": 200} for name in births)))
    night.put("benefit", "shebao", [])
    run_cross_rules(night.context, night.date)
    expected = {name for name, day in births.items() if reached(day, 720, night.date)}
    assert "1966-01" in expected, "men of January 1966 retire at 60 years and 4 months"
    assert subjects(night, "E15") == expected


def test_account_and_enrolment_states(make_night: Callable[..., Night]) -> None:
    night = make_night()
    pairs = ("1/1", "1/2", "1/3", "1/5", "2/2", "4/0", "4/1", "4/2", "4/4", "1/?77")
    accounts = [
        {"person_no": pair, "insurance": "110", "year": year, "account_state": state}
        for pair in pairs
        for year, state in (("2025", pair.split("/")[1]), ("2024", "1"))
    ]
    spells = [ENROLMENT | {"person_no": pair, "enrol_state": pair[0]} for pair in pairs]
    spells += [ENROLMENT | {"person_no": "4/1", "enrol_state": "1", "start_date": DAY(1999, 1, 1)}]
    night.put("pension_account", "shebao", people(*accounts))
    night.put("enrolment", "shebao", people(*spells))
    run_cross_rules(night.context, night.date)
    assert subjects(night, "T16") == {"1/2", "1/3", "4/0", "4/1"}


def test_identities_of_accounts(make_night: Callable[..., Night]) -> None:
    night = make_night()
    good = {"insurance": "110", "year": "2025", "opening_fen": 100, "principal_fen": 50, "interest_fen": 3, "expense_fen": 10}
    good |= {"closing_fen": 143, "months_before": 24, "months_year": 12, "months_paid": 36, "months_deemed": 4, "months_total": 40}
    changes: dict[str, dict[str, Any]] = {
        "good": {},
        "a fen": {"closing_fen": 144},
        "no expense": {"expense_fen": None, "closing_fen": 153},
        "no end": {"closing_fen": None},
        "months of years": {"months_before": 25},
        "deemed": {"months_deemed": None},
        "one of two unknown": {"months_before": None},
        "total unknown": {"months_total": None, "months_before": None},
    }
    night.put("pension_account", "shebao", people(*(good | {"person_no": name} | change for name, change in changes.items())))
    run_source_checks(night.context, "shebao", night.date)
    assert night.subjects("check:pension_account:shebao") == {
        ("T10", "a fen/2025"),
        ("T11", "months of years/2025"),
        ("T11", "deemed/2025"),
    }
    (finding,) = [row for row in night.findings("check:pension_account:shebao") if row["rule"] == "T10"]
    assert (finding["amount_diff_fen"], finding["side_values"]) == (-1, {"shebao": "143 / 144"})
    assert night.records("check:pension_account:shebao")["T11"]["examined"] == 7


def test_figures_of_benefits(make_night: Callable[..., Night]) -> None:
    night = make_night()
    changes: dict[str, dict[str, Any]] = {
        "good": {"other_fen": None},
        "sum": {"due_fen": 101, "paid_fen": 101},
        "more paid": {"paid_fen": 101},
        "adjusted": {"paid_fen": 150, "adjustment_fen": 50},
        "adjusted by less": {"paid_fen": 150, "adjustment_fen": 49},
        "taken back": {"paid_fen": 90, "adjustment_fen": -10},
        "negative": {"survivor_fen": -5, "basic_fen": 105},
    }
    night.put("benefit", "shebao", people(*(PENSION | {"person_no": name} | change for name, change in changes.items())))
    run_source_checks(night.context, "shebao", night.date)
    assert night.subjects("check:benefit:shebao") == {
        ("D04", "sum"),
        ("D05", "more paid"),
        ("D05", "adjusted by less"),
        ("D10", "negative"),
    }


def test_benefits_that_exclude_each_other(make_night: Callable[..., Night]) -> None:
    night = make_night()
    rows = [
        PENSION | {"person_no": "a1", "id_number": "twice"},
        PENSION | {"person_no": "a2", "id_number": "twice"},
        PENSION | {"person_no": "a1", "id_number": "twice", "period": "202604"},
        PENSION | {"person_no": "a2", "id_number": "twice", "period": "202604"},
        PENSION | {"person_no": "b1", "id_number": "two schemes"},
        PENSION | {"person_no": "b2", "id_number": "two schemes", "insurance": "150"},
        PENSION | {"person_no": "c1", "id_number": "in turn"},
        PENSION | {"person_no": "c1", "id_number": "in turn", "insurance": "150", "period": "202604"},
        PENSION | {"person_no": "d1", "id_number": "one ended"},
        PENSION | {"person_no": "d2", "id_number": "one ended", "benefit_state": "3"},
        PENSION | {"person_no": "e1", "id_number": "0" * 18},
        PENSION | {"person_no": "e2", "id_number": "0" * 18},
        PENSION | {"person_no": "f1", "id_number": "card 1", "bank_account": "6217"},
        PENSION | {"person_no": "f2", "id_number": "card 2", "bank_account": "6217"},
        PENSION | {"person_no": "g1", "id_number": "own card", "bank_account": "6218"},
        PENSION | {"person_no": "g1", "id_number": "own card", "bank_account": "6218", "period": "202604"},
    ]
    night.put("benefit", "sheng", rows)
    run_source_checks(night.context, "sheng", night.date)
    found = [(row["rule"], row["subject_key"], row["insurance"], row["period"]) for row in night.findings("check:benefit:sheng")]
    assert sorted(found, key=str) == [
        ("D02", "twice", "110", None),
        ("D03", "two schemes", None, None),
        ("D09", "6217", None, None),
    ]


def test_numbers_of_a_person(make_night: Callable[..., Night]) -> None:
    night = make_night()
    pairs = (
        ("N1", "L1"),
        ("N2", "L2"),
        ("N2", "L3"),
        ("N4", "L4"),
        ("N5", "L4"),
        ("N6", "L6"),
        ("N6", "L6"),
        ("N7", None),
        (None, "L7"),
    )
    night.put("person_map", "guotong", [{"person_no": upper, "lower_no": lower} for upper, lower in pairs])
    run_source_checks(night.context, "guotong", night.date)
    assert night.subjects("check:person_map:guotong") == {("T15", "N2"), ("T15", "L4")}
