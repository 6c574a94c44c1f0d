"""Who is right: explained, a person's word, the authority matrix, in this order."""

from __future__ import annotations

from typing import Any

import pytest

from hedui.corrections.decide import Judgement, judge
from hedui.corrections.history import HumanDecision
from hedui.corrections.model import Decision, Operation
from hedui.site.corrections import Target
from unit.corrections.plans_world import LOCAL, NIGHT, PROVINCE, SETTINGS, SITE, case


def judged(target: Target = LOCAL, **values: Any) -> Judgement | None:
    assert SETTINGS is not None
    return judge(case(**values), site=SITE, settings=SETTINGS, target=target, date=NIGHT)


def word(**values: Any) -> HumanDecision:
    given: dict[str, Any] = {
        "decision": Decision.UPPER_RIGHT,
        "basis": "档案核查",
        "value": None,
        "evidence": "",
        "decided_by": "张科",
    }
    return HumanDecision(**{**given, "current": True, **values})


def test_the_matrix_calls_the_nation_right() -> None:
    found = judged()
    assert found is not None
    assert (found.reason.decision, found.value) == (Decision.UPPER_RIGHT, "132")
    # accounts of scheme 110 are the nation's from 4 June on: the fourteenth row of authority.csv
    assert found.reason.basis == "权威矩阵第 14 条：“实际缴费月数”以“全国统筹系统下发”为准"


def test_the_local_side_may_be_right() -> None:
    found = judged(PROVINCE, values={"shebao": "120", "sheng": "132"}, right_source="shebao", insurance="150")
    assert found is not None
    assert (found.reason.decision, found.value) == (Decision.LOCAL_RIGHT, "120")


def test_a_case_in_which_the_target_is_right_is_none_of_its_business() -> None:
    assert judged(PROVINCE) is None


@pytest.mark.parametrize(("held", "concerned"), [("1012", False), ("1013", True)], ids=["within", "beyond"])
def test_a_tolerance_is_no_difference(held: str, concerned: bool) -> None:
    found = judged(field="closing_fen", values={"shebao": held, "guotong": "1000", "sheng": "2000"})
    assert (found is not None) is concerned


@pytest.mark.parametrize(
    ("values", "decision", "words"),
    [
        pytest.param({"kind": "IN_TRANSIT"}, Decision.EXPLAINED, "随后续批次自然消除", id="in transit"),
        pytest.param({"exempt_reason": "已核定"}, Decision.EXPLAINED, "已登记豁免：已核定", id="exempt"),
        pytest.param({"field": None, "kind": "KEY"}, Decision.MANUAL, "整条记录", id="whole row"),
        pytest.param(
            {"field": None, "kind": "MISSING_TIER", "dataset": "person"}, Decision.MANUAL, "没有规定整条记录", id="no matrix"
        ),
        pytest.param(
            {"field": None, "kind": "MISSING_TIER", "source": "guotong", "rows": {"shebao": 7}},
            Decision.MANUAL,
            "而该来源没有该记录",
            id="right side lacks it",
        ),
        pytest.param({"field": None, "kind": "DUP"}, Decision.MANUAL, "未允许在该表删除", id="no deletes"),
        pytest.param({"right_source": None}, Decision.MANUAL, "权威矩阵没有规定", id="nobody is right"),
        pytest.param({"values": {"shebao": "1", "guotong": None}}, Decision.MANUAL, "该字段为空", id="right one is empty"),
        pytest.param({"human": word(current=False)}, Decision.MANUAL, "须重新判定", id="case has changed"),
        pytest.param(
            {"human": word(decision=Decision.EXPLAINED, basis="政策差异")}, Decision.EXPLAINED, "政策差异", id="person explains"
        ),
        pytest.param({"human": word(decision=Decision.BOTH_WRONG)}, Decision.MANUAL, "没有给出唯一的正确值", id="no value"),
        pytest.param(
            {"human": word(), "values": {"shebao": "1", "sheng": "2", "guotong": "3"}}, Decision.MANUAL, "唯一", id="uppers differ"
        ),
    ],
)
def test_what_is_not_corrected_says_why(values: dict[str, Any], decision: Decision, words: str) -> None:
    found = judged(**values)
    assert found is not None
    assert found.reason.decision is decision
    assert words in found.reason.basis
    assert found.value is None


def test_a_persons_word_goes_before_the_matrix() -> None:
    found = judged(human=word(decision=Decision.BOTH_WRONG, value="126", evidence="档案 2026-17"))
    assert found is not None
    assert (found.reason.decision, found.value, found.evidence, found.reason.decided_by) == (
        Decision.BOTH_WRONG, "126", "档案 2026-17", "张科",
    )  # fmt: skip


def test_a_person_may_call_the_local_side_right_against_the_matrix() -> None:
    assert judged(human=word(decision=Decision.LOCAL_RIGHT)) is None
    found = judged(PROVINCE, human=word(decision=Decision.LOCAL_RIGHT))
    assert found is not None
    assert found.value == "120"


NAME = {
    "scope": "person_tiers",
    "dataset": "person",
    "field": "name",
    "values": {"shebao": "张三", "guotong": "张山"},
    "rule": "T03",
}


def test_a_key_field_needs_evidence() -> None:
    found = judged(**NAME)
    assert found is not None
    assert (found.reason.decision, found.key_field) == (Decision.MANUAL, True)
    assert "附证据编号" in found.reason.basis


def test_a_key_field_with_evidence_goes() -> None:
    found = judged(**NAME, human=word(evidence="公安 2026-5"))
    assert found is not None
    assert (found.reason.decision, found.value, found.key_field) == (Decision.UPPER_RIGHT, "张山", True)


MISSING = {"field": None, "kind": "MISSING_TIER", "rows": {"sheng": 9, "guotong": 4}, "right_source": None, "values": {}}


def test_a_record_that_the_right_side_has_is_added_where_it_lacks() -> None:
    found = judged(**MISSING)
    assert found is not None
    assert (found.operation, found.right_source, found.reason.decision) == (Operation.INSERT, "guotong", Decision.UPPER_RIGHT)
    assert "整条记录以“全国统筹系统下发”为准" in found.reason.basis
    assert judged(PROVINCE, **MISSING) is None


def test_a_person_says_which_side_has_the_record_rightly() -> None:
    found = judged(**MISSING, human=word(evidence="档-7"))
    assert found is not None
    assert (found.operation, found.right_source, found.reason.decided_by, found.evidence) == (
        Operation.INSERT, "guotong", "张科", "档-7",
    )  # fmt: skip
    wrong = judged(**MISSING, human=word(decision=Decision.LOCAL_RIGHT))
    assert wrong is not None
    assert wrong.reason.decision is Decision.MANUAL


def test_a_new_record_with_key_fields_needs_evidence() -> None:
    """An enrolment carries the name beside the id number by which the sides agree on the person."""
    enrolled = {**MISSING, "scope": "enrolment_tiers", "dataset": "enrolment", "subject_key": "99x"}
    found = judged(**enrolled)
    assert found is not None
    assert (found.key_field, found.reason.decision) == (True, Decision.MANUAL)
    shown = judged(**enrolled, human=word(evidence="档-7"))
    assert shown is not None
    assert (shown.key_field, shown.operation) == (True, Operation.INSERT)


def test_duplicates_go_where_the_site_allows_it() -> None:
    found = judged(PROVINCE, field=None, kind="DUP", source="sheng")
    assert found is not None
    assert (found.operation, found.reason.decision) == (Operation.DELETE, Decision.LOCAL_RIGHT)
    assert judged(LOCAL, field=None, kind="DUP", source="sheng") is None
