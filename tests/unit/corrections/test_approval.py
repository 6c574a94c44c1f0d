"""Who must and who may decide, and which answers do not count."""

from __future__ import annotations

import datetime as dt

import pytest

from hedui.corrections.approval import Answer, NobodyMayDecideError, Stage, may_decide, objection, stages, why_leader, yuan
from unit.corrections.manager_samples import target

NOW = dt.datetime(2026, 6, 4, 9, tzinfo=dt.UTC)
LIMITS = {"thresholds": {"people": 50, "amount_fen": 1_000_000}}


@pytest.mark.parametrize(
    ("key_field", "people", "fen", "leader", "why"),
    [
        (False, 50, 1_000_000, False, ""),
        (False, 51, 0, True, "人数超过 50"),
        (False, 1, 1_000_001, True, "金额超过 10,000.00 元"),
        (True, 1, 0, True, "涉及关键字段"),
        (True, 51, 1_000_001, True, "涉及关键字段、人数超过 50、金额超过 10,000.00 元"),
    ],
)
def test_a_leader_signs_above_a_threshold_and_for_key_fields(
    key_field: bool, people: int, fen: int, leader: bool, why: str
) -> None:
    figures = {"key_field": key_field, "people": people, "amount_moved_fen": fen}
    asked = stages(target(**LIMITS), **figures)
    assert asked == ((Stage.BUSINESS, Stage.LEADER) if leader else (Stage.BUSINESS,))
    assert why_leader(target(**LIMITS), **figures) == why


def test_whoever_has_acted_is_not_asked() -> None:
    assert may_decide(target(), Stage.BUSINESS, done={}) == ("manager", "deputy")
    assert may_decide(target(), Stage.BUSINESS, done={"manager": "申请"}) == ("deputy",)
    with pytest.raises(NobodyMayDecideError, match=r"manager: 申请; deputy: 执行"):
        may_decide(target(), Stage.BUSINESS, done={"manager": "申请", "deputy": "执行"})


@pytest.mark.parametrize(
    ("answer", "against"),
    [
        pytest.param(Answer(approved=True, by="manager", at=NOW), "", id="approved"),
        pytest.param(Answer(approved=False, by="manager", at=NOW, reason="依据不足"), "", id="refused with a reason"),
        pytest.param(Answer(approved=False, by="", at=NOW), "", id="nobody in time"),
        pytest.param(Answer(approved=False, by="manager", at=NOW), "驳回须写明理由", id="refused without a reason"),
        pytest.param(Answer(approved=False, by="manager", at=NOW, reason=" 。"), "驳回须写明理由", id="refused with a dot"),
        pytest.param(Answer(approved=True, by="analyst", at=NOW), "analyst 已经手本方案（申请）", id="who proposed"),
        pytest.param(Answer(approved=True, by="auditor", at=NOW), "auditor 不是本环节的指定人员", id="who was not asked"),
        pytest.param(Answer(approved=True, by="", at=NOW, reason="同意"), "批准没有署名", id="approved by nobody"),
    ],
)
def test_which_answers_count(answer: Answer, against: str) -> None:
    said = objection(answer, allowed=("manager",), done={"analyst": "申请", "engineer": "执行"})
    assert said.startswith(against)
    assert bool(said) is bool(against)


def test_amounts_are_written_in_yuan() -> None:
    assert [yuan(fen) for fen in (0, 5, -5, 123456789)] == ["0.00", "0.05", "-0.05", "1,234,567.89"]
