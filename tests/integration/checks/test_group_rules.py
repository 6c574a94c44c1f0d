"""Rules about several rows: one person or number in two guises, enrolled or paying twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hedui.checks.run import run_source_checks
from integration.checks.kit import Night
from integration.checks.test_row_rules import GOOD

PERSONS = [
    # person_no, social_security_no, id_number, name
    ("a1", "S-two-numbers", None, "甲"),
    ("a2", "S-two-numbers", None, "甲"),
    ("b1", "S-one-number", None, "乙"),
    ("b1", "S-one-number", None, "乙"),
    ("c1", "0" * 18, "0" * 18, "丙"),
    ("c2", "0" * 18, "0" * 18, "丁"),
    ("d1", None, "I-two-names", "戊"),
    ("d2", None, "I-two-names", "己'；DROP"),
    ("e1", None, "I-one-name", "庚"),
    ("e2", None, "I-one-name", "庚"),
    ("e3", None, "I-one-name", None),
    ("f1", None, None, "辛"),
    ("f2", None, None, "壬"),
]
ENROLMENTS = [
    # id_number, insurance, pool_region, pay_state
    ("twice here", "110", "990101", "1"),
    ("twice here", "110", "990101", "1"),
    ("twice in two pools", "110", "990101", "1"),
    ("twice in two pools", "110", "990101", "1"),
    ("twice in two pools", "110", "990102", "1"),
    ("twice in two pools", "110", "990102", "1"),
    ("here and there", "210", "990101", "1"),
    ("here and there", "210", "990102", "1"),
    ("other has ended", "110", "990101", "1"),
    ("other has ended", "110", "990101", "3"),
    ("other has ended", "110", "990102", "2"),
    ("two schemes", "110", "990101", "1"),
    ("two schemes", "210", "990101", "1"),
    ("employee and resident", "110", "990101", "1"),
    ("employee and resident", "150", "990101", "1"),
    ("both kinds of both", "110", "990101", "1"),
    ("both kinds of both", "150", "990101", "1"),
    ("both kinds of both", "310", "990101", "1"),
    ("both kinds of both", "390", "990101", "1"),
    ("pension here, medical there", "110", "990101", "1"),
    ("pension here, medical there", "390", "990101", "1"),
    ("resident has ended", "110", "990101", "1"),
    ("resident has ended", "150", "990101", "3"),
    ("0" * 18, "110", "990101", "1"),
    ("0" * 18, "110", "990101", "1"),
    (None, "110", "990101", "1"),
    (None, "110", "990101", "1"),
]
PAYMENTS = [
    # person_no, period, payment_type, payment_flag, unit_paid_fen
    ("twice", "202605", "10", "pay", 300),
    ("twice", "202605", "10", "pay", 200),
    ("supplement", "202605", "10", "pay", 300),
    ("supplement", "202605", "31", "pay", 300),
    ("other month", "202605", "10", "pay", 300),
    ("other month", "202604", "10", "pay", 300),
    ("refund", "202605", "10", "pay", 300),
    ("refund", "202605", "10", "refund", -300),
    (None, "202605", "10", "pay", 300),
    (None, "202605", "10", "pay", 300),
]


@pytest.fixture(scope="module")
def night(make_night: Callable[..., Night]) -> Night:
    night = make_night()
    rows: list[dict[str, Any]] = [
        {"person_no": number, "social_security_no": social, "id_number": identity, "name": name, "region": f"99010{place}"}
        for place, (number, social, identity, name) in enumerate(PERSONS)
    ]
    night.put("person", "shebao", rows)
    night.put(
        "enrolment",
        "shebao",
        [
            {"person_no": str(n), "id_number": person, "insurance": insurance, "pool_region": pool, "pay_state": state}
            for n, (person, insurance, pool, state) in enumerate(ENROLMENTS)
        ],
    )
    night.put(
        "payment",
        "shuiwu",
        [
            {
                **GOOD["payment"],
                "detail_no": str(n),
                "person_no": person,
                "period": period,
                "payment_type": kind,
                "payment_flag": flag,
            }
            | {"unit_paid_fen": paid, "person_paid_fen": 0}
            for n, (person, period, kind, flag, paid) in enumerate(PAYMENTS)
        ],
    )
    run_source_checks(night.context, "shebao", night.date)
    run_source_checks(night.context, "shuiwu", night.date)
    return night


@pytest.mark.parametrize(
    ("scope", "rule", "expected"),
    [
        pytest.param("check:person:shebao", "P12", [("S-two-numbers", None, None)], id="P12"),
        pytest.param("check:person:shebao", "P13", [("I-two-names", None, None)], id="P13"),
        pytest.param(
            "check:enrolment:shebao",
            "E07",
            [("twice here", "110", None), ("twice in two pools", "110", None), ("twice in two pools", "110", None)],
            id="E07: one finding per pool",
        ),
        pytest.param(
            "check:enrolment:shebao", "E08", [("here and there", "210", None), ("twice in two pools", "110", None)], id="E08"
        ),
        pytest.param(
            "check:enrolment:shebao",
            "E09",
            [("both kinds of both", None, None), ("employee and resident", None, None)],
            id="E09: one finding per person",
        ),
        pytest.param("check:payment:shuiwu", "C11", [("twice", "110", "202605")], id="C11"),
    ],
)
def test_a_group_is_one_finding(night: Night, scope: str, rule: str, expected: list[tuple[str, str | None, str | None]]) -> None:
    found = [(row["subject_key"], row["insurance"], row["period"]) for row in night.findings(scope) if row["rule"] == rule]
    assert sorted(found, key=str) == sorted(expected, key=str)
    assert night.records(scope)[rule]["violations"] == len(expected)


def test_findings_of_one_subject_in_two_pools_are_two_cases(night: Night) -> None:
    fingerprints = [row["fingerprint"] for row in night.findings("check:enrolment:shebao") if row["rule"] == "E07"]
    assert len(set(fingerprints)) == len(fingerprints) == 3


def test_the_money_at_stake_is_what_was_paid_beyond_once(night: Night) -> None:
    (finding,) = [row for row in night.findings("check:payment:shuiwu") if row["rule"] == "C11"]
    assert finding["amount_diff_fen"] == 200
    assert finding["evidence"] == {"source_row": {"shuiwu": 1}, "rows": 2, "field": None}
    assert finding["origin_date"] == night.date, "a flow's finding ages from its delivery"
