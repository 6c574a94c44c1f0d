"""Splits delimited text into columns: whole blocks by Arrow where that is exact, line by line where something is unusual.

A physical line ends with LF or CRLF. Quotes work as in CSV: a field that begins with the quote may hold separators, line ends and
doubled quotes. A record that does not have the header's number of columns becomes a bad row; where it spans several lines, only its
first line is bad and reading goes on with the next, so that one stray quote costs one line and not the rest of the file.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import pyarrow as pa
import pyarrow.csv as arrow_csv

from hedui.sources.base import SHOWN_TEXT, BadRow, RawBatch, text_schema

MAX_RECORD_LINES = 1000  # a quoted field with more lines than this is a quote that nobody closed
OPEN_AT_END = "unexpected end of data"  # what the csv module says of a quote that is still open


class Line(NamedTuple):
    """A physical line without its end.

    Attributes:
        number: Its number in the file, from 1.
        text: Its text.
        problem: Why it cannot be a record or a part of one, in Chinese; empty where it can.
        ended: Whether a line end followed; only a file's last line may lack it.
    """

    number: int
    text: str
    problem: str = ""
    ended: bool = True


class _Record(NamedTuple):
    """What begins at a line: its fields (None where it cannot be split) and its number of lines."""

    fields: list[str] | None
    lines: int = 1
    open: bool = False  # its quote is still open where the known lines end


def split_header(text: str, *, separator: str, quote: str) -> list[str]:
    """The names in a header line."""
    if not quote or quote not in text:
        return text.split(separator)
    try:
        return next(csv.reader([text], delimiter=separator, quotechar=quote, strict=True))
    except csv.Error:
        return text.split(separator)


@dataclass(kw_only=True)
class Splitter:
    """Turns lines into batches; keeps the lines of a record that is not complete yet.

    Attributes:
        columns: Raw column names.
        separator: One character.
        quote: One character, or empty where nothing is quoted.
        rows: Records so far, bad ones included.
    """

    columns: list[str]
    separator: str
    quote: str
    rows: int = 0
    _kept: list[Line] = field(default_factory=list)

    def block(self, text: str) -> RawBatch | None:
        """A block of complete lines split at once, or None where that would not be exact: then the lines go to :meth:`lines`."""
        if self._kept or len(self.columns) < 2 or "\0" in text or not text.endswith("\n"):
            return None
        text = text.replace("\r\n", "\n") if "\r" in text else text
        if "\r" in text or "\n\n" in text or text.startswith("\n"):
            return None
        quoted = bool(self.quote) and self.quote in text
        records = self._by_csv(text) if quoted or not self.separator.isascii() else self._by_arrow(text)
        if records is None or records.num_rows != text.count("\n"):
            return None
        return self._numbered(records)

    def _by_arrow(self, text: str) -> pa.RecordBatch | None:
        try:
            table = arrow_csv.read_csv(
                pa.BufferReader(text.encode()),
                read_options=arrow_csv.ReadOptions(column_names=self.columns, block_size=1 << 20),
                parse_options=arrow_csv.ParseOptions(delimiter=self.separator, quote_char=False),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(self.columns, pa.string()), strings_can_be_null=False
                ),
            )
        except pa.ArrowInvalid:
            return None
        return table.combine_chunks().to_batches()[0]

    def _by_csv(self, text: str) -> pa.RecordBatch | None:
        width = len(self.columns)
        try:
            rows = list(self._reader(iter(text.removesuffix("\n").split("\n"))))
        except csv.Error:
            return None
        return self._records(rows) if all(len(row) == width for row in rows) else None

    def _reader(self, lines: Iterator[str]) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self.separator, quotechar=self.quote or None, quoting=self._quoting, strict=True)

    @property
    def _quoting(self) -> Literal[0, 3]:
        return csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE

    def _records(self, rows: list[list[str]]) -> pa.RecordBatch:
        columns = zip(*rows, strict=True) if rows else ([] for _ in self.columns)
        return pa.RecordBatch.from_arrays(
            [pa.array(column, type=pa.string()) for column in columns], schema=text_schema(self.columns)
        )

    def _numbered(self, records: pa.RecordBatch) -> RawBatch:
        rows = pa.array(range(self.rows + 1, self.rows + 1 + records.num_rows), type=pa.int64())
        self.rows += records.num_rows
        return RawBatch(records=records, rows=rows)

    def lines(self, lines: list[Line], *, last: bool) -> RawBatch:
        """Lines split one by one.

        Args:
            lines: The next lines of the file.
            last: Whether these are the file's last lines: then an open record is not kept but judged.
        """
        lines, self._kept = [*self._kept, *lines], []
        values: list[list[str]] = []
        rows: list[int] = []
        bad: list[BadRow] = []
        position = 0
        while position < len(lines):
            record = self._record(lines, position)
            if record.open and not last:
                self._kept = lines[position:]
                break
            if record.fields != []:  # a blank line is no record
                self.rows += 1
                if record.fields is not None and len(record.fields) == len(self.columns):
                    values.append(record.fields)
                    rows.append(self.rows)
                else:
                    bad.append(self._bad(lines[position], record))
            position += record.lines
        return RawBatch(records=self._records(values), rows=pa.array(rows, type=pa.int64()), bad=tuple(bad))

    def _record(self, lines: list[Line], position: int) -> _Record:
        """What begins at a line; a record of several lines is taken only if it has the right number of columns."""
        first = lines[position]
        if first.problem:
            return _Record(None)
        if not first.text and len(self.columns) > 1:
            return _Record([])
        if not self.quote or self.quote not in first.text:
            return _Record(None if "\r" in first.text else first.text.split(self.separator))
        try:
            return _Record(next(self._reader(iter([first.text]))))
        except csv.Error as error:
            if OPEN_AT_END not in str(error):
                return _Record(None)
        return self._several_lines(lines, position)

    def _several_lines(self, lines: list[Line], position: int) -> _Record:
        used = 0

        def following() -> Iterator[str]:
            nonlocal used
            for line in lines[position : position + MAX_RECORD_LINES]:
                if line.problem:
                    return
                used += 1
                yield line.text + "\n" if line.ended else line.text

        try:
            fields = next(self._reader(following()))
        except csv.Error as error:
            return _Record(None, open=OPEN_AT_END in str(error) and position + used == len(lines) and used < MAX_RECORD_LINES)
        return _Record(fields, used) if len(fields) == len(self.columns) else _Record(None)

    def _bad(self, line: Line, record: _Record) -> BadRow:
        if line.problem:
            reason = line.problem
        elif record.fields is not None:
            reason = f"应有 {len(self.columns)} 列，实有 {len(record.fields)} 列"
        else:
            reason = "引号没有结束" if record.open else "引号或换行不符合格式"
        if not line.ended:
            reason += "（文件最后一行没有换行，可能被截断）"
        return BadRow(row=self.rows, line=line.number, reason=reason, text=line.text[:SHOWN_TEXT])
