"""The rehearsal: a copy of the rows that can change is migrated, checked, rolled back, and compared with the baseline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hedui.regions.errors import ConstraintError
from hedui.regions.migrate import checks as c
from hedui.regions.migrate.records import Logged, MapRow, Measure, TargetStore, brief

Groups = Callable[[TargetStore], dict[str, str]]


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """What a rehearsal showed.

    Attributes:
        logged: The key log of the copy: what the migration will log.
        checks: The checks.
        after: Measures of the migrated copy.
        undone: Measures after it was rolled back.
    """

    logged: Logged
    checks: tuple[c.Check, ...]
    after: tuple[Measure, ...] = ()
    undone: tuple[Measure, ...] = ()


def rehearse(
    store: TargetStore,
    rows: list[MapRow],
    *,
    groups: Groups,
    before: Sequence[Measure],
    batch_rows: int,
    dead: Callable[[str], bool],
    reused: Callable[[str], bool],
) -> Rehearsed:
    """Rehearses a target.

    Distinct persons are not counted again: where rows, fen and content digests of a group are equal, its persons are.

    Args:
        store: The target.
        rows: What becomes of its values.
        groups: Conservation groups of a store's values.
        before: The baseline.
        batch_rows: Rows of a batch.
        dead: Whether no open row may hold a value afterwards.
        reused: Whether a value means another area afterwards.
    """
    wanted = groups(store)
    copy = store.rehearsal(list(wanted))
    try:
        logged = copy.log(rows, batch_rows=batch_rows)
        label = store.target.label
        known = c.touched(brief(before))
        try:
            moved = sum(copy.move(batch, "migrate") for batch in range(logged.batches))
        except ConstraintError as error:
            detail = str(error).partition(": ")[2]
            return Rehearsed(logged=logged, checks=(c.check(5, "数据库约束容许新代码", target=label, ok=False, detail=detail),))
        held = groups(copy)
        after = copy.measure(held, distinct=False)
        found = [
            c.predicted(label, logged, moved, number=5),
            c.reached(label, logged, {**wanted, **held}),
            c.arrived(label, known, after, logged),
            *(item for item in c.conserved(label, known, after, part="涉及区划") if item.number != 9),
            c.no_dead_code(label, after, dead, logged),
            c.unmixed(label, logged, reused),
        ]
        for batch in reversed(range(logged.batches)):
            copy.move(batch, "rollback")
        undone = copy.measure(groups(copy), distinct=False)
        found.append(c.same(14, "回退演练恢复基线", label, known, undone))
        return Rehearsed(logged=logged, checks=tuple(found), after=tuple(after), undone=tuple(undone))
    finally:
        copy.drop()
        copy.close()
