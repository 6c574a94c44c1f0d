"""The rows that a bundle is about, read by their keys: from the target itself, or from a night's raw batch in the lake."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import CHAR, ColumnClause, ColumnElement, and_, column, create_engine, or_, select, table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from hedui import engine
from hedui.context import Context
from hedui.corrections.errors import CorrectionError
from hedui.corrections.model import BundlePlan, Change, Column, ColumnKind, Dialect, Table, Value
from hedui.corrections.reverse import Irreversible, Reverse
from hedui.corrections.sql.dialects import empty_is_null
from hedui.lake import Partition

CHUNK: Final = 250
"""Keys per query."""
Rows = dict[int, dict[str, Value]]


def rows_in_target(context: Context, plan: BundlePlan, changes: Sequence[Change]) -> Rows:
    """Rows in the target's database by the change's number: the columns that the changes name.

    Raises:
        CorrectionError: The database cannot be read.
    """
    assert plan.target.connection is not None
    reader = create_engine(context.connection(plan.target.connection), poolclass=NullPool, hide_parameters=True)
    found: Rows = {}
    try:
        with reader.connect() as connection:
            for described, some in _by_table(plan, changes):
                names = _columns(described, some)
                schema, _, name = described.name.rpartition(".")
                known = dict.fromkeys([*names, *(each for each, _ in described.live)])
                relation = table(name, *(_named(described, each) for each in known), schema=schema or None)
                live = [relation.c[each] == value for each, value in described.live]
                keys = {_key(change.key): change.number for change in some}
                for part in _chunks(some):
                    rows = connection.execute(
                        select(relation).where(or_(*(_is(relation, described, change) for change in part)), *live)
                    )
                    for row in rows.mappings():
                        values = {each: held(row[each], described.column(each), plan.target.dialect) for each in names}
                        number = keys.get(_key(values[each] for each in described.key))
                        if number is not None:
                            found[number] = values
    except SQLAlchemyError as error:
        raise CorrectionError(
            f"{plan.target.id} cannot be read ({type(error).__name__}); check the connection {plan.target.connection} and try again."
        ) from None
    return found


def _is(relation: Any, described: Table, change: Change) -> ColumnElement[bool]:
    return and_(*(relation.c[name] == value for name, value in zip(described.key, change.key, strict=True)))


def _named(described: Table, name: str) -> ColumnClause[Any]:
    """A column of a query; one of CHAR(n) says so, lest the driver compare it as VARCHAR2, where its blanks count."""
    spec = next((each for each in described.columns if each.name == name), None)
    return column(name, CHAR(spec.length)) if spec is not None and spec.fixed else column(name)


def held(value: Any, spec: Column, dialect: Dialect) -> Value:
    """A driver's value as the model has it."""
    if spec.fixed and isinstance(value, str):
        value = value.rstrip(" ")
        return None if value == "" and empty_is_null(dialect) else value
    if value is None or (value == "" and spec.kind != "text"):
        return None
    if spec.kind == "decimal":
        return Decimal(str(value))
    if spec.kind == "integer":
        return int(value)
    if spec.kind == "date":
        return value.date() if isinstance(value, dt.datetime) else value
    return value if spec.kind == "timestamp" else str(value)


def rows_in_lake(context: Context, plan: BundlePlan, changes: Sequence[Change], date: dt.date) -> Rows:
    """Rows of a night's raw batches by the change's number: as :func:`rows_in_target`, and the row's number as ``source_row``.

    Raises:
        LakeError: The night has no batch of the target's source.
    """
    found: Rows = {}
    reverses = {
        reverse.name: reverse
        for reverse in (Reverse(site=context.site, target=plan.target, table=each, date=date) for each in plan.target.tables)
    }
    for described, some in _by_table(plan, changes):
        reverse = reverses[described.name]
        partition = Partition(layer="raw", parts=(plan.target.source, reverse.table.dataset), date=date)
        names = [name for name in _columns(described, some) if reverse.field_of(name) is not None]
        with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as duck:
            wanted = {
                f"k{index}": [raw_text(reverse, described.column(name), change.key[index]) for change in some]
                for index, name in enumerate(described.key)
            }
            duck.register("wanted", pa.table({"number": [change.number for change in some], **wanted}))
            same = " AND ".join(
                f"{comparable(described.column(name).kind, f'r.{engine.ident(name)}')} = "
                f"{comparable(described.column(name).kind, f'w.k{index}')}"
                for index, name in enumerate(described.key)
            )
            listed = ", ".join(f"r.{engine.ident(name)}" for name in names)
            raw = engine.parquet(context.lake.files(partition))
            query = f"SELECT w.number, r.source_row, {listed} FROM {raw} AS r JOIN wanted AS w ON {same}"
            for number, source_row, *texts in duck.execute(query).fetchall():
                values: dict[str, Value] = {
                    name: _as_held(reverse, described.column(name), text) for name, text in zip(names, texts, strict=True)
                }
                found[number] = {**values, "source_row": source_row}
    return found


def _as_held(reverse: Reverse, spec: Column, raw: str | None) -> Value:
    try:
        return reverse.as_held(spec, raw)
    except Irreversible:
        return raw


def raw_text(reverse: Reverse, spec: Column, value: Value) -> str | None:
    """A key's value as the raw batch writes it."""
    if isinstance(value, dt.date):
        field = reverse.field_of(spec.name)
        return value.strftime(reverse.mapped.columns[field.name].format if field is not None else "%Y-%m-%d")
    return None if value is None else str(value)


def comparable(kind: ColumnKind, expression: str) -> str:
    """An expression over a raw batch as values of a kind compare."""
    return f"TRY_CAST({expression} AS DECIMAL(38, 6))" if kind in ("integer", "decimal") else expression


def _by_table(plan: BundlePlan, changes: Sequence[Change]) -> Iterator[tuple[Table, list[Change]]]:
    for described in plan.tables:
        some = [change for change in changes if change.table == described.name]
        if some:
            yield described, some


def _columns(described: Table, changes: Iterable[Change]) -> list[str]:
    return list(dict.fromkeys([*described.key, *(cell.column for change in changes for cell in change.cells)]))


def _key(values: Iterable[Value]) -> tuple[str, ...]:
    return tuple(str(value.normalize()) if isinstance(value, Decimal) else str(value) for value in values)


def _chunks(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    return (changes[start : start + CHUNK] for start in range(0, len(changes), CHUNK))
