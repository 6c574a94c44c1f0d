"""After execution: rows read again, cases closed or opened again, what later nights show."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from hedui import audit
from hedui.cases.query import cases_as_of
from hedui.cases.record import record_findings
from hedui.corrections.decide import decide
from hedui.corrections.effects import note_effects
from hedui.corrections.errors import BundleStateError, CorrectionError, FourEyesError
from hedui.corrections.ledger import advance, read_bundle, release
from hedui.corrections.model import BundlePlan, Decision
from hedui.corrections.proof import reread
from hedui.corrections.states import SYSTEM, CaseState, State
from hedui.corrections.story import story
from hedui.corrections.watch import scope, write_unproven
from hedui.ledger import corrections_models as models
from hedui.ledger.database import begin
from integration.corrections.cases_world import APPROVED, EXECUTED, FIRST, SECOND, World

REVIEWED = (State.CLOSED, "reviewer")


@pytest.fixture
def executed(world: World) -> BundlePlan:
    """A bundle of five rows that is executed in the city's table."""
    world.night(FIRST)
    world.make_table()
    (plan,) = world.propose()
    world.correct(plan)
    world.go(plan.id, *EXECUTED)
    return plan


def states(world: World, bundle: str) -> dict[CaseState, int]:
    return dict(read_bundle(world.context, bundle).cases)


def night(world: World, date: dt.date) -> None:
    """The step ``record`` of a night: T18 first, then the cases, then what bundles brought about."""
    write_unproven(world.context, date)
    record_findings(world.context, date)
    note_effects(world.context, date)


def test_rows_that_are_right_close_their_cases(world: World, executed: BundlePlan) -> None:
    assert states(world, executed.id) == {CaseState.SOLVED: 5}
    seen = reread(world.context, executed)
    assert (seen.rows, seen.right, seen.wrong, seen.ok) == (5, 5, (), True)
    assert states(world, executed.id) == {CaseState.VERIFIED: 5}
    assert reread(world.context, executed).ok
    world.go(executed.id, REVIEWED)
    assert states(world, executed.id) == {CaseState.CLOSED: 5}
    assert audit.verify(world.context.ledger_url).broken is None


def test_a_row_that_is_not_right_keeps_its_case_open(world: World) -> None:
    world.night(FIRST)
    world.make_table()
    (plan,) = world.propose()
    world.correct(plan, leave_out=[2])
    world.go(plan.id, *EXECUTED)
    seen = reread(world.context, plan)
    assert (seen.right, seen.wrong, seen.open_cases) == (4, (2,), plan.changes[1].cases)
    assert ("不一致的行号", "2") in seen.lines
    with pytest.raises(BundleStateError, match="1 cases have not been read again and found right"):
        world.go(plan.id, REVIEWED)
    world.go(plan.id, (State.REOPENED, "reviewer"))
    assert states(world, plan.id) == {CaseState.CLOSED: 4, CaseState.REOPENED: 1}
    (second,) = world.propose(run="second")
    assert (second.round, second.parent, second.cases) == (2, plan.id, plan.changes[1].cases)


def test_an_old_version_of_a_row_is_not_read(world: World, executed: BundlePlan) -> None:
    # each account has a version that is not in force and still holds the old value
    assert reread(world.context, executed).ok


def test_the_night_that_shows_it_proves_it_too(world: World, executed: BundlePlan) -> None:
    assert reread(world.context, executed, date=FIRST).wrong == (1, 2, 3, 4, 5)
    world.accounts["1000000003"].months = 119
    world.deliver(SECOND)
    seen = reread(world.context, executed, date=SECOND)
    assert (seen.right, seen.wrong) == (4, (3,))


def test_what_is_not_executed_is_not_read(world: World) -> None:
    world.night(FIRST)
    (plan,) = world.propose()
    with pytest.raises(CorrectionError, match="not executed yet"):
        reread(world.context, plan)


def test_a_night_that_no_longer_shows_it_says_nothing(world: World, executed: BundlePlan) -> None:
    reread(world.context, executed)
    world.go(executed.id, REVIEWED)
    world.deliver(SECOND)
    world.write("accounts_tiers", SECOND, [])
    night(world, SECOND)
    manifest = world.context.lake.manifest(world.context.findings(scope("shebao"), SECOND))
    assert manifest is not None
    assert (manifest.rows, manifest.meta["suspects"]) == (0, 5)
    assert states(world, executed.id) == {CaseState.CLOSED: 5}


