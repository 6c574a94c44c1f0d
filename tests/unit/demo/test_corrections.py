from __future__ import annotations

from hedui.demo.corrections import ENDS, NEXT, NIGHT, CorrectionPlan, plan_corrections
from hedui.demo.plants.corrections import FATES
from tests.unit.demo.conftest import Small


def planned(small: Small) -> CorrectionPlan:
    return plan_corrections(small.planting)


def test_every_case_of_a_bundle_is_a_planted_finding_of_both_nights(small: Small) -> None:
    hits = {
        (line.business_date, line.scope, line.rule, line.subject_key, line.insurance, line.field)
        for line in small.truth
        if line.expect == "hit"
    }
    plan = planned(small)
    for cases in plan.bundles.values():
        for case in cases:
            for night in (NIGHT, NEXT):
                assert (night, case.scope, case.rule, case.subject_key, case.insurance, case.field) in hits


def test_bundles_come_to_all_ends_and_no_case_is_in_two(small: Small) -> None:
    plan = planned(small)
    assert tuple(end for end, cases in plan.bundles.items() if cases) == ENDS
    cases = [case for of_bundle in plan.bundles.values() for case in of_bundle]
    assert len(set(cases)) == len(cases)


def test_hits_were_executed_and_near_misses_are_of_every_other_fate(small: Small) -> None:
    plan = planned(small)
    executed = {(case.subject_key, case.field) for case in plan.bundles["executed"]}
    hits = {(line.subject_key, line.field) for line in plan.truth if line.expect == "hit"}
    nears = {(line.subject_key, line.field) for line in plan.truth if line.expect == "near"}
    assert len(hits) >= 4
    assert hits < executed
    assert not hits & nears
    kept = {name for name, fate in FATES.items() if fate.shown}
    assert {small.planting.marked[f"T18 {name}"][0].id for name in FATES.keys() - kept} <= {person for person, _ in nears}


def test_what_the_city_writes_later_is_told_by_the_key_of_a_row_in_its_table(small: Small) -> None:
    plan = planned(small)
    assert {write.table for write in plan.later} == {"shebao.ac02"}
    assert all(write.key.keys() == {"aac001", "aae140", "aae030"} for write in plan.later)
    assert len({tuple(write.key.values()) for write in plan.later}) == len(plan.later)
