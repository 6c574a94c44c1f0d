"""Decisions on bundles: asked with a page, checked by :mod:`hedui.corrections.approval`, written to ledger, audit chain and 审批单."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from hedui.audit import append
from hedui.context import Context
from hedui.corrections.approval import STAGE_LABELS, Answer, Stage, may_decide, objection, stages
from hedui.corrections.bundle import FrozenBundle
from hedui.corrections.dispatch.book import entered_by
from hedui.corrections.errors import BundleStateError
from hedui.corrections.frozen import frozen_bundle
from hedui.corrections.ledger import Bundle, Event, advance, bundle_of, unproven
from hedui.corrections.model import BundlePlan
from hedui.corrections.notices import tell
from hedui.corrections.page import CORRECTION, ROLLBACK, Facts, Request, approval_page, subject
from hedui.corrections.signed import rehearsal_lines, signatures, write_form
from hedui.corrections.states import ACT_LABELS, GONE, STATE_LABELS, SYSTEM, Act, CaseState, State, clashes
from hedui.ledger.database import begin
from hedui.security.logs import scrub

LAPSED: Final = "逾期未决定，按驳回处理"
APPROVED_NOTE: Final = "同意"

ROLLBACK_ASKED: Final = "本方案已申请回退，正待审批；回退驳回后方可复核"
_ACTS: Final = {Stage.BUSINESS: Act.APPROVE, Stage.LEADER: Act.APPROVE_LEADER, Stage.REVIEW: Act.REVIEW}
_ASKED_IN: Final = {Stage.BUSINESS: State.PENDING, Stage.LEADER: State.PENDING_LEADER, Stage.REVIEW: State.EXECUTED}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request that somebody is to answer.

    Attributes:
        subject: Headline, without personal data.
        page: Markdown.
        users: User names of who may answer.
        until: When it lapses as refused; None: never.
    """

    subject: str
    page: str
    users: tuple[str, ...]
    until: dt.datetime | None


def needed(plan: BundlePlan) -> tuple[Stage, ...]:
    """The approvals that a bundle needs before anything is written."""
    return stages(plan.target, key_field=plan.key_field, people=plan.people, amount_moved_fen=plan.amount_moved_fen)


def act_at(stage: Stage, *, rollback: bool = False) -> Act:
    """What a person does by deciding at a stage."""
    return Act.ROLLBACK_APPROVE if rollback else _ACTS[stage]


def done_by(bundle: Bundle, act: Act, *, plan: BundlePlan, entered: Iterable[str] = ()) -> dict[str, str]:
    """Who may not do an act any more, and what they have done; the account that executes counts from the start.

    Whoever has said of a case what is right has made the proposal with its proposer, and does not decide on it either.

    Args:
        bundle: The bundle.
        act: The act.
        plan: Its plan.
        entered: Who has entered receipts: they stand for the execution by others.
    """
    judges = {reason.decided_by for reason in plan.reasons if reason.decided_by and act is not Act.ROLLBACK_APPROVE}
    done = dict.fromkeys(sorted(judges), "判定案件") | dict.fromkeys(entered, "登记回执")
    done |= {plan.target.people.executor: ACT_LABELS[Act.EXECUTE]}
    for event in bundle.events:
        again = event.act is act and act is not Act.ROLLBACK_APPROVE  # each request for a rollback is decided anew
        if event.act is not None and event.actor != SYSTEM and (again or clashes(act, event.act)):
            done[event.actor] = ACT_LABELS[event.act]
    return done


def propose(context: Context, bundle_id: str) -> None:
    """Asks for the approval of a rehearsed bundle, in the proposer's name; again changes nothing."""
    with begin(context.ledger_url) as connection:
        bundle = bundle_of(connection, bundle_id)
        if bundle.state is State.REHEARSED:
            advance(connection, bundle_id, to=State.PENDING, actor=bundle.proposer)