def test_a_night_that_still_shows_it_is_a_finding_and_opens_the_case_again(world: World, executed: BundlePlan) -> None:
    reread(world.context, executed)
    world.go(executed.id, REVIEWED)
    world.accounts["1000000002"].months = 120
    world.deliver(SECOND)
    world.write("accounts_tiers", SECOND, [world.finding("1000000002")])
    night(world, SECOND)
    with begin(world.context.ledger_url) as connection:
        found = connection.exec_driver_sql("SELECT rule, severity, source FROM hedui.reconciliation_case WHERE rule = 'T18'").all()
    assert [tuple(row) for row in found] == [("T18", "block", "shebao")]
    bundle = read_bundle(world.context, executed.id)
    assert (bundle.state, dict(bundle.cases)) == (State.REOPENED, {CaseState.CLOSED: 4, CaseState.REOPENED: 1})
    assert "2026-06-05 比对仍有差异" in bundle.note
    write_unproven(world.context, SECOND)  # a repeated night says the same
    manifest = world.context.lake.manifest(world.context.findings(scope("shebao"), SECOND))
    assert manifest is not None
    assert manifest.rows == 1
    (second,) = world.propose(run="second", date=SECOND)
    assert (second.round, second.parent) == (2, executed.id)
    write_unproven(world.context, SECOND)  # the next round has it now
    manifest = world.context.lake.manifest(world.context.findings(scope("shebao"), SECOND))
    assert manifest is not None
    assert manifest.rows == 0


@pytest.mark.parametrize(
    ("held", "shown"), [pytest.param(132, 0, id="the city is right"), pytest.param(131, 1, id="the city is wrong otherwise")]
)
def test_what_the_province_alone_has_wrong_is_no_failure_of_the_citys_bundle(
    world: World, executed: BundlePlan, held: int, shown: int
) -> None:
    reread(world.context, executed)
    world.go(executed.id, REVIEWED)
    world.accounts["1000000002"].months = held
    world.deliver(SECOND)
    sides = {"shebao": str(held), "sheng": "120", "guotong": "132"}
    world.write("accounts_tiers", SECOND, [world.finding("1000000002", sides=sides)])
    night(world, SECOND)
    manifest = world.context.lake.manifest(world.context.findings(scope("shebao"), SECOND))
    assert manifest is not None
    assert (manifest.rows, manifest.meta["suspects"]) == (shown, 5)
    assert read_bundle(world.context, executed.id).state is (State.REOPENED if shown else State.CLOSED)


def test_a_persons_word_counts_before_the_matrix(world: World) -> None:
    world.night(FIRST)
    world.make_table()
    case = world.finding("1000000002")
    (wanted,) = [row for row in cases_as_of(world.context, FIRST).to_pylist() if row["subject_key"] == case["subject_key"]]
    decide(world.context, case=wanted["fingerprint"], decision=Decision.BOTH_WRONG, basis="档案", actor="clerk", value="131")
    plans = world.propose()
    (plan,) = [plan for plan in plans if wanted["fingerprint"] in plan.cases]
    world.correct(plan)
    world.go(plan.id, *EXECUTED)
    world.deliver(SECOND)
    world.write("accounts_tiers", SECOND, [world.finding("1000000002")])  # 131 here, as the file says, 132 elsewhere
    assert write_unproven(world.context, SECOND) == {"shebao": 0}
    world.accounts["1000000002"].months = 132
    world.write("accounts_tiers", SECOND, [world.finding("1000000002")])
    assert write_unproven(world.context, SECOND) == {"shebao": 1}


def test_a_night_from_before_the_execution_proves_nothing(world: World) -> None:
    world.night(FIRST)
    world.night(SECOND)
    world.make_table()
    (plan,) = world.propose()
    world.correct(plan)
    world.go(plan.id, *EXECUTED)
    assert write_unproven(world.context, SECOND) == {"shebao": 0}
    assert states(world, plan.id) == {CaseState.SOLVED: 5}


def test_a_site_without_executed_bundles_has_no_such_scope(world: World) -> None:
    world.night(FIRST)
    world.propose()
    assert write_unproven(world.context, FIRST) == {}
    assert world.context.lake.manifest(world.context.findings(scope("shebao"), FIRST)) is None


