"""Bundles in the ledger: moved on from state to state, their cases with them, cases let go.

Every change is made under the bundle's row lock, together with its event and its entry in the audit chain.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, text, update

from hedui import audit
from hedui.corrections.errors import BundleStateError, FourEyesError
from hedui.corrections.ledger_read import Bundle as Bundle
from hedui.corrections.ledger_read import Event as Event
from hedui.corrections.ledger_read import bundle_of as bundle_of
from hedui.corrections.ledger_read import bundle_row
from hedui.corrections.ledger_read import cases_of as cases_of
from hedui.corrections.ledger_read import list_bundles as list_bundles
from hedui.corrections.ledger_read import read_bundle as read_bundle
from hedui.corrections.states import (
    ACT_LABELS,
    CASES_FOLLOW,
    ENDED,
    LIVE,
    NEXT,
    STATE_LABELS,
    STILL_SHOWN,
    SYSTEM,
    Act,
    CaseState,
    State,
    act_of,
    clashes,
    may_follow,
)
from hedui.errors import LedgerError
from hedui.ledger import corrections_models as models
from hedui.ledger.models import Case


def advance(
    connection: Connection,
    bundle_id: str,
    *,
    to: State,
    actor: str,
    note: str = "",
    details: Mapping[str, Any] | None = None,
    digest: str | None = None,
    folder: str | None = None,
) -> State:
    """Brings a bundle to a state, and its cases with it, in the caller's transaction.

    Args:
        connection: A transaction on the ledger; it holds the bundle's lock until it ends.
        bundle_id: The bundle.
        to: The state.
        actor: Who does it: a user name, or :data:`hedui.corrections.states.SYSTEM`.
        note: Why; a rejection and a return need one.
        details: Figures and references, without personal data.
        digest: Digest of the frozen files, where they have just been frozen.
        folder: Where they are.

    Returns:
        The state before.

    Raises:
        BundleStateError: The state does not lead there, or the note is missing.
        FourEyesError: The actor has done another act to the bundle.
    """
    row = bundle_row(connection, bundle_id, lock=True)
    state = State(row["state"])
    if not may_follow(state, to):
        onward = "、".join(STATE_LABELS[each] for each in NEXT.get(state, frozenset())) or "nothing"
        raise BundleStateError(
            f"Bundle {bundle_id} is in state {STATE_LABELS[state]}; {STATE_LABELS[to]} does not follow, only {onward}."
        )
    if to in (State.REJECTED, State.RETURNED, State.VOID) and not note.strip():
        raise BundleStateError(f"Bundle {bundle_id}: {STATE_LABELS[to]} needs a reason.")
    if to is State.CLOSED:
        _all_verified(connection, bundle_id)
    act = act_of(state, to)
    check_four_eyes(connection, bundle_id, act, actor)
    values: dict[str, Any] = {"state": to, "state_since": func.now(), "note": note.strip()}
    if to is State.EXECUTED and row["executed_at"] is None:
        values["executed_at"] = func.clock_timestamp()
    if digest is not None:
        values["digest"] = digest
    if folder is not None:
        values["folder"] = folder
    connection.execute(update(models.Bundle).where(models.Bundle.id == bundle_id).values(values))
    for before, after in CASES_FOLLOW.get(to, {}).items():
        _move_cases(connection, bundle_id, before=[before], after=after, reason=note if after is CaseState.REOPENED else "")
    if to in ENDED:
        connection.execute(models.BundleCell.__table__.delete().where(models.BundleCell.bundle_id == bundle_id))  # type: ignore[attr-defined]
    facts = dict(details or {})
    if to is State.EXECUTED:
        facts["newest_case"] = connection.execute(select(func.coalesce(func.max(Case.id), 0))).scalar_one()
    note_event(connection, bundle_id, actor=actor, act=act, before=state, after=to, note=note, details=facts)
    audit.append(
        connection,
        actor=actor,
        action="bundle.advance",
        subject=bundle_id,
        details={"from": state, "to": to, "act": act, "note": note, **({"digest": digest} if digest else {}), **(details or {})},
    )
    return state


def unproven(connection: Connection, bundle_id: str) -> int:
    """How many cases of a bundle are without proof: not read again right, or shown again by a night since; refused rows need none."""
    case = models.BundleCase
    waiting = case.state.in_([CaseState.TREATING, CaseState.SOLVED])
    shown = (case.state == CaseState.REOPENED) & case.reason.startswith(STILL_SHOWN)
    return int(connection.execute(select(func.count()).where(case.bundle_id == bundle_id, waiting | shown)).scalar_one())


def _all_verified(connection: Connection, bundle_id: str) -> None:
    count = unproven(connection, bundle_id)
    if count:
        raise BundleStateError(
            f"Bundle {bundle_id}: {count} cases have not been read again and found right; it cannot be closed, only opened again "
            "(复核不通过) or read again."
        )


def check_four_eyes(connection: Connection, bundle_id: str, act: Act | None, actor: str) -> None:
    """Refuses an act by a person who has done another one to the bundle.

    Raises:
        FourEyesError: It is so.
        LedgerError: The actor is missing.
    """
    if not actor.strip():
        raise LedgerError(f"Bundle {bundle_id}: who does this is missing.")
    if act is None or actor == SYSTEM:
        return
    done = connection.execute(
        select(models.BundleEvent.act)
        .where(models.BundleEvent.bundle_id == bundle_id, models.BundleEvent.actor == actor, models.BundleEvent.act.is_not(None))
        .distinct()
    ).scalars()
    for other in (Act(name) for name in done if name):
        if clashes(act, other):
            raise FourEyesError(
                f"{actor} has done {ACT_LABELS[other]} for bundle {bundle_id} and may not do {ACT_LABELS[act]} too; "
                "somebody else has to (申请、审批、执行、复核须由不同人员)."
            )


def release(
    connection: Connection,
    bundle_id: str,
    *,
    reason: str,
    actor: str = SYSTEM,
    cases: Iterable[str] | None = None,
) -> int:
    """Lets cases of a bundle go: they are open again and may enter another bundle.

    Args:
        connection: A transaction on the ledger.
        bundle_id: The bundle.
        reason: Why, without personal data.
        actor: Who.
        cases: Fingerprints; None for all that are live. Cases that the bundle had closed are opened again when they are named.

    Returns:
        How many were let go.

    Raises:
        LedgerError: The reason is missing, or there is no such bundle.
    """
    if not reason.strip():
        raise LedgerError(f"Bundle {bundle_id}: letting cases go needs a reason.")
    bundle_row(connection, bundle_id, lock=True)
    named = None if cases is None else [uuid.UUID(case) for case in cases]
    before = [*LIVE] + ([] if named is None else [CaseState.CLOSED])
    count = _move_cases(connection, bundle_id, before=before, after=CaseState.REOPENED, reason=reason, cases=named)
    cells = models.BundleCell.__table__.delete().where(models.BundleCell.bundle_id == bundle_id)  # type: ignore[attr-defined]
    connection.execute(cells if named is None else cells.where(models.BundleCell.fingerprint.in_(named)))
    audit.append(connection, actor=actor, action="bundle.release", subject=bundle_id, details={"cases": count, "reason": reason})
    return count


def verified(connection: Connection, bundle_id: str, cases: Sequence[str]) -> int:
    """Marks executed cases as read again and right.

    Returns:
        How many were marked.
    """
    named = [uuid.UUID(case) for case in cases]
    return _move_cases(connection, bundle_id, before=[CaseState.SOLVED], after=CaseState.VERIFIED, reason="", cases=named)


def unverified(connection: Connection, bundle_id: str, cases: Sequence[str]) -> int:
    """Takes the proof back from cases that were read right before and, read again, are so no more.

    Returns:
        How many.
    """
    named = [uuid.UUID(case) for case in cases]
    return _move_cases(connection, bundle_id, before=[CaseState.VERIFIED], after=CaseState.SOLVED, reason="", cases=named)


def note_event(
    connection: Connection,
    bundle_id: str,
    *,
    actor: str,
    act: Act | None,
    before: State | None,
    after: State,
    note: str,
    details: Mapping[str, Any],
) -> None:
    """Adds to what happened to a bundle; the caller holds its lock."""
    number = connection.execute(
        select(func.coalesce(func.max(models.BundleEvent.number), 0) + 1).where(models.BundleEvent.bundle_id == bundle_id)
    ).scalar_one()
    connection.execute(
        insert(models.BundleEvent).values(
            bundle_id=bundle_id,
            number=number,
            actor=actor.strip(),
            act=act,
            from_state=before,
            to_state=after,
            note=note.strip(),
            details=json.loads(json.dumps(dict(details), default=str)),
        )
    )


def _move_cases(
    connection: Connection,
    bundle_id: str,
    *,
    before: Sequence[CaseState],
    after: CaseState,
    reason: str,
    cases: Sequence[uuid.UUID] | None = None,
) -> int:
    case = models.BundleCase
    statement = update(case).where(case.bundle_id == bundle_id, case.state.in_(before))
    if cases is not None:
        statement = statement.where(case.fingerprint == text("ANY(:named)").bindparams(named=list(cases)))
    moved = connection.execute(statement.values(state=after, changed_at=func.now(), reason=reason.strip()))
    return moved.rowcount
