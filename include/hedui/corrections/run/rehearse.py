"""The rehearsal of a bundle: everything that its execution and its rollback will do, on a copy, before anyone is asked.

It fails with a reason, in Chinese, wherever the real run would fail or would do something else than what was proposed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from hedui.context import Context
from hedui.corrections.model import BundlePlan, Dialect, Operation, Table, Value
from hedui.corrections.run.errors import RehearsalFailedError, RunError, StaleError, TransientTargetError
from hedui.corrections.run.execute import WORK, Action, transaction
from hedui.corrections.run.ground import Digest, Ground, ground
from hedui.corrections.run.session import plain
from hedui.corrections.run.steps import Runner
from hedui.corrections.sql.dialects import speech
from hedui.corrections.sql.statement import Definition, Statement, Step


class RehearsableBundle(Protocol):
    """What is rehearsed of a frozen bundle."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def digest(self) -> str:
        """SHA-256 of its manifest."""

    @property
    def plan(self) -> BundlePlan:
        """What it changes."""

    def verify(self) -> None:
        """Raises BundleChangedError where a file is not as it was frozen."""

    def statements(
        self, step: Step, copies: Mapping[str, str] | None = None, *, dialect: Dialect | None = None
    ) -> tuple[Statement, ...]:
        """The statements of a step, upon copies, in another dialect."""


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What a rehearsal showed.

    Attributes:
        bundle: Id of the bundle.
        digest: Its digest: another bundle of the same name was not rehearsed.
        ok: Whether it can be proposed.
        reasons: Why not, in Chinese, without personal data.
        lines: Figures by label, in Chinese, for the page that a manager decides on.
        failed_cases: Fingerprints of the cases whose difference would stay, or whose change would make another: without them the rest of
            the bundle may pass.
        seconds: How long it took.
    """

    bundle: str
    digest: str
    ok: bool
    reasons: tuple[str, ...] = ()
    lines: tuple[tuple[str, str], ...] = ()
    failed_cases: tuple[str, ...] = ()
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain values, for XCom and the ledger."""
        lists = {"reasons": list(self.reasons), "failed_cases": list(self.failed_cases)}
        return asdict(self) | lists | {"lines": [list(line) for line in self.lines]}

    def require(self) -> None:
        """Lets only a bundle pass whose rehearsal succeeded.

        Raises:
            RehearsalFailedError: It did not; the message says why.
        """
        if not self.ok:
            raise RehearsalFailedError(
                f"{self.bundle}: its rehearsal failed, so it cannot be proposed: {'；'.join(self.reasons)}. Correct it and plan it anew."
            )


def rehearse(context: Context, bundle: RehearsableBundle, *, judged: bool = True) -> Rehearsal:
    """Runs a bundle on a copy of the rows it touches: precheck, backup, apply, postcheck, comparison with what was proposed and with
    the night's findings, rollback.

    Args:
        context: The site, the lake with the bundle's night, the target's connection.
        bundle: A frozen bundle.
        judged: Whether the night's rules judge the change; without them (a table that no source reads) only the change itself is tried.

    Raises:
        BundleChangedError: Its files have changed. TransientTargetError: the target cannot be reached now.
    """
    bundle.verify()
    begun = time.perf_counter()
    trial = _Trial(context, bundle, judged=judged)
    try:
        trial.run()
    except StaleError as error:
        trial.reasons.append(f"{error.label}：应为 {error.expected:,}，实为 {error.met:,}")
    except TransientTargetError:
        raise
    except RunError as error:
        trial.reasons.append(f"数据库拒绝执行：{error}")
    return Rehearsal(
        bundle=bundle.id,
        digest=bundle.digest,
        ok=not trial.reasons,
        reasons=tuple(trial.reasons),
        lines=tuple(trial.lines),
        failed_cases=trial.failed_cases,
        seconds=round(time.perf_counter() - begun, 2),
    )


