"""Findings on flows stand on later nights until their own date is corrected; findings on snapshots are of their night only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from hedui.checks.run import run_cross_rules, run_source_checks
from integration.checks.kit import Night

SCOPE = "check:payment:shuiwu"
DATES = [dt.date(2026, 6, day) for day in (3, 4, 5)]
WRONG = {"detail_no": "1", "payment_flag": "pay", "unit_due_fen": 100, "unit_paid_fen": 101, "insurance": "110", "period": "202605"}


def deliver(night: Night, rows: list[dict[str, object]]) -> None:
    night.put("payment", "shuiwu", rows)
    run_source_checks(night.context, "shuiwu", night.date)


def overpaid(night: Night) -> list[tuple[str, dt.date]]:
    return sorted((row["subject_key"], row["origin_date"]) for row in night.findings(SCOPE) if row["rule"] == "C06")


def test_what_a_night_found_in_a_flow_stands_until_its_date_is_corrected(make_night: Callable[..., Night]) -> None:
    first = make_night()
    second, third = (replace(first, date=date) for date in DATES[1:])
    deliver(first, [WRONG])
    deliver(third, [{**WRONG, "detail_no": "3"}])
    deliver(second, [])
    assert overpaid(second) == [("1", DATES[0])]
    assert overpaid(third) == [("1", DATES[0]), ("3", DATES[2])]
    assert {row["business_date"] for row in third.findings(SCOPE)} == {DATES[2]}
    deliver(first, [{**WRONG, "unit_paid_fen": 100}])
    assert (overpaid(first), overpaid(second), overpaid(third)) == ([], [], [("3", DATES[2])])


def test_a_date_that_is_taken_back_takes_what_it_found_along(make_night: Callable[..., Night]) -> None:
    first = make_night()
    second = replace(first, date=DATES[1])
    deliver(first, [WRONG])
    deliver(second, [])
    first.context.lake.remove(first.context.canonical("payment", "shuiwu", DATES[0]))
    run_source_checks(first.context, "shuiwu", DATES[0])
    assert overpaid(second) == []


def test_rules_across_datasets_of_flows_stand_too(make_night: Callable[..., Night]) -> None:
    first = make_night()
    second = replace(first, date=DATES[1])
    for night, rows in ((first, [{"detail_no": "U1", "levy_no": "L", "insurance": "110", "head_count": 2}]), (second, [])):
        night.put("payment_unit", "shuiwu", rows)
        night.put("payment", "shuiwu", [])
        run_cross_rules(night.context, night.date)
    assert second.subjects("rule:U09:shuiwu") == {("U09", "U1")}


def test_what_a_night_found_in_a_snapshot_is_gone_with_the_next(make_night: Callable[..., Night]) -> None:
    first = make_night()
    second = replace(first, date=DATES[1])
    first.put("person", "shebao", [{"person_no": "1"}])
    second.put("person", "shebao", [{"person_no": "1", "id_type": "03", "id_number": "P9900001", "name": "甲"}])
    for night in (first, second):
        run_source_checks(night.context, "shebao", night.date)
    assert first.subjects("check:person:shebao") == {("P01", "1"), ("P03", "1")}
    assert second.subjects("check:person:shebao") == set()
