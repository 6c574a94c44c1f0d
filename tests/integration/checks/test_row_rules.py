"""Every row rule of the suites: what breaks it is found, what nearly does is not, and no other rule speaks up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from hedui.checks.run import run_source_checks
from integration.checks.kit import Night

DAY = dt.date
GOOD_ID, GOOD_ID_X = "990101199001010019", "99010119900101006X"
GOOD_USCC = "91990100MA00000073"

GOOD: dict[str, dict[str, Any]] = {
    "person": {
        "id_type": "01",
        "id_number": GOOD_ID,
        "name": "王芳",
        "sex": "1",
        "birth_date": DAY(1990, 1, 1),
        "first_work_date": DAY(2010, 7, 1),
        "region": "990101",
    },
    "unit": {"uscc": None, "name": "和对市恒泰商贸有限公司", "region": "990102"},
    "enrolment": {
        "id_number": None,
        "insurance": "110",
        "enrol_state": "1",
        "pay_state": "1",
        "start_date": DAY(2015, 1, 1),
        "pool_region": "990103",
        "pay_base_fen": 500000,
    },
    "levy": {
        "insurance": "110",
        "period": "202605",
        "pay_base_fen": 500000,
        "unit_rate": 160000,
        "person_rate": 80000,
        "unit_due_fen": 80000,
        "person_due_fen": 40000,
        "pool_region": "990103",
    },
    "payment": {
        "insurance": "110",
        "period": "202605",
        "levy_no": "L1",
        "levy_item": "102100100",
        "payment_type": "10",
        "payment_flag": "pay",
        "unit_due_fen": 80000,
        "person_due_fen": 40000,
        "unit_paid_fen": 80000,
        "person_paid_fen": 40000,
        "late_fee_fen": 0,
        "full_flag": "1",
        "pool_region": "990103",
    },
    "tax_registration": {"insurance": "110", "pay_state": "1"},
}
KEY = {
    "person": "person_no",
    "unit": "unit_no",
    "enrolment": "person_no",
    "levy": "levy_no",
    "payment": "detail_no",
    "tax_registration": "person_no",
}
REFUND = {
    "payment_flag": "refund",
    "unit_paid_fen": -80000,
    "person_paid_fen": -40000,
    "unit_due_fen": None,
    "person_due_fen": None,
    "full_flag": None,
}


@dataclass(frozen=True)
class Case:
    """A good row with some fields changed, and the rules that must speak up."""

    name: str
    dataset: str
    rules: str
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """The subject key that the contract of findings asks for."""
        parts = {"enrolment": ("2015-01-01",), "levy": (f"k-{self.name}",)}.get(self.dataset, ())
        return "/".join((f"k-{self.name}", *parts))

    @property
    def row(self) -> dict[str, Any]:
        own = {KEY[self.dataset]: f"k-{self.name}"}
        if self.dataset == "payment":
            own["person_no"] = f"p-{self.name}"
        if self.dataset == "levy":
            own["person_no"] = f"k-{self.name}"
        return {**GOOD[self.dataset], **own, **self.changes}


def person(name: str, rules: str = "", /, **changes: Any) -> Case:
    return Case(name, "person", rules, changes)


def unit(name: str, rules: str = "", /, **changes: Any) -> Case:
    return Case(name, "unit", rules, changes)


def enrolment(name: str, rules: str = "", /, **changes: Any) -> Case:
    return Case(name, "enrolment", rules, changes)


def levy(name: str, rules: str = "", /, **changes: Any) -> Case:
    return Case(name, "levy", rules, changes)


def payment(name: str, rules: str = "", /, **changes: Any) -> Case:
    return Case(name, "payment", rules, changes)


GROUPS = ("P12", "P13", "U05", "E07", "E08", "E09", "E10", "C11")
PASSPORT = {"id_type": "03", "id_number": "E99000001", "birth_date": DAY(1980, 5, 5)}
CASES = [
    person("good"),
    person("no name", "P01", name=None),
    person("no id", "P03", id_number=None),
    person("17 digits", "P04", id_number=GOOD_ID[:17]),
    person("19 digits", "P04", id_number=GOOD_ID + "1"),
    person("letter inside", "P04", id_number="9901011990A1010019"),
    person("lower-case x", "P04", id_number=GOOD_ID_X.lower(), sex="2"),
    person("full-width digits", "P04", id_number="９９0101199001010019"),
    person("line end behind", "P04", id_number=GOOD_ID + "\n"),
    person("quote inside", "P04", id_number="99'; DROP TABLE person; --"),
    person("percent and colon", "P04", id_number="99%s:name{batch}\\"),
    person("control character", "P04", id_number="99\x01\x1f\x7f"),
    person("Chinese", "P04", id_number="证件号码遗失"),
    person("15 digits", id_number="990101900101001"),
    person("passport", **PASSPORT),
    person("no id type", id_type=None, id_number="not a number"),
    person("wrong check digit", "P05", id_number=GOOD_ID[:17] + "8"),
    person("X where a digit is due", "P05", id_number=GOOD_ID[:17] + "X"),
    person("ends in X", id_number=GOOD_ID_X, sex="2"),
    person("born a day later", "P07", birth_date=DAY(1990, 1, 2)),
    person("no birth date", birth_date=None),
    person("other sex", "P08", sex="2"),
    person("sex not told", sex="9"),
    person("sex unmapped", "P20", sex="?x"),
    person("no sex", sex=None),
    person("zeros", "P10", id_number="0" * 18),
    person("few zeros", "P10", id_number="000"),
    person("zeros and a date", "P10", id_number="000000199001010000"),
    person("nines", "P10", id_number="9" * 18),
    person("zeros, date, serial", id_number="000000199001010018"),
    person("zeros in a passport", "P10", id_type="03", id_number="0000"),
    person("seventeen nines", "P07", id_number="9" * 17 + "3"),
    person("dead before birth", "P16", death_date=DAY(1989, 12, 31)),
    person("dead tomorrow", "P16", death_date=DAY(2026, 6, 4)),
    person("dead today", death_date=DAY(2026, 6, 3)),
    person("dead at birth", death_date=DAY(1990, 1, 1)),
    person("dead, birth unknown", birth_date=None, death_date=DAY(1990, 1, 1)),
    person("retired on the first day", "P18", retirement_date=DAY(2010, 7, 1)),
    person("retired before work", "P18", retirement_date=DAY(2010, 6, 30)),
    person("retired a day after", retirement_date=DAY(2010, 7, 2)),
    person("retired, work unknown", first_work_date=None, retirement_date=DAY(2010, 7, 2)),
    unit("good"),
    unit("no name", "U01", name=None),
    unit("letters and digits", "U01", name="ABC123"),
    unit("letters and a blank", name="ABC 有限公司"),
    unit("angle brackets", "U01", name="<b>公司</b>"),
    unit("backslash", "U01", name="公司\\分公司"),
    unit("tab", "U01", name="公司\t分公司"),
    unit("delete character", "U01", name="公司\x7f"),
    unit("caret", "U01", name="公司^"),
    unit("full-width brackets", name="恒泰（集团）有限公司"),
    unit("quote and percent", name="O'Brien 100%: 公司"),
    unit("valid code", uscc=GOOD_USCC),
    unit("wrong check character", "U02", uscc=GOOD_USCC[:17] + "H"),
    unit("letter I", "U02", uscc="9199010IMA00000015"),
    unit("17 characters", "U02", uscc=GOOD_USCC[:17]),
    unit("lower case", "U02", uscc=GOOD_USCC.lower()),
    unit("listed code", uscc="91990100MA0000999'"),
    enrolment("good"),
    enrolment("paused and paying", "E01 ", enrol_state="2"),
    enrolment("allowed for residents only", "E01", enrol_state="1", pay_state="3", pay_base_fen=None),
    enrolment("residents' pair", insurance="150", enrol_state="1", pay_state="3", pay_base_fen=None),
    enrolment("scheme by default", "E01", insurance="210", enrol_state="1", pay_state="3", pay_base_fen=None),
    enrolment("scheme unknown to all", "E06", insurance="?77"),
    enrolment("no scheme", insurance=None),
    enrolment("state unmapped", enrol_state="?7"),
    enrolment("no state", enrol_state=None, pay_state=None),
    enrolment("paying with an end", "E04", end_date=DAY(2027, 1, 1)),
    enrolment("paused with an end", enrol_state="2", pay_state="2", pay_base_fen=None, end_date=DAY(2026, 1, 1)),
    enrolment("ends a day early", "E21", enrol_state="4", pay_state="3", pay_base_fen=None, end_date=DAY(2014, 12, 31)),
    enrolment("ends as it starts", enrol_state="4", pay_state="3", pay_base_fen=None, end_date=DAY(2015, 1, 1)),
    enrolment("base zero", "C02", pay_base_fen=0),
    enrolment("base negative", "C02", pay_base_fen=-1),
    enrolment("no base", pay_base_fen=None),
    enrolment("paused with a base", "C03", enrol_state="2", pay_state="2"),
    enrolment("ended with a base of zero", "C03 E05", enrol_state="4", pay_state="3", pay_base_fen=0),
    enrolment("a fen too low", "C04", pay_base_fen=399999),
    enrolment("a fen too high", "C04", pay_base_fen=2200001),
    enrolment("lowest", pay_base_fen=400000),
    enrolment("highest", pay_base_fen=2200000),
    enrolment("no limits for it", "C27", insurance="150", pay_base_fen=100),
    enrolment("region of its own", pool_region="990106", pay_base_fen=350000),
    enrolment("below that region's own", "C04", pool_region="990106", pay_base_fen=349999),
    levy("good"),
    levy("month 13", "C01", period="202613"),
    levy("month 00", "C01", period="202600"),
    levy("with a dash", "C01", period="2026-5"),
    levy("next month", "C01", period="202607"),
    levy("this month", period="202606"),
    levy("long ago", period="199101"),
    levy("no period", period=None),
    levy("two fen off", "C08", unit_due_fen=80002),
    levy("person two fen off", "C08", person_due_fen=39998),
    levy("a fen off", unit_due_fen=80001, person_due_fen=39999),
    levy("rounded half up", pay_base_fen=500003, unit_due_fen=80000, person_due_fen=40000),
    levy("no rate", unit_rate=None, unit_due_fen=1),
    levy("no base", pay_base_fen=None, unit_due_fen=1),
    payment("good"),
    payment("month 00", "C01", period="202600"),
    payment("unit pays a fen more", "C06", unit_paid_fen=80001),
    payment("person pays a fen more", "C06", person_paid_fen=40001),
    payment("unit more, person less", "C06", unit_paid_fen=80001, person_paid_fen=39999),
    payment("nothing due known", unit_due_fen=None, person_due_fen=None),
    payment("full but less", "C15", unit_paid_fen=79999),
    payment("not full but all", "C15", full_flag="0"),
    payment("not full, less", full_flag="0", person_paid_fen=0),
    payment("no flag, less", full_flag=None, person_paid_fen=0),
    payment("negative", "C19 C15", unit_paid_fen=-1),
    payment("negative late fee", "C19 C20", late_fee_fen=-1),
    payment("refund", **REFUND),
    payment("refund of one part", **REFUND | {"unit_paid_fen": 40000}),
    payment("positive refund", "C19", **REFUND | {"unit_paid_fen": 40001}),
    payment("flag unmapped", payment_flag="?3", unit_paid_fen=-1, full_flag=None),
    payment("item of another scheme", "C21", levy_item="102120100"),
    payment("hostile item", "C21", levy_item="1'; --:x{batch}"),
    payment("no item", levy_item=None),
    payment("scheme without items", insurance="310", levy_item="1"),
    payment("unknown scheme", "E06", insurance="?1199"),
    Case("good", "tax_registration", ""),
    Case("unknown scheme", "tax_registration", "E06", {"insurance": "?1199"}),
    Case("no scheme", "tax_registration", "", {"insurance": None}),
]
SOURCES = {
    "person": "shebao",
    "unit": "shebao",
    "enrolment": "shebao",
    "levy": "shebao",
    "payment": "shuiwu",
    "tax_registration": "shuiwu",
}


@pytest.fixture(scope="module")
def night(make_night: Callable[..., Night], demo_site: Any) -> Night:
    from hedui.site.models import Limit, RuleSetting

    special = Limit(
        name="pay_base",
        region="990106",
        insurance="110",
        valid_from=DAY(2026, 1, 1),
        valid_to=DAY(2026, 12, 31),
        minimum=350000,
        maximum=9000000,
    )
    night = make_night(
        rules={"U02": RuleSetting(parameters={"whitelist": ("91990100MA0000999'",)})},
        limits=(*demo_site.limits, special),
    )
    for dataset, source in SOURCES.items():
        night.put(dataset, source, [case.row for case in CASES if case.dataset == dataset])
    for source in ("shebao", "shuiwu"):
        run_source_checks(night.context, source, night.date)
    return night


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.dataset}: {case.name}")
def test_a_row_breaks_exactly_the_rules_it_should(night: Night, case: Case) -> None:
    found = {rule for rule, subject in night.subjects(f"check:{case.dataset}:{SOURCES[case.dataset]}") if subject == case.subject}
    assert found == set(case.rules.split())


@pytest.mark.parametrize("dataset", SOURCES)
def test_counts_are_those_of_the_cases(night: Night, dataset: str) -> None:
    """Numerators come from a second count, over the cases themselves."""
    records = night.records(f"check:{dataset}:{SOURCES[dataset]}")
    for rule, record in records.items():
        if rule in GROUPS:
            continue
        hits = sum(rule in case.rules.split() for case in CASES if case.dataset == dataset)
        state = "no_data" if record["examined"] == 0 else "failed" if hits else "passed"
        assert (rule, record["violations"], record["state"]) == (rule, hits, state)
        assert record["examined"] >= hits


def test_denominators_are_the_rows_a_rule_speaks_about(night: Night) -> None:
    persons = [case.row for case in CASES if case.dataset == "person"]
    records = night.records("check:person:shebao")
    assert records["P01"]["examined"] == len(persons)
    assert records["P10"]["examined"] == sum(row["id_number"] is not None for row in persons)
    assert records["P16"]["examined"] == sum(row.get("death_date") is not None for row in persons)
    assert records["P18"]["examined"] == sum(
        row.get("retirement_date") is not None and row["first_work_date"] is not None for row in persons
    )
    enrolments = [case.row for case in CASES if case.dataset == "enrolment"]
    assert night.records("check:enrolment:shebao")["C03"]["examined"] == sum(row["pay_state"] in ("2", "3") for row in enrolments)