class _Trial:
    """One rehearsal, and what it has shown so far."""

    def __init__(self, context: Context, bundle: RehearsableBundle, *, judged: bool) -> None:
        self._context = context
        self._bundle = bundle
        self._judged = judged
        self.reasons: list[str] = []
        self.lines: list[tuple[str, str]] = []
        self.failed_cases: tuple[str, ...] = ()

    def run(self) -> None:
        """Rehearses.

        Raises:
            RunError: A step failed; the rest was not tried.
        """
        plan = self._bundle.plan
        with ground(self._context, plan) as place:
            try:
                self._try(place, plan)
            finally:
                self._drop_work_tables(place)

    def _try(self, place: Ground, plan: BundlePlan) -> None:
        self._drop_work_tables(place)  # of a rehearsal that was killed
        first = place.digest()
        wanted = digest_after(place, plan)
        self._perform(place, "execute")
        self._line("改动行数", f"{len(plan.changes):,}")
        self._same("改动恰为所拟", _without_inserted(place, plan), wanted)
        if self._judged:
            from hedui.corrections.run.judge import judge  # brings the whole of the checks, which execution does without

            verdict = judge(self._context, plan, place)
            self.reasons += verdict.reasons
            self.lines += verdict.lines
            self.failed_cases = verdict.cases
        self._perform(place, "rollback")
        self._same("回退后与原状一致", place.digest(), first)

    def _drop_work_tables(self, place: Ground) -> None:
        """Where the copies stand beside the originals; a scratch database goes as a whole."""
        if place.copies:
            place.session.rollback()
            for statement in self._bundle.statements(Step.PREPARE, place.copies, dialect=place.dialect):
                if isinstance(statement, Definition):
                    place.session.define(f"DROP TABLE {speech(place.dialect).name(statement.work)} PURGE")

    def _perform(self, place: Ground, action: Action) -> None:
        def statements(step: Step) -> tuple[Statement, ...]:
            return self._bundle.statements(step, place.copies, dialect=place.dialect)

        runner = Runner(session=place.session, bundle=self._bundle.id, progress=self._context.progress)
        runner.run(statements(Step.PREPARE))
        runner.run(transaction(statements, WORK[action]))
        place.session.commit()
        self._line("演练执行" if action == "execute" else "演练回退", "通过")

    def _same(self, label: str, found: str, wanted: str) -> None:
        same = found == wanted
        self._line(label, "通过" if same else "不通过")
        if not same:
            self.reasons.append(f"{label}：不通过")

    def _line(self, label: str, figure: str) -> None:
        self.lines.append((label, figure))


def digest_after(place: Ground, plan: BundlePlan) -> str:
    """The digest that the copy must have after the changes, worked out from its rows without SQL; inserted rows are left out."""
    total = Digest()
    for table in plan.tables:
        changes = _changed_cells(plan, table)
        names = [name.casefold() for name in place.columns[table.name]]
        for key, row in _keyed(place, table):
            if key not in changes:
                total.add(table.name, row)
            elif (cells := changes[key]) is not None:
                total.add(table.name, tuple(cells.get(name, value) for name, value in zip(names, row, strict=True)))
    place.session.rollback()
    return total.text


def _changed_cells(plan: BundlePlan, table: Table) -> dict[tuple[Any, ...], dict[str, Value] | None]:
    """New values by column of the rows that change, None for those that go; by key."""
    found: dict[tuple[Any, ...], dict[str, Value] | None] = {}
    for change in plan.changes:
        if change.table != table.name or change.operation is Operation.INSERT:
            continue
        cells = {cell.column.casefold(): cell.new for cell in change.cells}
        if table.batch_column:
            cells.setdefault(table.batch_column.casefold(), plan.id)
        key = _plain(change.key)
        found[key] = None if change.operation is Operation.DELETE else {**(found.get(key) or {}), **cells}
    return found


def _without_inserted(place: Ground, plan: BundlePlan) -> str:
    total = Digest()
    for table in plan.tables:
        mine = [change for change in plan.changes if change.table == table.name and change.operation is Operation.INSERT]
        inserted = {_plain(change.key) for change in mine}
        for key, row in _keyed(place, table):
            if key not in inserted:
                total.add(table.name, row)
    place.session.rollback()
    return total.text


def _keyed(place: Ground, table: Table) -> Iterator[tuple[tuple[Any, ...] | None, tuple[object, ...]]]:
    """The rows with their keys; None instead of the key of a row that is not in force."""
    names = [name.casefold() for name in place.columns[table.name]]
    key_at = [names.index(name.casefold()) for name in table.key]
    live_at = [names.index(name.casefold()) for name, _ in table.live]
    in_force = _plain(tuple(value for _, value in table.live))
    for row in place.rows(table.name):
        live = _plain(tuple(row[place_] for place_ in live_at)) == in_force
        yield (_plain(tuple(row[place_] for place_ in key_at)) if live else None), row


def _plain(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(plain(value) for value in values)
