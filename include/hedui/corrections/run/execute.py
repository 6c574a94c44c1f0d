"""Executes a bundle in its target, or puts it back: in one transaction, whole or not at all, never twice.

Work tables are made first, which commits in Oracle. Then there is one transaction: the bundle's row in the journal is locked, the
changes are loaded, the rows locked, checked, backed up, changed and checked again, the journal says so, COMMIT. Whatever fails before
takes everything back. Whatever fails at the COMMIT is not guessed: the next try begins by asking the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import chain
from typing import Final, Literal, Protocol

from hedui.context import Context
from hedui.corrections.errors import BundleChangedError
from hedui.corrections.model import Target
from hedui.corrections.run.errors import NotAppliedError, OutcomeUnknownError, RunError, StaleError, TransientTargetError
from hedui.corrections.run.journal import Journal
from hedui.corrections.run.records import STANDING_LABELS, Outcome, Standing
from hedui.corrections.run.session import Session, open_session
from hedui.corrections.run.steps import Runner
from hedui.corrections.sql.statement import Definition, Lock, Statement, Step, Write
from hedui.sources.retry import try_again

Action = Literal["execute", "rollback"]
_GOAL: Final[dict[Action, Standing]] = {"execute": Standing.APPLIED, "rollback": Standing.ROLLED_BACK}
_FROM: Final[dict[Action, Standing]] = {"execute": Standing.NOT_APPLIED, "rollback": Standing.APPLIED}
WORK: Final[dict[Action, tuple[Step, ...]]] = {
    "execute": (Step.PRECHECK, Step.BACKUP, Step.APPLY, Step.POSTCHECK),
    "rollback": (Step.ROLLBACK,),
}


class Bundle(Protocol):
    """What is run of a frozen bundle."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def digest(self) -> str:
        """SHA-256 of its manifest."""

    @property
    def target(self) -> Target:
        """What it changes."""

    def verify(self) -> None:
        """Raises BundleChangedError where a file is not as it was frozen."""

    def statements(self, step: Step) -> tuple[Statement, ...]:
        """The statements of a step."""


def execute(context: Context, bundle: Bundle, *, executor: str) -> Outcome:
    """Applies a bundle to its target; where it was applied already, says so.

    Args:
        context: Gives the target's connection and hears of progress.
        bundle: A frozen bundle that was approved: the caller has made sure.
        executor: Who executes it.

    Raises:
        StaleError: The data are not those of the bundle. BundleChangedError: its files have changed, or another bundle of its name was
            applied. NotAppliedError: it was rolled back. TransientTargetError: the target cannot be reached, or others hold its rows.
        RunError: Everything else; whatever is raised, nothing was applied, but for OutcomeUnknownError.
    """
    return run(context, bundle, action="execute", by=executor)


def rollback(context: Context, bundle: Bundle, *, executor: str) -> Outcome:
    """Puts back what a bundle has changed, where every row still is as the bundle left it; raises as :func:`execute` does.

    Raises:
        NotAppliedError: The bundle was not applied.
    """
    return run(context, bundle, action="rollback", by=executor)


def outcome_of(context: Context, bundle: Bundle) -> Outcome:
    """Asks the target how a bundle stands; waits for a run of it that is under way.

    Raises:
        TransientTargetError: The target cannot be reached, or the run goes on.
    """

    def ask() -> Outcome:
        with closing(_open(context, bundle)) as session:
            journal = Journal(session=session, bundle=bundle.id)
            journal.open(bundle.digest)
            return journal.claim()

    return try_again(ask, label=f"{bundle.id}: asking the target again")


