"""The tables of a target that Hedui cannot reach, made from the rows that the night has received of it."""

from __future__ import annotations

from collections.abc import Iterator

from hedui.context import Context
from hedui.corrections.model import BundlePlan, Column, Dialect, Value
from hedui.corrections.reverse import Irreversible
from hedui.corrections.run.errors import RunError
from hedui.corrections.run.night import NightTable, night_tables
from hedui.corrections.run.session import Session
from hedui.corrections.sql.dialects import Speech, speech


def received_rows(context: Context, plan: BundlePlan, session: Session) -> None:
    """Makes the plan's tables in an empty PostgreSQL database, with the rows that the plan changes.

    Raises:
        RunError: The night has not received them.
    """
    words = speech(Dialect.POSTGRESQL)
    for table in night_tables(context, plan):
        name, columns = words.table(table.table.name), table.table.columns
        if "." in table.table.name:
            session.define(f"CREATE SCHEMA IF NOT EXISTS {words.name(table.table.name.split('.')[0])}")
        session.define(f"CREATE TABLE {name} ({', '.join(_definition(words, column) for column in columns)})")
        session.insert(
            sql="",
            table=name,
            columns=[words.name(column.name) for column in columns],
            kinds=[column.kind for column in columns],
            rows=_rows(plan, table),
        )
        session.commit()


def _definition(words: Speech, column: Column) -> str:
    kind = words.type(column, key=False)
    if column.kind == "text" and column.length is not None:
        kind = f"varchar({column.length})"
    elif column.kind == "decimal" and column.length is not None:
        kind = f"numeric({column.length}, {column.scale or 0})"
    return f"{words.name(column.name)} {kind}{'' if column.nullable else ' NOT NULL'}"


def _rows(plan: BundlePlan, table: NightTable) -> Iterator[tuple[Value, ...]]:
    """The rows as the target holds them; columns that it does not send are NULL, those of the live row as the site says."""
    live = dict(table.table.live)
    keys = dict.fromkeys(change.key for change in plan.changes if change.table == table.table.name)
    for key, (_, raw) in table.rows(keys).items():
        known = dict(zip(table.table.key, key, strict=True)) | live
        try:
            yield tuple(
                known[column.name] if column.name in known else table.reverse.as_held(column, raw.get(column.name))
                for column in table.table.columns
            )
        except Irreversible as obstacle:
            raise RunError(f"{plan.id}: {table.table.name}: {obstacle}") from None
