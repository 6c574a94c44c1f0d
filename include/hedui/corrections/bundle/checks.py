"""What a plan must fulfil before it is frozen, and Oracle's reading of the empty text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from hedui.corrections.bundle.errors import BundleError
from hedui.corrections.model import BundlePlan, Cell, Change, Column, Dialect, Operation, Table, Value
from hedui.corrections.sql.dialects import KEY_TEXT, ORACLE_TEXT, empty_is_null
from hedui.corrections.sql.shape import key_digest


def checked(plan: BundlePlan) -> BundlePlan:
    """The plan as it can be frozen: where the empty text is NULL, it is written as NULL.

    Raises:
        BundleError: A change cannot be written safely: says which, in which table and column, and what to do.
    """
    if not plan.changes:
        raise BundleError(f"{plan.id}: there is nothing to change; select cases that lead to a correction.")
    read = [_as_read(change) for change in plan.changes] if empty_is_null(plan.target.dialect) else plan.changes
    tables = {table.name: table for table in plan.tables}
    seen: dict[tuple[str, bytes], tuple[Operation, frozenset[str]]] = {}
    for place, change in enumerate(read, start=1):
        if change.number != place:
            raise BundleError(f"{plan.id}: change {change.number} stands at place {place}; number the changes 1, 2, … in order.")
        table = tables.get(change.table)
        if table is None:
            raise _refused(plan, change, "", f"the plan has no table {change.table}")
        for column, value in _values(table, change):
            _check_value(plan, change, column, value)
        _check_cells(plan, table, change)
        _check_alone(plan, change, seen)
    return replace(plan, changes=tuple(read))


def _refused(plan: BundlePlan, change: Change, column: str, why: str) -> BundleError:
    place = f"{change.table}{f'.{column}' if column else ''}"
    return BundleError(
        f"{plan.id}, change {change.number} ({place}): {why}. Take its cases out of the selection or decide them by hand."
    )


def _null(value: Value) -> Value:
    return None if value == "" else value


def _as_read(change: Change) -> Change:
    cells = tuple(
        cell if cell.old != "" and cell.new != "" else replace(cell, old=_null(cell.old), new=_null(cell.new))
        for cell in change.cells
    )
    return change if cells == change.cells else replace(change, cells=cells)


def _values(table: Table, change: Change) -> Iterator[tuple[Column, Value]]:
    columns = {column.name: column for column in table.columns}
    if len(change.key) != len(table.key):
        raise BundleError(
            f"Change {change.number}: its key has {len(change.key)} values, {table.name} has {len(table.key)} key columns."
        )
    for name, value in zip(table.key, change.key, strict=True):
        yield replace(columns[name], nullable=False, length=columns[name].length or KEY_TEXT), value
    for cell in change.cells:
        column = columns.get(cell.column)
        if column is None:
            raise BundleError(f"Change {change.number}: {table.name} has no column {cell.column}; name it in the plan's table.")
        yield replace(column, nullable=True), cell.old
        yield column if change.operation is not Operation.DELETE else replace(column, nullable=True), cell.new


def _check_value(plan: BundlePlan, change: Change, column: Column, value: Value) -> None:
    if value is None or value == "":
        if not column.nullable and (value is None or empty_is_null(plan.target.dialect)):
            raise _refused(plan, change, column.name, "an empty value would go where none may be")
        return
    if isinstance(value, str) and column.kind == "text":
        limit = min(column.length or ORACLE_TEXT, ORACLE_TEXT) if empty_is_null(plan.target.dialect) else column.length
        if limit is not None and len(value) > limit:
            raise _refused(plan, change, column.name, f"a text of {len(value)} characters does not fit {limit}")
    if isinstance(value, str) and "\x00" in value:
        raise _refused(plan, change, column.name, "a text holds the NUL character, which no database takes")


def _check_cells(plan: BundlePlan, table: Table, change: Change) -> None:
    names = [cell.column for cell in change.cells]
    if len(set(names)) != len(names) or not names:
        raise _refused(plan, change, "", "its columns are none or named twice")
    fixed = {*table.key, table.batch_column} if change.operation is not Operation.DELETE else set(table.key)
    if change.operation is Operation.UPDATE:
        fixed |= {name for name, _ in table.live}
    for cell in change.cells:
        if cell.column in fixed:
            raise _refused(plan, change, cell.column, "the column names the row, its version or the batch and is not corrected")
        if change.operation is Operation.UPDATE and cell.old == cell.new:
            raise _refused(plan, change, cell.column, "old and new value are the same to the target")


def _check_alone(plan: BundlePlan, change: Change, seen: dict[tuple[str, bytes], tuple[Operation, frozenset[str]]]) -> None:
    """Each cell is changed once, and a row that comes or goes by one change only."""
    place = (change.table, key_digest(change))
    columns = _columns(change.cells)
    if place in seen:
        operation, taken = seen[place]
        both = taken & columns
        if both or {operation, change.operation} != {Operation.UPDATE}:
            raise _refused(plan, change, ", ".join(sorted(both)), "another change of the bundle concerns the same row and columns")
        columns |= taken
    seen[place] = (change.operation, columns)


def _columns(cells: Iterable[Cell]) -> frozenset[str]:
    return frozenset(cell.column for cell in cells)


def needs_unicode(plan: BundlePlan) -> bool:
    """Whether some new or guarded text is outside of GBK, which many databases of the field are limited to."""
    if plan.target.dialect is Dialect.POSTGRESQL:
        return False
    for change in plan.changes:
        for value in (*change.key, *(v for cell in change.cells for v in (cell.old, cell.new))):
            if isinstance(value, str) and not value.isascii():
                try:
                    value.encode("gbk")
                except UnicodeEncodeError:
                    return True
    return False