def run(context: Context, bundle: Bundle, *, action: Action, by: str) -> Outcome:
    """Executes or rolls back; see :func:`execute`."""
    if not by.strip():
        raise RunError(f"{bundle.id}: whoever executes it must be named.")
    bundle.verify()
    lost: TransientTargetError | None = None

    def attempt() -> Outcome:
        nonlocal lost
        try:
            return _attempt(context, bundle, action, by)
        except (StaleError, NotAppliedError):
            raise  # the journal was asked
        except RunError as error:
            if isinstance(error, OutcomeUnknownError):
                lost = error
            if lost is None:
                raise
            raise OutcomeUnknownError(
                f"{error} The connection was lost while committing {bundle.id}: whether it was done, only the target knows; run it again "
                "to ask.",
                cause=error.cause if isinstance(error, TransientTargetError) else lost.cause,
            ) from None

    return try_again(attempt, label=f"{bundle.id}: running it again")


def clean(context: Context, bundle: Bundle) -> None:
    """Drops the stage tables of a closed bundle; the backup stays. Safe to call again."""
    with closing(_open(context, bundle)) as session:
        stages = [drop for drop in bundle.statements(Step.CLEAN) if isinstance(drop, Definition) and not is_backup(drop)]
        Runner(session=session, bundle=bundle.id).run(stages)


def is_backup(definition: Definition) -> bool:
    """Whether the work table keeps old values: without it nothing could be rolled back."""
    return definition.work.upper().startswith("HEDUI_B")


def _open(context: Context, bundle: Bundle) -> Session:
    target = bundle.target
    if target.connection is None or target.mode != "execute":
        raise RunError(f"{bundle.id}: Hedui may not write to {target.id} (mode {target.mode}); dispatch the bundle.")
    return open_session(context.connection(target.connection), dialect=target.dialect, name=target.id)


def _attempt(context: Context, bundle: Bundle, action: Action, by: str) -> Outcome:
    with closing(_open(context, bundle)) as session:
        journal = Journal(session=session, bundle=bundle.id)
        journal.open(bundle.digest)
        standing = journal.claim()
        session.rollback()  # only asked: making work tables ends the transaction anyway
        runner = Runner(session=session, bundle=bundle.id, progress=context.progress)
        if not _is_done(standing, bundle, action):
            runner.run(bundle.statements(Step.PREPARE))
            standing = journal.claim()
        if _is_done(standing, bundle, action):
            session.rollback()
            return standing
        runner.run(transaction(bundle.statements, WORK[action]))
        outcome = journal.enter(_GOAL[action], digest=bundle.digest, rows=_rows(bundle, action), by=by)
        try:
            session.commit()
        except TransientTargetError as error:
            raise OutcomeUnknownError(str(error), cause=error.cause) from None
    return outcome


def _rows(bundle: Bundle, action: Action) -> int:
    """Rows that the asserted statements have touched."""
    step = Step.APPLY if action == "execute" else Step.ROLLBACK
    return sum(statement.expect or 0 for statement in bundle.statements(step) if isinstance(statement, Write))


def _is_done(found: Outcome, bundle: Bundle, action: Action) -> bool:
    """Whether the goal is reached.

    Raises:
        BundleChangedError, NotAppliedError: It can never be.
    """
    if found.digest and found.digest != bundle.digest:
        raise BundleChangedError(
            f"{bundle.id}: the target says that a bundle of this name with the digest {found.digest[:12]} was applied; this one has "
            f"{bundle.digest[:12]}. Find out where the other came from; nothing was changed now."
        )
    if found.state not in (_GOAL[action], _FROM[action]):
        raise NotAppliedError(
            f"{bundle.id}: in its target it is {found.state} ({STANDING_LABELS[found.state]}), so that {action} has nothing to do. "
            "What was rolled back comes again as a new round."
        )
    return found.state == _GOAL[action]


def transaction(statements: Callable[[Step], tuple[Statement, ...]], steps: Iterable[Step]) -> Iterator[Statement]:
    """Everything between the journal's lock and its entry; rows are locked before they are looked at."""
    work = list(chain.from_iterable(statements(step) for step in steps))
    yield from statements(Step.STAGE)
    yield from (statement for statement in work if isinstance(statement, Lock))
    yield from (statement for statement in work if not isinstance(statement, Lock | Definition))
