"""The rows of the stage tables, and the data files that hold them for people: CSV, and a script of INSERTs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal

from hedui.corrections.model import Change, Column, Dialect, Value
from hedui.corrections.sql.dialects import Speech, number_text
from hedui.corrections.sql.shape import Shape

LINE = 1_000
"""Characters after which an INSERT's values stand on lines of their own: SQL*Plus takes lines of at most 2,499 bytes."""
MARK = "\x1e"


def stage_row(shape: Shape, change: Change, *, bundle: str) -> tuple[Value, ...]:
    """A change as a row of its stage table, in the order of :meth:`Shape.stage_columns`."""
    cells = {cell.column: cell for cell in change.cells}
    values: list[Value] = []
    for name in shape.written:
        cell = cells.get(name)
        values += (None, None) if cell is None else (cell.old, cell.new)
    return (bundle, change.number, shape.group_of(change), *change.key, *values)


def csv_text(value: Value, column: Column) -> str:
    """A value in a CSV file: text always quoted, NULL never, so that NULL and the empty text differ."""
    if value is None:
        return ""
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    if isinstance(value, int | Decimal):
        return number_text(value)
    moment = value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())
    return moment.isoformat(" ", "microseconds" if column.kind == "timestamp" else "seconds")


def csv_line(row: Iterable[Value], columns: Iterable[Column], *, end: str) -> str:
    """A row of a CSV file with the file's end of record."""
    return ",".join(csv_text(value, column) for value, column in zip(row, columns, strict=True)) + end


def record_end(changes: Iterable[Change], dialect: Dialect) -> str:
    """The end of record that no text holds.

    SQL*Loader of 11g ends a record at the first line break, quoted or not: where a text has one, records end in a control character
    (RS) and a line break instead.
    """
    if dialect is Dialect.POSTGRESQL:
        return "\n"
    longest, broken = 0, False
    for change in changes:
        for value in (*change.key, *(item for cell in change.cells for item in (cell.old, cell.new))):
            if isinstance(value, str):
                broken = broken or "\n" in value or "\r" in value
                while MARK * (longest + 1) in value:
                    longest += 1
    return MARK * (longest + 1) + "\n" if broken else "\n"


def insert_text(row: Iterable[Value], *, speech: Speech, head: str) -> str:
    """A row as an INSERT statement whose lines are short; ``head`` is the text up to ``VALUES``."""
    literals = [speech.literal(value) for value in row]
    text = f"{head} VALUES ({', '.join(literals)});\n"
    if len(text) <= LINE or speech.family == "postgresql":
        return text
    values = ",\n  ".join(literal.replace(" || ", " ||\n    ") if len(literal) > LINE // 2 else literal for literal in literals)
    return f"{head}\nVALUES (\n  {values}\n);\n"


def insert_head(shape: Shape, *, speech: Speech, stage: str) -> str:
    """The INSERT into a stage table up to its values."""
    names = ", ".join(speech.staged(column.name) for column in shape.stage_columns())
    return f"INSERT INTO {stage} ({names})"


def rows_of(changes: Iterator[Change], shape: Shape, *, bundle: str) -> Iterator[tuple[Value, ...]]:
    """The stage rows of one table."""
    for change in changes:
        if change.table == shape.table.name:
            yield stage_row(shape, change, bundle=bundle)
