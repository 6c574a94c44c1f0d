"""Decisions in the ledger: who may, what does not count, what becomes of the cases, and that the audit chain tells it all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from hedui.audit import entries, verify
from hedui.corrections.approval import Answer, NobodyMayDecideError, Stage
from hedui.corrections.decisions import ask, decide, decided
from hedui.corrections.errors import BundleChangedError
from hedui.corrections.flow import request_rollback, void
from hedui.corrections.ledger import advance, verified
from hedui.corrections.states import SYSTEM, CaseState, State
from hedui.ledger.database import begin
from hedui.local.postgres import Postgres
from integration.corrections.ledger_kit import Desk, desk, new_ledger
from unit.corrections.manager_samples import BUNDLE, plan, target


@pytest.fixture(scope="module")
def ledger(new_database: Callable[[], str]) -> str:
    return new_ledger(new_database)


@pytest.fixture
def office(tmp_path: Path, postgres_server: Postgres, ledger: str) -> Desk:
    return desk(tmp_path, postgres_server, ledger)


def page(office: Desk, stage: Stage = Stage.BUSINESS) -> str:
    asked = ask(office.context, BUNDLE, stage, files="/hedui/corrections/")
    assert asked is not None
    return asked.page


def test_one_signature_is_enough_below_the_thresholds(office: Desk) -> None:
    office.add(plan())
    assert ask(office.context, BUNDLE, Stage.LEADER, files="") is None
    assert office.say(BUNDLE, by="manager", reason="属实") == ""
    bundle = office.read(BUNDLE)
    assert (bundle.state, bundle.events[-1].actor, bundle.events[-1].note) == (State.APPROVED, "manager", "属实")


def test_a_key_field_needs_the_leader_too_and_both_stand_on_the_form(office: Desk) -> None:
    frozen = office.add(plan(1, key_field=True))
    assert "须分管领导审批：涉及关键字段" in page(office)
    assert office.say(BUNDLE, by="manager", reason="已核档案") == ""
    assert office.read(BUNDLE).state is State.PENDING_LEADER
    assert "业务部门审批：manager" in page(office, Stage.LEADER)
    assert office.say(BUNDLE, by="leader", stage=Stage.LEADER, reason="同意修改") == ""
    assert office.read(BUNDLE).state is State.APPROVED
    book = openpyxl.load_workbook(frozen.folder / "08_decisions" / "数据修改审批单.xlsx")
    text = "\n".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value)
    assert "已核档案" in text
    assert "同意修改" in text
    frozen.verify()  # what is written beside the frozen files changes nothing


@pytest.mark.parametrize(
    ("by", "approved", "reason", "against"),
    [
        ("analyst", True, "", "analyst 已经手本方案（申请）"),
        ("engineer", True, "", "engineer 已经手本方案（执行）"),
        ("auditor", True, "", "auditor 不是本环节的指定人员"),
        ("manager", False, "", "驳回须写明理由"),
    ],
)
def test_what_does_not_count_changes_nothing_and_is_noted(office: Desk, by: str, approved: bool, reason: str, against: str) -> None:
    office.add(plan())
    assert office.say(BUNDLE, by=by, approved=approved, reason=reason).startswith(against)
    assert office.read(BUNDLE).state is State.PENDING
    (noted,) = entries(office.context.ledger_url, actions=["bundle.refused_decision"])
    assert noted.actor == by
    assert noted.details["objection"].startswith(against)
    assert office.say(BUNDLE, by="manager") == ""


def test_nobody_signs_twice(office: Desk) -> None:
    people = {**target().people.model_dump(), "leaders": ("manager", "leader")}
    office.add(plan(1, key_field=True, target=target(people=people)))
    assert office.say(BUNDLE, by="manager") == ""
    asked = ask(office.context, BUNDLE, Stage.LEADER, files="")
    assert asked is not None
    assert asked.users == ("leader",)
    assert office.say(BUNDLE, by="manager", stage=Stage.LEADER).startswith("manager 已经手本方案（业务部门审批）")
    assert office.read(BUNDLE).state is State.PENDING_LEADER


def test_where_only_the_proposer_is_named_nobody_is_asked(office: Desk) -> None:
    people = {**target().people.model_dump(), "approvers": ("analyst",)}
    office.add(plan(target=target(people=people)))
    with pytest.raises(NobodyMayDecideError, match="analyst: 申请"):
        page(office)


def test_a_refusal_with_its_reason_sets_the_cases_free(office: Desk) -> None:
    office.add(plan())
    assert office.say(BUNDLE, by="manager", approved=False, reason="依据不足，先核档案") == ""
    bundle = office.read(BUNDLE)
    assert (bundle.state, bundle.note) == (State.REJECTED, "依据不足，先核档案")
    assert dict(bundle.cases) == {CaseState.REOPENED: 3}


def test_nobody_in_time_is_a_refusal_by_the_system(office: Desk) -> None:
    office.add(plan())
    lapsed = Answer(approved=False, by="", at=dt.datetime.now(dt.UTC))
    assert decide(office.context, BUNDLE, Stage.BUSINESS, lapsed) == ""
    bundle = office.read(BUNDLE)
    assert (bundle.state, bundle.events[-1].actor) == (State.REJECTED, SYSTEM)
    assert "逾期" in bundle.note


def test_an_approval_that_nobody_has_signed_is_none(office: Desk) -> None:
    office.add(plan())
    assert office.say(BUNDLE, by="").startswith("批准没有署名")
    assert office.read(BUNDLE).state is State.PENDING
    (noted,) = entries(office.context.ledger_url, actions=["bundle.refused_decision"])
    assert noted.actor == SYSTEM


def test_who_has_said_what_is_right_does_not_decide_on_it(office: Desk) -> None:
    given = plan()
    office.add(replace(given, reasons=tuple(replace(reason, decided_by="manager") for reason in given.reasons)))
    asked = ask(office.context, BUNDLE, Stage.BUSINESS, files="")
    assert asked is not None
    assert asked.users == ("deputy",)
    assert office.say(BUNDLE, by="manager").startswith("manager 已经手本方案（判定案件）")
    assert office.say(BUNDLE, by="deputy") == ""


def test_a_decision_on_a_bundle_that_was_voided_meanwhile_is_noted_and_changes_nothing(office: Desk) -> None:
    frozen = office.add(plan(target=target(id="shebao")))
    void(office.context, BUNDLE, actor="analyst", reason="依据有误")
    (frozen.folder / "03_sql" / "20_apply.sql").write_text("")  # nothing of its files is needed any more
    for by in ("manager", ""):
        assert office.say(BUNDLE, by=by, approved=bool(by)) == "方案的状态已是“作废”，不再需要决定"
    (noted,) = entries(office.context.ledger_url, actions=["bundle.refused_decision"])
    assert (noted.actor, noted.details["approved"]) == ("manager", True)
    assert office.read(BUNDLE).state is State.VOID


def test_a_decision_that_is_brought_again_after_a_kill_is_taken_once(office: Desk) -> None:
    office.add(plan())
    for _ in range(2):
        assert office.say(BUNDLE, by="manager", reason="属实") == ""
    assert [event.actor for event in office.read(BUNDLE).events if event.to_state is State.APPROVED] == ["manager"]


def test_a_task_that_was_killed_after_its_decision_finds_it_and_does_not_ask_again(office: Desk) -> None:
    office.add(plan())
    assert decided(office.context, BUNDLE, Stage.BUSINESS) is None
    office.say(BUNDLE, by="manager", reason="属实")
    form = office.read(BUNDLE)
    path = Path(str(form.folder)) / "08_decisions" / "数据修改审批单.xlsx"
    path.unlink()
    found = decided(office.context, BUNDLE, Stage.BUSINESS)
    assert found is not None
    assert (found.actor, found.note, found.details["approved"]) == ("manager", "属实", True)
    assert path.exists()


def test_of_a_rollback_that_was_refused_the_refusal_is_found_and_not_the_first_approval(office: Desk) -> None:
    executed(office)
    request_rollback(office.context, BUNDLE, actor="reviewer", reason="依据有误")
    assert decided(office.context, BUNDLE, Stage.BUSINESS) is None
    office.say(BUNDLE, by="manager", approved=False, reason="原修改无误")
    found = decided(office.context, BUNDLE, Stage.BUSINESS)
    assert found is not None
    assert (found.note, found.details["approved"]) == ("原修改无误", False)
    assert decided(office.context, BUNDLE, Stage.REVIEW) is None


def test_a_changed_file_is_refused_at_every_later_step(office: Desk) -> None:
    frozen = office.add(plan())
    changed = frozen.folder / "03_sql" / "20_apply.sql"
    changed.write_bytes(changed.read_bytes() + b"-- more\n")
    with pytest.raises(BundleChangedError):
        page(office)
    with pytest.raises(BundleChangedError):
        office.say(BUNDLE, by="manager")
    assert office.read(BUNDLE).state is State.PENDING


def executed(office: Desk) -> None:
    office.approved(plan())
    with begin(office.context.ledger_url) as connection:
        advance(connection, BUNDLE, to=State.EXECUTING, actor="engineer")
        advance(connection, BUNDLE, to=State.EXECUTED, actor=SYSTEM)


def test_a_review_closes_only_what_was_read_again_right(office: Desk) -> None:
    executed(office)
    assert office.say(BUNDLE, by="reviewer", stage=Stage.REVIEW).startswith("复读未通过")
    with begin(office.context.ledger_url) as connection:
        verified(connection, BUNDLE, plan().cases)
    assert office.say(BUNDLE, by="manager", stage=Stage.REVIEW).startswith("manager 已经手本方案（业务部门审批）")
    assert office.say(BUNDLE, by="reviewer", stage=Stage.REVIEW, reason="一致") == ""
    bundle = office.read(BUNDLE)
    assert (bundle.state, dict(bundle.cases)) == (State.CLOSED, {CaseState.CLOSED: 3})


def test_a_review_that_fails_opens_what_is_not_right_again(office: Desk) -> None:
    executed(office)
    with begin(office.context.ledger_url) as connection:
        verified(connection, BUNDLE, plan().cases[:2])
    assert office.say(BUNDLE, by="reviewer", approved=False, stage=Stage.REVIEW, reason="一行不符") == ""
    bundle = office.read(BUNDLE)
    assert (bundle.state, dict(bundle.cases)) == (State.REOPENED, {CaseState.CLOSED: 2, CaseState.REOPENED: 1})


def test_a_rollback_has_an_approval_of_its_own(office: Desk) -> None:
    executed(office)
    request_rollback(office.context, BUNDLE, actor="reviewer", reason="依据有误")
    asked = ask(office.context, BUNDLE, Stage.BUSINESS, files="")
    assert asked is not None
    assert "数据回退" in asked.subject
    assert ask(office.context, BUNDLE, Stage.LEADER, files="") is None
    assert office.say(BUNDLE, by="manager", approved=False, reason="原修改无误") == ""
    assert office.read(BUNDLE).state is State.EXECUTED
    request_rollback(office.context, BUNDLE, actor="reviewer", reason="仍然有误")
    assert office.say(BUNDLE, by="deputy", reason="同意回退") == ""
    assert office.read(BUNDLE).state is State.ROLLBACK_APPROVED


def test_a_review_that_waits_decides_no_rollback_and_goes_on_waiting(office: Desk) -> None:
    executed(office)
    request_rollback(office.context, BUNDLE, actor="analyst", reason="依据有误")
    assert office.say(BUNDLE, by="reviewer", stage=Stage.REVIEW, reason="一致").startswith("本方案已申请回退")
    assert office.say(BUNDLE, by="leader", stage=Stage.LEADER).startswith("本方案已申请回退")
    assert office.read(BUNDLE).state is State.ROLLBACK_PENDING
    assert decided(office.context, BUNDLE, Stage.REVIEW) is None
    assert "数据回退" not in page(office, Stage.REVIEW)
    assert office.say(BUNDLE, by="manager", approved=False, reason="原修改无误") == ""
    bundle = office.read(BUNDLE)
    assert (bundle.state, bundle.events[-1].actor) == (State.EXECUTED, "manager")
    assert decided(office.context, BUNDLE, Stage.REVIEW) is None


def test_a_rollback_that_is_asked_for_again_is_not_taken_for_the_one_that_was_refused(office: Desk) -> None:
    executed(office)
    for _ in range(2):  # by the same manager: the demo names one only
        request_rollback(office.context, BUNDLE, actor="reviewer", reason="依据有误")
        assert office.say(BUNDLE, by="manager", approved=False, reason="原修改无误") == ""
        assert office.read(BUNDLE).state is State.EXECUTED


def test_the_audit_chain_holds_every_deed_and_proves_it(office: Desk) -> None:
    office.add(plan())
    office.say(BUNDLE, by="analyst")
    office.say(BUNDLE, by="manager", reason="属实")
    chain = entries(office.context.ledger_url)
    assert [(entry.action, entry.actor) for entry in chain][-2:] == [
        ("bundle.refused_decision", "analyst"),
        ("bundle.advance", "manager"),
    ]
    assert chain[-1].details["note"] == "属实"
    assert verify(office.context.ledger_url).broken is None