def ask(context: Context, bundle_id: str, stage: Stage, *, files: str, reread: Facts = ()) -> Asked | None:
    """The request for a decision; None where the bundle needs none at this stage.

    Args:
        context: The step's surroundings.
        bundle_id: The bundle.
        stage: The stage.
        files: Address of the page with its files.
        reread: For a review: label and figure of what was seen when the changed rows were read again.

    Raises:
        NobodyMayDecideError: Everyone whom the site names has acted already. BundleStateError: it is not the stage's turn.
        BundleChangedError: The frozen files were changed.
    """
    bundle, frozen = frozen_bundle(context, bundle_id)
    plan, pending = frozen.plan, bundle.state is State.ROLLBACK_PENDING
    rollback = _decides_rollback(bundle, stage, plan)
    if pending and not rollback and stage is not Stage.REVIEW:
        return None
    if not pending and stage is Stage.LEADER and Stage.LEADER not in needed(plan):
        return None
    if not pending and bundle.state is not _ASKED_IN[stage]:  # a review goes on waiting while a rollback is asked for
        raise BundleStateError(
            f"Bundle {bundle_id} is in state {bundle.label}; {STAGE_LABELS[stage]} is asked for in {STATE_LABELS[_ASKED_IN[stage]]}."
        )
    with begin(context.ledger_url) as connection:
        entered = entered_by(connection, bundle_id)
    done = done_by(bundle, act_at(stage, rollback=rollback), plan=plan, entered=entered)
    users = may_decide(plan.target, stage, done=done)
    until = None if stage is Stage.REVIEW else bundle.state_since + dt.timedelta(hours=plan.target.sla.approve_hours)
    request = Request(
        stage=stage,
        purpose=ROLLBACK if rollback else CORRECTION,
        asked=users,
        until=until,
        digest=frozen.digest,
        files=files,
        rehearsal=rehearsal_lines(bundle),
        reread=reread,
        signatures=signatures(bundle),
    )
    page = approval_page(plan, request, site=context.site.name, timezone=ZoneInfo(context.site.timezone))
    return Asked(subject=subject(plan, stage, purpose=request.purpose), page=page, users=users, until=until)


def decided(context: Context, bundle_id: str, stage: Stage) -> Event | None:
    """The decision that was taken at a stage already, where the task that brought it was killed before it could say so.

    None while the decision is still to be taken. The 审批单 is written again: that task may not have come so far.
    """
    bundle, _ = frozen_bundle(context, bundle_id)
    found = _decision(bundle, stage)
    if found is not None:
        write_form(context, bundle_id)
    return found


def decide(context: Context, bundle_id: str, stage: Stage, answer: Answer) -> str:
    """Takes a decision into ledger, audit chain and 审批单; one that does not count goes to the audit chain only.

    Whoever is asked again hears by a message why. A bundle that has ended meanwhile (voided) takes no decision any more.

    Returns:
        Why it does not count, in Chinese; empty where it counts. Called again with a decision that was taken, nothing changes.

    Raises:
        BundleStateError: It is not the stage's turn. FourEyesError: as the ledger sees it.
    """
    if late := _too_late(context, bundle_id, stage, answer):
        return late
    _, frozen = frozen_bundle(context, bundle_id)
    plan = frozen.plan
    with begin(context.ledger_url) as connection:
        bundle = bundle_of(connection, bundle_id)
        rollback = _decides_rollback(bundle, stage, plan)
        act = act_at(stage, rollback=rollback)
        if _taken(bundle, stage, answer):
            return ""
        done = done_by(bundle, act, plan=plan, entered=entered_by(connection, bundle_id))
        against = objection(answer, allowed=may_decide(plan.target, stage, done=done), done=done)
        if not against and bundle.state is State.ROLLBACK_PENDING and not rollback:
            against = ROLLBACK_ASKED
        if not against and stage is Stage.REVIEW and answer.approved and unproven(connection, bundle_id):
            against = "复读未通过：尚有案件未验证，不能关闭，只能驳回（再打开）"
        if against:
            _note_refused(connection, bundle_id, stage, answer, against)
        else:
            _take(connection, bundle, stage, answer, frozen, rollback=rollback)
    if against:
        tell(context, f"审批决定未被接受：{bundle_id}", f"环节：{STAGE_LABELS[stage]}", f"原因：{against}", "请重新决定")
        return against
    write_form(context, bundle_id)
    return ""


