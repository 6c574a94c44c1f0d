"""Rules across datasets: E20, U09, C09, B05 over hand-made partitions, per source and with one source missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from hedui.checks.model import CheckError
from hedui.checks.run import run_cross_rules
from hedui.site.models import RuleSetting
from integration.checks.kit import Night

DAY = dt.date
UNIT = {"levy_no": "L1", "insurance": "110", "period": "202605", "unit_no": "U1", "pool_region": "990101"}
GROUP = {"pool_region": "990101", "agency_code": "A1", "insurance": "110", "payment_flag": "pay"}


@pytest.fixture(scope="module")
def night(make_night: Callable[..., Night]) -> Night:
    night = make_night()
    deaths = {
        "long dead": DAY(2026, 5, 3),
        "dead 30 days": DAY(2026, 5, 4),
        "alive": None,
        "ended": DAY(2020, 1, 1),
        "paused": DAY(2020, 1, 1),
    }
    states = {"ended": "3", "paused": "2"}
    night.put("death", "minzheng", [])
    night.put("death", "gongan", [])
    for source in ("shebao", "sheng"):
        night.put(
            "person", source, [{"person_no": name, "id_number": f"I {name}", "death_date": day} for name, day in deaths.items()]
        )
        night.put(
            "enrolment",
            source,
            [
                {"person_no": name, "insurance": insurance, "pay_state": states.get(name, "1"), "pool_region": "990101"}
                for name in [*deaths, "unknown person"]
                for insurance in ("110", "310")
            ]
            + [{"person_no": "long dead", "insurance": "110", "pay_state": "1", "start_date": DAY(2001, 1, 1)}],
        )
    payments = [
        {**UNIT, **GROUP, "person_no": "1", "unit_paid_fen": 100, "person_paid_fen": 50, "paid_date": DAY(2026, 6, 3)},
        {**UNIT, **GROUP, "person_no": "2", "unit_paid_fen": 100, "person_paid_fen": None, "paid_date": DAY(2026, 6, 3)},
        {**UNIT, **GROUP, "person_no": "2", "unit_paid_fen": 1, "late_fee_fen": 7, "paid_date": DAY(2026, 6, 3)},
        {**UNIT, **GROUP, "levy_no": "L2", "person_no": "1", "unit_paid_fen": 5, "paid_date": DAY(2026, 6, 2)},
    ]
    night.put("payment", "shuiwu", payments)
    right = {**UNIT, "head_count": 2, "unit_paid_fen": 201, "person_paid_fen": 50, "late_fee_fen": 7}
    units: dict[str, dict[str, Any]] = {
        "right": right,
        "a head more": right | {"head_count": 3},
        "heads not told": right | {"head_count": None},
        "a fen more": right | {"unit_paid_fen": 202},
        "late fee missing": right | {"late_fee_fen": None},
        "shifted": right | {"unit_paid_fen": 200, "person_paid_fen": 51},
        "nobody": right | {"levy_no": "L9"},
        "no levy number": right | {"levy_no": None},
        "other notice": right | {"levy_no": "L2", "head_count": 1, "unit_paid_fen": 5, "person_paid_fen": 0, "late_fee_fen": 0},
    }
    night.put("payment_unit", "shuiwu", [row | {"detail_no": name} for name, row in units.items()])
    total = {
        **GROUP,
        "row_count": 3,
        "unit_paid_fen": 201,
        "person_paid_fen": 50,
        "late_fee_fen": 7,
        "subsidy_fen": 0,
        "date_from": DAY(2026, 6, 3),
    }
    totals = [
        total,
        total | {"date_from": DAY(2026, 6, 2), "row_count": 1, "unit_paid_fen": 5, "person_paid_fen": 0, "late_fee_fen": 0},
        total | {"agency_code": "A2"},
        total | {"agency_code": "A'3", "row_count": 0, "unit_paid_fen": 0, "person_paid_fen": 0, "late_fee_fen": 0},
        total | {"payment_flag": None},
    ]
    night.put("daily_total", "shuiwu", totals)
    run_cross_rules(night.context, night.date)
    return night


def test_paying_and_paused_enrolments_after_a_death_are_found_per_source(night: Night) -> None:
    findings = [row for source in ("shebao", "sheng") for row in night.findings(f"rule:E20:{source}")]
    found = sorted((row["source"], row["subject_key"], row["insurance"]) for row in findings)
    assert found == [
        (source, f"I {name}", insurance)
        for source in ("shebao", "sheng")
        for name in ("long dead", "paused")
        for insurance in ("110", "310")
    ]
    assert {row["agency"] for row in findings if row["source"] == "sheng"} == {"sb_province"}
    assert len({row["fingerprint"] for row in findings}) == len(findings), "the same person in two sources is two cases"


def test_days_of_grace_are_a_parameter(make_night: Callable[..., Night]) -> None:
    night = make_night(rules={"E20": RuleSetting(parameters={"grace_days": 29, "sources": ("shebao",)})})
    night.put("death", "minzheng", [])
    night.put("death", "gongan", [])
    for source in ("shebao", "sheng"):
        night.put("person", source, [{"person_no": "1", "id_number": "I", "death_date": DAY(2026, 5, 4)}])
        night.put("enrolment", source, [{"person_no": "1", "insurance": "110", "pay_state": "1"}])
    run_cross_rules(night.context, night.date)
    assert [row["source"] for row in night.findings("rule:E20:shebao")] == ["shebao"]
    assert night.context.lake.manifest(night.context.findings("rule:E20:sheng", night.date)) is None


def test_head_counts(night: Night) -> None:
    assert night.subjects("rule:U09:shuiwu") == {("U09", "a head more"), ("U09", "nobody"), ("U09", "no levy number")}
    manifest = night.context.lake.manifest(night.context.findings("rule:U09:shuiwu", night.date))
    assert manifest is not None
    (record,) = manifest.meta["rules"]
    assert (record["examined"], record["violations"], record["state"]) == (8, 3, "failed")


def test_unit_amounts(night: Night) -> None:
    differences = {row["subject_key"]: row["amount_diff_fen"] for row in night.findings("rule:C09:shuiwu")}
    assert differences == {"a fen more": 1, "late fee missing": -7, "shifted": 0, "nobody": 258, "no levy number": 258}


def test_daily_totals(night: Night) -> None:
    findings = {row["subject_key"]: row for row in night.findings("rule:B05:shuiwu")}
    assert set(findings) == {"990101/A2/pay/2026-06-03", "990101/A1//2026-06-03"}
    one = findings["990101/A2/pay/2026-06-03"]
    assert (one["subject_type"], one["dataset"], one["severity"], one["amount_diff_fen"]) == ("group", "daily_total", "block", 258)
    assert one["side_values"] == {"shuiwu": "3 / 0"}


def test_a_source_that_has_not_delivered_leaves_the_others(night: Night) -> None:
    states = {}
    for source in ("shebao", "sheng", "guotong", "yibao"):
        manifest = night.context.lake.manifest(night.context.findings(f"rule:E20:{source}", night.date))
        states[source] = manifest.meta["rules"][0]["state"] if manifest else None
    assert states == {"shebao": "failed", "sheng": "failed", "guotong": None, "yibao": None}


def test_without_any_source_an_older_result_is_removed(make_night: Callable[..., Night]) -> None:
    night = make_night()
    night.put("death", "minzheng", [])
    night.put("death", "gongan", [])
    night.put("person", "shebao", [{"person_no": "1"}])
    night.put("enrolment", "shebao", [{"person_no": "1"}])
    run_cross_rules(night.context, night.date)
    scope = night.context.findings("rule:E20:shebao", night.date)
    assert night.context.lake.manifest(scope) is not None
    night.context.lake.remove(night.context.canonical("enrolment", "shebao", night.date))
    run_cross_rules(night.context, night.date)
    assert night.context.lake.manifest(scope) is None


def test_a_rule_that_is_switched_off_or_broken_is_named(make_night: Callable[..., Night]) -> None:
    settings = {"U09": RuleSetting(enabled=False), "E20": RuleSetting(parameters={"grace_days": "1' DAY; --"})}
    night = make_night(rules=settings)
    night.put("death", "minzheng", [])
    night.put("death", "gongan", [])
    night.put("person", "shebao", [{"person_no": "1", "death_date": DAY(2020, 1, 1)}])
    night.put("enrolment", "shebao", [{"person_no": "1", "pay_state": "1"}])
    night.put("payment", "shuiwu", [])
    night.put("payment_unit", "shuiwu", [{"head_count": 1}])
    with pytest.raises(CheckError, match=r"E20 \(enrolment, shebao\)"):
        run_cross_rules(night.context, night.date)
    assert night.records("rule:U09:shuiwu")["U09"]["state"] == "disabled"
    assert night.records("rule:C09:shuiwu")["C09"]["state"] == "passed"
