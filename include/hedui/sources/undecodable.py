"""Rows of a database whose text is not in the encoding that the database declares.

A driver that hands bytes through (Oracle's does) gives what an old program has stored under a wrong NLS_LANG. Such a row is no row:
it is kept, counted and reported with its bytes, and the others are read.
"""

from __future__ import annotations

import pyarrow as pa

from hedui.sources.base import BadRow, RawBatch, text_batch, text_schema

LONGEST = 2000
"""Characters of an unreadable row that are kept."""


def readable_batch(columns: list[str], values: list[pa.Array], first_row: int) -> RawBatch:
    """A batch of the rows that are text; the others travel beside them."""
    try:
        for array in values:
            array.validate(full=True)
    except pa.ArrowInvalid:
        return _split(columns, values, first_row)
    return text_batch(columns, values, first_row)


def _split(columns: list[str], values: list[pa.Array], first_row: int) -> RawBatch:
    cells = [array.cast(pa.binary()).to_pylist() for array in values]
    bad: list[BadRow] = []
    good: list[int] = []
    for index, row in enumerate(zip(*cells, strict=True)):
        wrong = [name for name, cell in zip(columns, row, strict=True) if not _is_text(cell)]
        if not wrong:
            good.append(index)
            continue
        text = "|".join("" if cell is None else cell.decode("utf-8", "backslashreplace") for cell in row)
        number = first_row + index
        reason = f"第 {number} 行：{'、'.join(wrong)} 的内容不是数据库所声明的字符集"
        bad.append(BadRow(row=number, line=number, reason=reason, text=text[:LONGEST]))
    kept = pa.array(good, type=pa.int64())
    records = pa.RecordBatch.from_arrays([array.take(kept) for array in values], schema=text_schema(columns))
    numbers = pa.array([first_row + index for index in good], type=pa.int64())
    return RawBatch(records=records, rows=numbers, bad=tuple(bad))


def _is_text(cell: bytes | None) -> bool:
    try:
        (cell or b"").decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
