"""Rows that the engine writes as XML: what Python writes cell by cell is the measure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from hedui import engine
from hedui.reports.archive import pieces
from hedui.reports.cells import MAX_TEXT, cell_xml
from hedui.reports.content import Column
from hedui.reports.fast_rows import fast_rows
from hedui.reports.layout import ROW_HEIGHT

COLUMNS = (
    Column(key="a", title="甲", kind="text"), Column(key="b", title="乙", kind="money"), Column(key="c", title="丙", kind="int"),
    Column(key="d", title="丁", kind="date"),
)  # fmt: skip
ROWS: list[tuple[Any, ...]] = [
    ("=SUM(A1)", -12345, 3, dt.date(2026, 6, 3)), ("-5.5", 0, 0, None), ("<甲&乙>", 99, None, dt.date(1900, 3, 1)), ("", None, 7, None),
    (None, 10**15 + 1, -1, dt.date(2026, 2, 28)), ("@x\t", 7, 2, None), ("  两端  ", 100, 1, None), ("甲\x0b乙\x1f", 1, 1, None),
    ("\x01=1+1", 1, 1, None), ("\x02\x03", 1, 1, None), ("\ufffe某\uffff", 1, 1, None), ("长" * (MAX_TEXT + 1), 1, 1, None),
    ("+" + "1&" * MAX_TEXT, 1, 1, None), ("长" * MAX_TEXT, 1, 1, None), ("两\n行", 1, 1, None),
]  # fmt: skip


def test_the_engines_rows_are_those_that_python_writes() -> None:
    with engine.connect() as connection:
        connection.execute("CREATE TABLE listed (position BIGINT, a VARCHAR, b BIGINT, c BIGINT, d DATE)")
        connection.executemany("INSERT INTO listed VALUES (?, ?, ?, ?, ?)", [(n, *row) for n, row in enumerate(ROWS, start=1)])
        found = b"".join(fast_rows(connection, "listed", COLUMNS, lambda role, kind: 1 if role == "body" else 2, 0, len(ROWS), 5))
    expected = "".join(
        f'<row r="{n}" ht="{ROW_HEIGHT:g}" customHeight="1">'
        + "".join(
            cell_xml(f"{letter}{n}", 1 if n % 2 else 2, value, column.kind)
            for letter, column, value in zip("ABCD", COLUMNS, row, strict=True)
        )
        + "</row>"
        for n, row in enumerate(ROWS, start=5)
    )
    assert found.decode() == expected
    ElementTree.fromstring(f"<rows>{found.decode()}</rows>")  # what is no XML, Excel does not open


def test_rows_go_into_the_archive_as_they_come() -> None:
    taken = []

    def rows() -> Iterator[bytes]:
        for number in range(3):
            taken.append(number)
            yield bytes([number]) * 2_000_000

    found = pieces(rows())
    assert len(next(found)) == 2_000_000
    assert taken == [0]  # a list of a million rows is never whole in memory
    assert [len(piece) for piece in found] == [2_000_000, 2_000_000, 0]


def test_short_rows_go_together() -> None:
    assert [len(piece) for piece in pieces(iter([b"x"] * 10), size=4)] == [4, 4, 2]
