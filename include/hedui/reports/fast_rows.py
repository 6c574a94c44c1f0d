"""Long sheets at the speed of the engine: DuckDB writes the rows' XML, Python only passes the bytes on to the archive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import duckdb
import pyarrow as pa
from openpyxl.utils import get_column_letter

from hedui import engine
from hedui.reports.cells import (
    ILLEGAL_SQL_PATTERN,
    INJECTION_SQL_PATTERN,
    MAX_TEXT,
    PLAIN_NUMBER_SQL_PATTERN,
    SPECIAL_SQL_PATTERN,
)
from hedui.reports.content import Column, Kind
from hedui.reports.layout import ROW_HEIGHT

AT_ONCE: Final = 20_000
"""Rows that are in memory at a time."""

StyleOf = Callable[[str, Kind], int]
"""Number of the workbook's style for a role (``body``, ``zebra``) and a kind of column."""


def fast_rows(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    columns: tuple[Column, ...],
    style: StyleOf,
    start: int,
    count: int,
    row: int,
) -> Iterator[bytes]:
    """The XML of rows of a relation, the same as cell by cell.

    Args:
        connection: Holds the relation.
        relation: Has ``position`` from 1 without gaps and a column per key.
        columns: The sheet's columns; severities, states and links need colours and links and are not for this way.
        style: Gives the styles.
        start: Rows to pass over.
        count: Rows to write.
        row: Number of the sheet's row for the first of them.
    """
    described = [
        {
            "name": column.key,
            "letter": get_column_letter(number),
            "kind": column.kind,
            "body": style("body", column.kind),
            "zebra": style("zebra", column.kind),
        }
        for number, column in enumerate(columns, start=1)
    ]
    for passed in range(0, count, AT_ONCE):
        sql = engine.render(
            "reports/xlsx_rows.sql",
            relation=relation,
            columns=described,
            start=start + passed,
            count=min(AT_ONCE, count - passed),
            first=row - start,
            special=SPECIAL_SQL_PATTERN,
            injection=INJECTION_SQL_PATTERN,
            number=PLAIN_NUMBER_SQL_PATTERN,
            illegal=ILLEGAL_SQL_PATTERN,
            height=f"{ROW_HEIGHT:g}",
            longest=MAX_TEXT,
        )
        (statement,) = engine.statements(sql)
        for chunk in connection.execute(statement).to_arrow_table()["xml"].chunks:
            yield _joined(chunk)


def _joined(texts: pa.StringArray) -> bytes:
    """All texts in one: Arrow has them behind one another already, so that nothing is decoded."""
    column = texts.cast(pa.large_string())
    _, offsets, data = column.buffers()
    places = memoryview(offsets).cast("q")
    return memoryview(data)[places[column.offset] : places[column.offset + len(column)]].tobytes() if len(column) else b""