def ended(bundle: Bundle) -> str:
    """Why there is nothing more to decide about a bundle, in Chinese; empty where there is."""
    return f"方案的状态已是“{bundle.label}”，不再需要决定" if bundle.state in GONE else ""


def _too_late(context: Context, bundle_id: str, stage: Stage, answer: Answer) -> str:
    """Notes a decision on a bundle that has ended meanwhile, whatever has become of its files; why it does not count."""
    with begin(context.ledger_url) as connection:
        bundle = bundle_of(connection, bundle_id)
        against = ended(bundle)
        if not against or _taken(bundle, stage, answer):
            return ""
        if not answer.lapsed:
            _note_refused(connection, bundle_id, stage, answer, against)
    return against


def _note_refused(connection: Connection, bundle_id: str, stage: Stage, answer: Answer, against: str) -> None:
    details = {"stage": STAGE_LABELS[stage], "approved": answer.approved, "objection": against}
    append(connection, actor=answer.by or SYSTEM, action="bundle.refused_decision", subject=bundle_id, details=details)


def _take(connection: Connection, bundle: Bundle, stage: Stage, answer: Answer, frozen: FrozenBundle, *, rollback: bool) -> None:
    note = scrub(answer.reason.strip()) or (LAPSED if answer.lapsed else APPROVED_NOTE)
    details = {"stage": stage, "approved": answer.approved, "name": answer.name, "manifest": frozen.digest}
    to = _leads_to(bundle, stage, answer, frozen.plan, rollback=rollback)
    advance(connection, bundle.id, to=to, actor=answer.by or SYSTEM, note=note, details=details)


def _decides_rollback(bundle: Bundle, stage: Stage, plan: BundlePlan) -> bool:
    """Whether an answer at a stage decides on a rollback: of the stages of a plan, the last does."""
    return bundle.state is State.ROLLBACK_PENDING and stage is needed(plan)[-1]


def _decision(bundle: Bundle, stage: Stage) -> Event | None:
    """The latest decision that was taken at a stage; None while one is still to be taken.

    A review that waits has no more to say where the bundle was put back meanwhile: then that decision stands for it.
    """
    pending = bundle.state is State.ROLLBACK_PENDING
    if bundle.state is _ASKED_IN[stage] or (pending and stage is not Stage.REVIEW):
        return None
    acts = (_ACTS[stage],) if pending else (_ACTS[stage], Act.ROLLBACK_APPROVE)
    return next((event for event in reversed(bundle.events) if event.act in acts), None)


def _taken(bundle: Bundle, stage: Stage, answer: Answer) -> bool:
    """Whether this very decision was taken before: the task that brings it was killed after it."""
    last = _decision(bundle, stage)
    return last is not None and last.actor == (answer.by or SYSTEM) and last.details.get("approved") == answer.approved


def _leads_to(bundle: Bundle, stage: Stage, answer: Answer, plan: BundlePlan, *, rollback: bool) -> State:
    if rollback:
        return State.ROLLBACK_APPROVED if answer.approved else before_rollback(bundle)
    if stage is Stage.REVIEW:
        return State.CLOSED if answer.approved else State.REOPENED
    if not answer.approved:
        return State.REJECTED
    return State.PENDING_LEADER if stage is Stage.BUSINESS and Stage.LEADER in needed(plan) else State.APPROVED


def before_rollback(bundle: Bundle) -> State:
    """Where a bundle stands whose rollback was refused or could not be done: where it stood, never an approval.

    A bundle that was closed stands open again where a night has shown a case of it since.
    """
    asked = (event.from_state for event in reversed(bundle.events) if event.to_state is State.ROLLBACK_PENDING)
    before = next((state for state in asked if state is not None and state is not State.ROLLBACK_APPROVED), State.EXECUTED)
    return State.REOPENED if before is State.CLOSED and bundle.cases.get(CaseState.REOPENED) else before
