"""Proof: after execution the changed rows are read again and compared with what they were to become.

A system that Hedui writes to is read again at once; one that others keep is read in the night that shows the change. Cases whose rows are
all right go from 解决 to 验证; the reviewer then closes the bundle or opens what is not right again.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from hedui import audit
from hedui.context import Context
from hedui.corrections.errors import CorrectionError
from hedui.corrections.ledger import note_event, unverified, verified
from hedui.corrections.ledger_read import bundle_row, cases_of
from hedui.corrections.model import BundlePlan, Change, Operation, Value
from hedui.corrections.reading import rows_in_lake, rows_in_target
from hedui.corrections.states import SYSTEM, CaseState, State
from hedui.ledger.database import begin

Found = Mapping[str, Value]


@dataclass(frozen=True, kw_only=True)
class Reread:
    """What was seen on reading again.

    Attributes:
        rows: Changes that were read.
        right: Of them, those that hold what they were to become.
        wrong: Numbers of the others.
        cases: Cases whose changes are all right.
        open_cases: Cases with a change that is not.
        place: Where it was read, in Chinese.
    """

    rows: int
    right: int
    wrong: tuple[int, ...]
    cases: tuple[str, ...]
    open_cases: tuple[str, ...]
    place: str

    @property
    def ok(self) -> bool:
        """Whether everything is as it was to become."""
        return not self.wrong

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """Label and figure, for pages and documents."""
        lines = [
            ("复读位置", self.place),
            ("复读行数", f"{self.rows}"),
            ("与修改后的值一致", f"{self.right}"),
            ("不一致", f"{len(self.wrong)}"),
            ("通过验证的案件", f"{len(self.cases)}"),
        ]
        if self.wrong:
            lines.append(("不一致的行号", "、".join(map(str, self.wrong[:20])) + ("…" if len(self.wrong) > 20 else "")))
        return tuple(lines)


def reread(context: Context, plan: BundlePlan, *, date: dt.date | None = None) -> Reread:
    """Reads the rows of an executed bundle again and marks the cases that are right now, and no others; may be repeated.

    Changes whose cases have all been let go (refused rows of a receipt) are left out.

    Args:
        context: The surroundings.
        plan: The bundle.
        date: The night that shows the change; None reads the target itself.

    Raises:
        CorrectionError: The target cannot be read from here and no night was given, or the bundle is not executed.
        LakeError: The night's batch is not in the lake.
    """
    if date is None and plan.target.connection is None:
        raise CorrectionError(
            f"{plan.target.id} is kept by others and can be read only in a night that shows the change; give its date."
        )
    with begin(context.ledger_url) as connection:
        _executed(connection, plan.id)
        mine = {case for case, row in cases_of(connection, plan.id).items() if row.state != CaseState.REOPENED}
    changes = [change for change in plan.changes if mine.intersection(change.cases)]
    found = rows_in_target(context, plan, changes) if date is None else rows_in_lake(context, plan, changes, date)
    seen = judged(changes, found, place=f"{plan.target.name}数据库" if date is None else f"{plan.target.name} {date} 批次")
    with begin(context.ledger_url) as connection:
        state = _executed(connection, plan.id, lock=True)
        moved = verified(connection, plan.id, seen.cases) - unverified(connection, plan.id, seen.open_cases)
        details = {"rows": seen.rows, "right": seen.right, "wrong": list(seen.wrong[:100]), "verified": moved, "place": seen.place}
        note_event(connection, plan.id, actor=SYSTEM, act=None, before=state, after=state, note="复读验证", details=details)
        audit.append(connection, actor=SYSTEM, action="bundle.verify", subject=plan.id, details=details)
    return seen


def judged(changes: Iterable[Change], found: Mapping[int, Found], *, place: str) -> Reread:
    """What rows that were read say about the changes.

    Args:
        changes: The changes.
        found: The rows by the change's number; one that is not there has no row.
        place: Where they were read.
    """
    changes = list(changes)
    wrong = [change for change in changes if not holds(change, found.get(change.number))]
    bad = {case for change in wrong for case in change.cases}
    every = {case for change in changes for case in change.cases}
    return Reread(
        rows=len(changes),
        right=len(changes) - len(wrong),
        wrong=tuple(change.number for change in wrong),
        cases=tuple(sorted(every - bad)),
        open_cases=tuple(sorted(bad)),
        place=place,
    )


def holds(change: Change, row: Found | None) -> bool:
    """Whether a row is what a change was to make of it, in the columns that were read."""
    if change.operation is Operation.DELETE:
        return row is None
    return row is not None and all(row[cell.column] == cell.new for cell in change.cells if cell.column in row)


def _executed(connection: Connection, bundle_id: str, *, lock: bool = False) -> State:
    state = State(bundle_row(connection, bundle_id, lock=lock)["state"])
    if state not in (State.EXECUTED, State.CLOSED, State.REOPENED):
        raise CorrectionError(f"Bundle {bundle_id} is not executed yet; there is nothing to read again.")
    return state


def states_of(connection: Connection, bundle_id: str) -> Counter[CaseState]:
    """How many of a bundle's cases are in each state."""
    return Counter(CaseState(row.state) for row in cases_of(connection, bundle_id).values())
