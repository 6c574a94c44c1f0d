"""Random tables and random corrections: exactly the intended change, exactly undone, refused whole where a value has changed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hedui.context import Context
from hedui.corrections.model import Change, Column, ColumnKind, Operation, Table, Value
from hedui.corrections.run import execute, rollback
from hedui.corrections.run.errors import StaleError
from integration.corrections.run.made import Correction, PostgresTable, Row, bundle_of, expected

HOSTILE = [
    "", " ", "'", "''", '"', "--", "/* */", "&x", "\\N", "\\", "\n", "\r\n", "\t", "%s", "%(a)s", ":1", "{}", "NULL", "😀",
    "长" * 400, "a" * 4000,
]  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=30) | st.sampled_from(HOSTILE)
VALUES: dict[ColumnKind, st.SearchStrategy[Any]] = {
    "text": TEXTS,
    "integer": st.integers(-(10**17), 10**17),
    "decimal": st.integers(-(10**11), 10**11).map(lambda number: Decimal(number) / 100),
    "date": st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31)),
    "timestamp": st.datetimes(dt.datetime(1000, 1, 1), dt.datetime(9999, 12, 31)),
}
KINDS = st.sampled_from(list(VALUES))
CALM = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def _column(number: int, kind: ColumnKind) -> Column:
    """A column whose name needs quotes or not."""
    digits, places = (14, 2) if kind == "decimal" else (None, None)
    return Column(name=f"C {number}" if number % 2 else f"c{number}", kind=kind, length=digits, scale=places)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Table, list[Row], list[Correction]]:
    """A table with rows, and corrections of some of them."""
    kinds = [draw(KINDS) for _ in range(draw(st.integers(1, 5)))]
    columns = (
        Column(name="id", length=20, nullable=False),
        *(_column(number, kind) for number, kind in enumerate(kinds)),
        Column(name="batch", length=60),
    )
    table = Table(name="random_table", key=("id",), columns=columns, batch_column=draw(st.sampled_from(["batch", None])))
    free = columns[1:-1]
    value = {column.name: st.none() | VALUES[column.kind] for column in free}
    count = draw(st.integers(1, 8))
    rows: list[Row] = [(f"99{n:04d}", *(draw(value[column.name]) for column in free), None) for n in range(count)]
    corrections = []
    for n in range(count + 2):
        key: tuple[Value, ...] = (f"99{n:04d}",)
        if n >= count:
            if draw(st.booleans()):
                corrections.append(Correction(Operation.INSERT, key, {column.name: draw(value[column.name]) for column in free}))
            continue
        what = draw(st.sampled_from(["keep", "update", "update", "delete"]))
        if what == "delete":
            corrections.append(Correction(Operation.DELETE, key))
        elif what == "update":
            chosen = draw(st.lists(st.sampled_from(free), min_size=1, unique=True))
            new = {column.name: draw(value[column.name]) for column in chosen}
            old = dict(zip([column.name for column in columns], rows[n], strict=True))
            new = {name: value_ for name, value_ in new.items() if value_ != old[name]}
            if new:
                corrections.append(Correction(Operation.UPDATE, key, new))
    return table, rows, corrections


@CALM
@given(world=worlds())
def test_apply_is_exactly_the_intended_change_and_rollback_undoes_it(context: Context, target_url: str, world: Any) -> None:
    table, rows, corrections = world
    database = PostgresTable(target_url, table)
    database.fill(rows)
    bundle = bundle_of(table, rows, corrections)
    assert execute(context, bundle, executor="engineer").rows == len(corrections)
    assert database.rows() == expected(table, rows, corrections, bundle.id)
    rollback(context, bundle, executor="engineer")
    assert database.rows() == rows


def somebody_else(database: PostgresTable, change: Change, data: st.DataObject, *, done: bool) -> None:
    """Changes the row of a change so that it is not as the bundle expects it: before it is applied, or after."""
    there = change.operation is not (Operation.DELETE if done else Operation.INSERT)
    if not there:
        database.query("INSERT INTO random_table (id) VALUES (%s)", change.key[0])
    elif data.draw(st.booleans(), label="gone"):
        database.query("DELETE FROM random_table WHERE id = %s", change.key[0])
    else:
        cell = data.draw(st.sampled_from([cell for cell in change.cells if cell.column != "batch"]))
        held = cell.new if done else cell.old
        kind = database.table.column(cell.column).kind
        stale = data.draw((st.none() | VALUES[kind]).filter(lambda value: value != held))
        database.query(f'UPDATE random_table SET "{cell.column}" = %s WHERE id = %s', stale, change.key[0])


@CALM
@given(world=worlds().filter(lambda world: bool(world[2])), data=st.data())
def test_a_row_changed_under_the_bundle_refuses_it_whole_and_its_rollback_too(
    context: Context, target_url: str, world: Any, data: st.DataObject
) -> None:
    """Whatever is done to the row: a value changed, the row gone, a row there that was to be added or had been deleted."""
    table, rows, corrections = world
    bundle = bundle_of(table, rows, corrections)
    change = data.draw(st.sampled_from(bundle.plan.changes))
    database = PostgresTable(target_url, table)
    database.fill(rows)
    done = data.draw(st.booleans(), label="after it was applied")
    if done:
        execute(context, bundle, executor="engineer")
    somebody_else(database, change, data, done=done)
    before = database.rows()
    with pytest.raises(StaleError):
        (rollback if done else execute)(context, bundle, executor="engineer")
    assert database.rows() == before