def test_new_findings_on_changed_rows_are_tied_to_the_bundle(world: World, executed: BundlePlan) -> None:
    world.accounts["1000000009"] = type(world.accounts["1000000001"])(number="1000000009", months=132)
    world.deliver(SECOND)
    total = {"rule": "T10", "field": "months_total"}
    rows = [world.finding("1000000004", **total), world.finding("1000000009", **total)]
    world.write("accounts_tiers", SECOND, rows)
    night(world, SECOND)
    effect = models.BundleEffect
    with begin(world.context.ledger_url) as connection:
        found = connection.execute(select(effect.bundle_id, effect.rule, effect.seen_on)).all()
    assert [tuple(row) for row in found] == [(executed.id, "T10", SECOND)]
    assert story(world.context, executed.id).effects == (("T10", SECOND, 1),)


def test_a_case_that_was_open_before_is_not_the_bundles_doing(world: World) -> None:
    before = world.finding("1000000001", rule="T10", field="months_total", right_source=None)
    world.night(FIRST, {"accounts_tiers": [world.finding("1000000001"), before]})
    world.make_table()
    (plan,) = world.propose()
    world.correct(plan)
    world.go(plan.id, *EXECUTED)
    world.deliver(SECOND)
    world.write("accounts_tiers", SECOND, [before])
    night(world, SECOND)
    with begin(world.context.ledger_url) as connection:
        assert connection.execute(select(models.BundleEffect.fingerprint)).all() == []


@pytest.mark.parametrize("actor", ["analyst", "manager", "engineer"])
def test_who_did_something_else_does_not_review(world: World, executed: BundlePlan, actor: str) -> None:
    reread(world.context, executed)
    with pytest.raises(FourEyesError, match=f"{actor} has done"):
        world.go(executed.id, (State.CLOSED, actor))
    assert read_bundle(world.context, executed.id).state is State.EXECUTED


def test_who_proposed_does_not_approve_and_who_approved_does_not_sign_second(world: World) -> None:
    world.night(FIRST)
    (plan,) = world.propose()
    world.go(plan.id, *APPROVED[:2])
    with pytest.raises(FourEyesError, match="申请"):
        world.go(plan.id, (State.APPROVED, "analyst"))
    world.go(plan.id, (State.PENDING_LEADER, "manager"))
    with pytest.raises(FourEyesError, match="业务部门审批"):
        world.go(plan.id, (State.APPROVED, "manager"))
    world.go(plan.id, (State.APPROVED, "leader"))


def test_a_state_that_does_not_follow_is_refused_and_leaves_no_trace(world: World) -> None:
    world.night(FIRST)
    (plan,) = world.propose()
    with pytest.raises(BundleStateError, match="state 草稿; 已批准 does not follow, only"):
        world.go(plan.id, (State.APPROVED, "manager"))
    bundle = read_bundle(world.context, plan.id)
    assert (bundle.state, len(bundle.events)) == (State.DRAFT, 1)


def test_a_rejection_needs_a_reason_and_gives_the_cases_back(world: World) -> None:
    world.night(FIRST)
    (plan,) = world.propose()
    world.go(plan.id, *APPROVED[:2])
    with pytest.raises(BundleStateError, match="needs a reason"):
        world.go(plan.id, (State.REJECTED, "manager"), note=" ")
    world.go(plan.id, (State.REJECTED, "manager"), note="依据不足")
    assert states(world, plan.id) == {CaseState.REOPENED: 5}
    (again,) = world.propose(run="again")
    assert (again.round, again.parent, len(again.changes)) == (2, plan.id, 5)


def test_a_bundle_that_is_put_back_gives_its_closed_cases_back(world: World, executed: BundlePlan) -> None:
    reread(world.context, executed)
    world.go(executed.id, REVIEWED, (State.ROLLBACK_PENDING, "analyst"))
    with pytest.raises(FourEyesError):
        world.go(executed.id, (State.ROLLBACK_APPROVED, "analyst"))
    world.go(executed.id, (State.ROLLBACK_APPROVED, "manager"), (State.ROLLED_BACK, "engineer"))
    assert states(world, executed.id) == {CaseState.REOPENED: 5}


def test_deed_and_record_stand_or_fall_together(world: World) -> None:
    world.night(FIRST)
    (plan,) = world.propose()
    before = len(audit.entries(world.context.ledger_url))

    def broken() -> None:
        with begin(world.context.ledger_url) as connection:
            advance(connection, plan.id, to=State.REHEARSED, actor=SYSTEM)
            release(connection, plan.id, reason="试")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    bundle = read_bundle(world.context, plan.id)
    assert (bundle.state, dict(bundle.cases)) == (State.DRAFT, {CaseState.TREATING: 5})
    assert len(audit.entries(world.context.ledger_url)) == before
