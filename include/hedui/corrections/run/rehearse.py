"""The rehearsal of a bundle: everything that its execution and its rollback will do, on a copy, before anyone is asked.

It fails with a reason, in Chinese, wherever the real run would fail or would do something else than what was proposed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from hedui.context import Context
from hedui.corrections.model import BundlePlan, Dialect, Operation, Value
from hedui.corrections.run.errors import RehearsalFailedError, RunError, StaleError, TransientTargetError
from hedui.corrections.run.execute import WORK, Action, transaction
from hedui.corrections.run.ground import Digest, Ground, ground
from hedui.corrections.run.judge import judge_of
from hedui.corrections.run.session import plain
from hedui.corrections.run.steps import Runner
from hedui.corrections.sql.statement import Statement, Step


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
        seconds: How long it took.
    """

    bundle: str
    digest: str
    ok: bool
    reasons: tuple[str, ...] = ()
    lines: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain values, for XCom and the ledger."""
        return asdict(self) | {"reasons": list(self.reasons), "lines": [list(line) for line in self.lines]}

    def require(self) -> None:
        """Lets only a bundle pass whose rehearsal succeeded.

        Raises:
            RehearsalFailedError: It did not; the message says why.
        """
        if not self.ok:
            raise RehearsalFailedError(
                f"{self.bundle}: its rehearsal failed, so it cannot be proposed: {'；'.join(self.reasons)}. Correct it and plan it anew."
            )


def rehearse(context: Context, bundle: RehearsableBundle) -> Rehearsal:
    """Runs a bundle on a copy of the rows it touches: precheck, backup, apply, postcheck, comparison with what was proposed and with
    the night's findings, rollback.

    Raises:
        BundleChangedError: Its files have changed. TransientTargetError: the target cannot be reached now.
    """
    bundle.verify()
    begun = time.perf_counter()
    trial = _Trial(context, bundle)
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
        seconds=round(time.perf_counter() - begun, 2),
    )


class _Trial:
    """One rehearsal, and what it has shown so far."""

    def __init__(self, context: Context, bundle: RehearsableBundle) -> None:
        self._context = context
        self._bundle = bundle
        self.reasons: list[str] = []
        self.lines: list[tuple[str, str]] = []

    def run(self) -> None:
        """Rehearses.

        Raises:
            RunError: A step failed; the rest was not tried.
        """
        plan = self._bundle.plan
        with ground(self._context, plan) as place:
            judge = judge_of(self._context, plan, place)
            first = place.digest()
            wanted = digest_after(place, plan)
            before = judge.findings()
            self._perform(place, "execute")
            self._line("改动行数", f"{len(plan.changes):,}")
            self._same("改动恰为所拟", _without_inserted(place, plan), wanted)
            verdict = judge.verdict(before, judge.findings())
            self.reasons += verdict.reasons
            self.lines += verdict.lines
            self._perform(place, "rollback")
            self._same("回退后与原状一致", place.digest(), first)

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
        changes: dict[tuple[Value, ...], dict[str, Value] | None] = {}
        for change in plan.changes:
            if change.table != table.name or change.operation is Operation.INSERT:
                continue
            cells = {cell.column.casefold(): cell.new for cell in change.cells}
            if table.batch_column:
                cells.setdefault(table.batch_column.casefold(), plan.id)
            earlier = changes.get(_key(change.key))
            changes[_key(change.key)] = None if change.operation is Operation.DELETE else {**(earlier or {}), **cells}
        names = [name.casefold() for name in place.columns[table.name]]
        key_of = _key_reader(names, table.key)
        for row in place.rows(table.name):
            key = key_of(row)
            if key not in changes:
                total.add(table.name, row)
            elif (cells_or_gone := changes[key]) is not None:
                total.add(table.name, tuple(cells_or_gone.get(name, value) for name, value in zip(names, row, strict=True)))
    place.session.rollback()
    return total.text


def _without_inserted(place: Ground, plan: BundlePlan) -> str:
    total = Digest()
    for table in plan.tables:
        inserted = {
            _key(change.key) for change in plan.changes if change.table == table.name and change.operation is Operation.INSERT
        }
        key_of = _key_reader([name.casefold() for name in place.columns[table.name]], table.key)
        for row in place.rows(table.name):
            if key_of(row) not in inserted:
                total.add(table.name, row)
    place.session.rollback()
    return total.text


def _key(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(plain(value) for value in values)


def _key_reader(names: list[str], key: tuple[str, ...]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    places = [names.index(name.casefold()) for name in key]
    return lambda row: tuple(plain(row[place]) for place in places)
