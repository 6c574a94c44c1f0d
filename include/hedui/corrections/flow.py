"""The way of a bundle, step by step, as the DAG and the command walk it.

Each step finds all it needs by the bundle's id, and may be run again after it was killed anywhere: what is done already is not done again.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

from hedui.context import Context
from hedui.corrections.bundle import BundleError, FrozenBundle, freeze
from hedui.corrections.bundle import Event as Told
from hedui.corrections.decide import set_aside
from hedui.corrections.decisions import before_rollback
from hedui.corrections.dispatch import book
from hedui.corrections.dispatch.follow import collect
from hedui.corrections.dispatch.send import dispatch, today
from hedui.corrections.errors import BundleChangedError, BundleStateError, CorrectionError
from hedui.corrections.frozen import bundles_folder, frozen_bundle
from hedui.corrections.ledger import Bundle, advance, bundle_of, check_four_eyes, read_bundle
from hedui.corrections.model import BundlePlan
from hedui.corrections.nights import showing_night
from hedui.corrections.plan import plan_of
from hedui.corrections.proof import reread
from hedui.corrections.run import Outcome, Standing, clean, execute, outcome_of, rehearse, rollback
from hedui.corrections.run.errors import NotAppliedError, RunError, StaleError, TransientTargetError
from hedui.corrections.signed import write_form
from hedui.corrections.site import target_of
from hedui.corrections.states import ACT_LABELS, GONE, SYSTEM, Act, State
from hedui.ledger.database import begin
from hedui.security.logs import scrub

log = logging.getLogger(__name__)
MOST_CHANCES: Final = 3
"""How often what is left of bundles that failed is rehearsed again."""


def prepare(context: Context, bundle_id: str) -> Bundle:
    """Freezes a draft into its folder and rehearses it; one that is past that is left alone.

    A bundle that cannot be frozen, or whose rehearsal fails, ends here with the reason, and its cases are free again.
    """
    bundle = read_bundle(context, bundle_id)
    if bundle.state is not State.DRAFT:
        return bundle
    try:
        frozen = freeze(plan_of(context, bundle_id), folder=bundles_folder(context), history=history(bundle))
    except BundleError as error:
        return _ended(context, bundle_id, str(error))
    seen = rehearse(context, frozen)
    to = State.REHEARSED if seen.ok else State.REHEARSAL_FAILED
    note = "" if seen.ok else scrub("；".join(seen.reasons))
    details = {"rehearsal": [list(line) for line in seen.lines], "failed_cases": len(seen.failed_cases)}
    with begin(context.ledger_url) as connection:
        if bundle_of(connection, bundle_id).state is State.DRAFT:
            advance(
                connection, bundle_id, to=to, actor=SYSTEM, note=note, details=details,
                digest=frozen.digest, folder=str(frozen.folder),
            )  # fmt: skip
    set_aside(context, dict.fromkeys(seen.failed_cases, f"演练未通过：{note}"[:400]))
    return read_bundle(context, bundle_id)


def without_failures(context: Context, bundle_ids: Sequence[str], again: Callable[[int], Sequence[BundlePlan]]) -> list[str]:
    """The bundles that may be put to the managers: those that passed, and what is left of the others without the cases they failed for.

    Args:
        context: The surroundings.
        bundle_ids: Bundles that were prepared.
        again: Proposes once more, the first time with 2, and gives the plans; the cases set aside are in none of them.
    """
    made = [read_bundle(context, bundle_id) for bundle_id in bundle_ids]
    passed = [bundle.id for bundle in made if _passed(bundle)]
    for number in range(2, 2 + MOST_CHANCES):
        if not any(_may_pass(bundle) for bundle in made):
            break
        made = [prepare(context, plan.id) for plan in again(number)]
        passed += [bundle.id for bundle in made if _passed(bundle)]
    return passed


def _passed(bundle: Bundle) -> bool:
    """Whether a bundle may go on; a draft is one whose preparation broke off."""
    return bundle.state is not State.DRAFT and bundle.state not in GONE


def _may_pass(bundle: Bundle) -> bool:
    """Whether what is left of a bundle may pass without the cases that it failed for."""
    failed = sum(event.details.get("failed_cases", 0) for event in bundle.events)
    return bundle.state is State.REHEARSAL_FAILED and 0 < failed < bundle.figures.get("cases", 0)


def _ended(context: Context, bundle_id: str, reason: str) -> Bundle:
    with begin(context.ledger_url) as connection:
        advance(connection, bundle_id, to=State.REHEARSAL_FAILED, actor=SYSTEM, note=scrub(reason))
    return read_bundle(context, bundle_id)


def history(bundle: Bundle) -> tuple[Told, ...]:
    """What happened to a bundle before it was frozen, as its documents tell it."""
    return tuple(
        Told(at=event.at, who=event.actor, what=ACT_LABELS[event.act], detail=event.note) for event in bundle.events if event.act
    )


def withdraw(context: Context, bundle_id: str, *, actor: str, reason: str) -> None:
    """Gives up a bundle that nobody was asked about yet; its cases are free again."""
    with begin(context.ledger_url) as connection:
        if bundle_of(connection, bundle_id).state in (State.DRAFT, State.REHEARSED):
            advance(connection, bundle_id, to=State.VOID, actor=actor, note=reason)


def void(context: Context, bundle_id: str, *, actor: str, reason: str) -> None:
    """Gives up a bundle that nothing was written of, also one whose files or night have changed; its cases are free again.

    Whoever the site names for the target may, and the proposer. Once it was approved, voiding stands in place of the execution: neither
    the proposer nor who approved it does so.

    Raises:
        BundleStateError: It is past that, or the reason is missing. FourEyesError: the actor has proposed or approved it.
        CorrectionError: The site does not name the actor.
    """
    with begin(context.ledger_url) as connection:
        bundle = bundle_of(connection, bundle_id)
        people = target_of(context, bundle.target).people
        named = {*people.proposers, *people.approvers, *people.leaders, *people.reviewers, people.executor, bundle.proposer}
        if actor not in named:
            raise CorrectionError(f"{actor} may not void bundle {bundle_id}; {', '.join(sorted(named))} may.")
        if bundle.state in (State.PENDING_LEADER, State.APPROVED):
            check_four_eyes(connection, bundle_id, Act.EXECUTE, actor)
        advance(connection, bundle_id, to=State.VOID, actor=actor, note=scrub(reason))


def carry_out(context: Context, bundle_id: str) -> dict[str, Any]:
    """Executes an approved bundle, or dispatches it where others execute, in the name of the target's executor.

    Returns:
        Figures.

    Raises:
        BundleStateError: It is not approved. FourEyesError: the executor has proposed or approved it.
        TransientTargetError, DispatchError: It could not be done now; run it again.
    """
    bundle, frozen = frozen_bundle(context, bundle_id)
    executor = frozen.plan.target.people.executor
    if bundle.state in (State.ROLLBACK_APPROVED, State.ROLLED_BACK):  # put back, and killed before it was tidied up
        return _roll_back(context, bundle_id)
    if frozen.plan.target.mode == "dispatch":
        sent = dispatch(context, frozen, actor=executor)
        return {"file": sent.file, "size": sent.size, "due": sent.due.isoformat()}
    with begin(context.ledger_url) as connection:
        now = bundle_of(connection, bundle_id)
        first = now.state is State.APPROVED
        if first:
            advance(connection, bundle_id, to=State.EXECUTING, actor=executor)
        elif now.state not in (State.EXECUTING, State.EXECUTED):
            raise BundleStateError(f"Bundle {bundle_id} is in state {now.label}; only an approved one is executed.")
    try:
        outcome = execute(context, frozen, executor=executor)
    except (RunError, BundleChangedError) as error:
        if isinstance(error, TransientTargetError) or not (first or _untouched(context, frozen, error)):
            raise
        with begin(context.ledger_url) as connection:
            if bundle_of(connection, bundle_id).state is State.EXECUTING:
                advance(connection, bundle_id, to=State.FAILED, actor=SYSTEM, note=scrub(str(error)))
        write_form(context, bundle_id)
        raise
    _executed(context, bundle_id, outcome)
    write_form(context, bundle_id)
    return {"rows": outcome.rows, "already": outcome.already}


def _untouched(context: Context, frozen: FrozenBundle, error: CorrectionError) -> bool:
    """Whether the target holds nothing of a bundle that an earlier try may have applied.

    Raises:
        RunError: The target cannot be asked.
    """
    if isinstance(error, StaleError | NotAppliedError):
        return True
    there = outcome_of(context, frozen)
    return there.state is not Standing.APPLIED or there.digest != frozen.digest


def _executed(context: Context, bundle_id: str, outcome: Outcome) -> None:
    with begin(context.ledger_url) as connection:
        if bundle_of(connection, bundle_id).state is State.EXECUTING:
            advance(connection, bundle_id, to=State.EXECUTED, actor=SYSTEM, details=outcome.to_json())


def _roll_back(context: Context, bundle_id: str) -> dict[str, Any]:
    _, frozen = frozen_bundle(context, bundle_id)
    executor = frozen.plan.target.people.executor
    try:
        outcome = rollback(context, frozen, executor=executor)
    except RunError as error:
        if isinstance(error, TransientTargetError) or not _still_there(context, frozen, error):
            raise
        with begin(context.ledger_url) as connection:
            now = bundle_of(connection, bundle_id)
            if now.state is State.ROLLBACK_APPROVED:
                advance(connection, bundle_id, to=before_rollback(now), actor=SYSTEM, note=scrub(str(error)))
        raise
    with begin(context.ledger_url) as connection:
        if bundle_of(connection, bundle_id).state is State.ROLLBACK_APPROVED:
            advance(connection, bundle_id, to=State.ROLLED_BACK, actor=executor, details=outcome.to_json())
    clean(context, frozen)
    write_form(context, bundle_id)
    return {"rows": outcome.rows, "already": outcome.already}


def _still_there(context: Context, frozen: FrozenBundle, error: RunError) -> bool:
    """Whether the target has not put a bundle back, by what was seen of its rows or by its own word.

    Raises:
        RunError: The target cannot be asked.
    """
    return isinstance(error, StaleError) or outcome_of(context, frozen).state is not Standing.ROLLED_BACK


def request_rollback(context: Context, bundle_id: str, *, actor: str, reason: str) -> None:
    """Asks for a bundle to be put back; it goes through an approval of its own.

    Raises:
        BundleStateError: It was not executed here, or the reason is missing. FourEyesError: as for every act.
        CorrectionError: The site names who proposes, and the actor has no part in the target's corrections.
    """
    if not reason.strip():
        raise BundleStateError(f"Putting {bundle_id} back needs a reason.")
    _, frozen = frozen_bundle(context, bundle_id)
    people = frozen.plan.target.people
    named = {*people.proposers, *people.approvers, *people.leaders, *people.reviewers, people.executor}
    if people.proposers and actor not in named:
        raise CorrectionError(f"{actor} may not ask for {bundle_id} to be put back; {', '.join(sorted(named))} may.")
    if frozen.plan.target.mode != "execute":
        raise BundleStateError(
            f"Bundle {bundle_id} was executed by others ({frozen.plan.target.name}); ask them, 90_rollback.sql is in the bundle."
        )
    with begin(context.ledger_url) as connection:
        if bundle_of(connection, bundle_id).state is not State.ROLLBACK_PENDING:
            advance(connection, bundle_id, to=State.ROLLBACK_PENDING, actor=actor, note=scrub(reason))


def receipts(context: Context, bundle_id: str, *, day: dt.date | None = None) -> State:
    """Where a bundle stands after the receipts that have come by now; without a dispatch, where it stands."""
    bundle, frozen = frozen_bundle(context, bundle_id)
    if bundle.mode != "dispatch" or bundle.state in GONE:
        return bundle.state
    with begin(context.ledger_url) as connection:
        if book.dispatched(connection, bundle_id) is None:
            return bundle.state
    return collect(context, frozen, today=day or today(context))


def prove(context: Context, bundle_id: str) -> tuple[tuple[str, str], ...] | None:
    """Reads the changed rows again and marks the cases that are right now.

    Returns:
        Label and figure of what was seen; None while the data that could show it has not come (of a system that others keep, its next
        night), or while a rollback is asked for; nothing of a bundle that was put back.
    """
    bundle, frozen = frozen_bundle(context, bundle_id)
    if bundle.state in (State.ROLLBACK_PENDING, State.ROLLBACK_APPROVED):
        return None
    if bundle.state is State.ROLLED_BACK:
        return ()
    night = None
    if bundle.mode == "dispatch":
        night = showing_night(context, bundle)
        if night is None:
            return None
    return reread(context, frozen.plan, date=night).lines


def tidy(context: Context, bundle_id: str) -> None:
    """Drops the work tables of a closed bundle in its target; the backup stays for a rollback."""
    bundle, frozen = frozen_bundle(context, bundle_id)
    if bundle.mode == "execute" and bundle.state is State.CLOSED:
        clean(context, frozen)
