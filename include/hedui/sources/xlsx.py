"""Reads Excel workbooks as text: what a person sees in the cell, without Excel's number formats.

Whole numbers have no ``.0``, dates are ISO (with the time where there is one), truth values are TRUE and FALSE. Two traps cost a row:
a cell that holds an Excel error (``#N/A``), and a number of more than 15 digits, which Excel has already rounded.
"""

from __future__ import annotations

import datetime as dt
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

import pyarrow as pa
from lxml import etree
from openpyxl.utils.exceptions import InvalidFileException

from hedui.context import Context
from hedui.errors import HeduiError
from hedui.site.models import Source, XlsxReader
from hedui.site.problems import choose
from hedui.sources.base import BATCH_BYTES, BATCH_ROWS, SHOWN_TEXT, BadRow, PacketError, RawBatch, text_schema, wanted_columns
from hedui.sources.names import raw_names
from hedui.sources.packets import FileSource
from hedui.sources.xlsx_book import Cell, Row, open_workbook

EXACT_DIGITS = 15
CELL_BYTES = 64  # what a cell takes beside its text
BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    InvalidFileException,
    ParseError,
    etree.LxmlError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    EOFError,
    OverflowError,
    RuntimeError,
)
"""What openpyxl and what it uses raise for parts that are encrypted, damaged or no workbook's."""


def xlsx_source(*, context: Context, source: Source) -> FileSource:
    """The reader of a source whose datasets are workbooks."""
    reader = source.reader
    if not isinstance(reader, XlsxReader):
        raise HeduiError(f"Source {source.id} is not of type xlsx.")

    def parser(*, dataset: str, place: str) -> XlsxParser:
        return XlsxParser(reader=reader, place=place, wanted=wanted_columns(source, dataset))

    return FileSource(context=context, source=source, reader=reader, parser=parser)


class XlsxParser:
    """One pass over one workbook; see :class:`hedui.sources.base.PacketParser`. It reads here and there in the file."""

    def __init__(self, *, reader: XlsxReader, place: str, wanted: list[str]) -> None:
        self._reader = reader
        self._place = place
        self._wanted = wanted
        self.head: dict[str, str] = {}

    def batches(self, handle: BinaryIO) -> Iterator[RawBatch]:
        """The sheet's rows; rows without any value are no records."""
        with self._rows(handle) as rows:
            columns = self._header(rows)
            wanted = {columns.index(name) for name in self._wanted}
            batch = _Batch(columns=columns, wanted=wanted)
            for row in rows:
                batch.add(row)
                if batch.full:
                    yield batch.take()
            yield batch.take()

    @contextmanager
    def _rows(self, handle: BinaryIO) -> Iterator[Iterator[Row]]:
        with ExitStack() as stack:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # openpyxl remarks on styles, which nobody reads here
                    book = stack.enter_context(open_workbook(handle, place=self._place))
            except (*BROKEN, PacketError) as error:
                raise PacketError(
                    f"{self._place}: is not an XLSX workbook ({type(error).__name__}).",
                    rule="B07",
                    reason="不是 XLSX 工作簿或已损坏",
                ) from None
            names = list(book.sheets)
            name = self._reader.sheet or next(iter(names), "")
            if name not in names:
                raise PacketError(
                    f'{self._place}: there is no sheet "{name}"; {choose(name, names)}',
                    rule="B08",
                    reason=f"没有工作表“{name}”",
                )
            yield self._guarded(book.rows(name))

    def _guarded(self, rows: Iterator[Row]) -> Iterator[Row]:
        number = 0
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for row in rows:
                    number = row.number
                    yield row
        except BROKEN as error:
            raise PacketError(
                f"{self._place}:{number + 1}: the workbook is damaged ({type(error).__name__}); ask the sender for it again.",
                rule="B07",
                reason="工作簿已损坏",
                line=number + 1,
            ) from None

    def _header(self, rows: Iterator[Row]) -> list[str]:
        line = self._reader.header_row
        place = f"{self._place}:{line}"
        for row in rows:
            if row.number == line:
                names = [cell_text(cell.value) or "" for cell in row.cells]
                while names and not names[-1].strip():
                    names.pop()
                return raw_names(names, wanted=self._wanted, place=place, line=line)
        raise PacketError(
            f"{place}: the sheet ends before its header; check header_row in the source's YAML.",
            rule="B08",
            reason="工作表没有表头",
            line=line,
        )


class _Batch:
    """Rows being collected."""

    def __init__(self, *, columns: list[str], wanted: set[int]) -> None:
        self._columns = columns
        self._wanted = wanted
        self._count = 0
        self._clear()

    def _clear(self) -> None:
        self._values: list[list[str | None]] = []
        self._rows: list[int] = []
        self._bad: list[BadRow] = []
        self._bytes = 0

    @property
    def full(self) -> bool:
        return self._bytes >= BATCH_BYTES or len(self._values) + len(self._bad) >= BATCH_ROWS

    def add(self, row: Row) -> None:
        values = [cell_text(cell.value) for cell in row.cells]
        if not any(values) and not row.problem:
            return
        self._count += 1
        width = len(self._columns)
        self._bytes += sum(CELL_BYTES + len(value or "") for value in values)
        reason = row.problem or self._problem(row.cells)
        reason = reason or (f"应有 {width} 列，实有 {len(values)} 列" if any(values[width:]) else "")
        if reason:
            text = "\t".join(value or "" for value in values)
            self._bad.append(BadRow(row=self._count, line=row.number, reason=reason, text=text[:SHOWN_TEXT]))
            return
        self._values.append([*values[:width], *[None] * (width - len(values))])
        self._rows.append(self._count)

    def _problem(self, cells: list[Cell]) -> str:
        for position in self._wanted:
            cell = cells[position] if position < len(cells) else Cell()
            if cell.error:
                return f"“{self._columns[position]}”列是错误值 {cell.value}"
            value = cell.value
            if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= 10**EXACT_DIGITS:
                return f"“{self._columns[position]}”列的数字超过 {EXACT_DIGITS} 位，Excel 已舍入，应改为文本"
        return ""

    def take(self) -> RawBatch:
        columns = zip(*self._values, strict=True) if self._values else ([] for _ in self._columns)
        arrays = [pa.array(column, type=pa.string()) for column in columns]
        records = pa.RecordBatch.from_arrays(arrays, schema=text_schema(self._columns))
        batch = RawBatch(records=records, rows=pa.array(self._rows, type=pa.int64()), bad=tuple(self._bad))
        self._clear()
        return batch


def cell_text(value: Any) -> str | None:
    """A cell's value as text; None for an empty cell."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time.min else value.isoformat(sep=" ")
    if isinstance(value, float):
        # Excel computes in binary and shows 15 significant digits: 0.1 + 0.2 is 0.3 to whoever sees the sheet
        text = format(Decimal(format(value, f".{EXACT_DIGITS}g")), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)
