"""Reads fixed width files: columns of so many bytes, an optional header and trailer record.

Widths are bytes of the file's encoding, as banks declare them. A record of another length, or one whose column ends in the middle of a
character, costs only itself. A file without its header or trailer is refused: it was cut, or is another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from hedui.context import Context
from hedui.errors import HeduiError
from hedui.site.models import FixedReader, Source
from hedui.site.readers import FixedField, FixedMark
from hedui.sources.base import SHOWN_TEXT, BadRow, PacketError, RawBatch, text_batch, text_schema
from hedui.sources.encodings import CODECS, LABELS, UTF8_MARK, looks_like
from hedui.sources.packets import FileSource

CHUNK = 1 << 20
MAX_LINE = 1 << 20  # a line longer than this is no record
END_OF_FILE = b"\x1a"  # what DOS programs write behind the last line
HEADER, TRAILER = ("首记录", "header"), ("尾记录", "trailer")

Record = tuple[int, bytes]
"""A record's line (without line ends, its number) and its bytes."""


def fixed_source(*, context: Context, source: Source) -> FileSource:
    """The reader of a source whose datasets are fixed width files."""
    reader = source.reader
    if not isinstance(reader, FixedReader):
        raise HeduiError(f"Source {source.id} is not of type fixed.")

    def parser(*, dataset: str, place: str) -> FixedParser:
        return FixedParser(reader=reader, layout=reader.layout[dataset], place=place)

    return FileSource(context=context, source=source, reader=reader, parser=parser)


def width(fields: tuple[FixedField, ...]) -> int:
    """Bytes of a record."""
    return sum(field.bytes for field in fields)


class FixedParser:
    """One pass over one file; see :class:`hedui.sources.base.PacketParser`."""

    def __init__(self, *, reader: FixedReader, layout: tuple[FixedField, ...], place: str) -> None:
        self._reader = reader
        self._layout = layout
        self._place = place
        self._codec = CODECS[reader.encoding]
        self._label = LABELS[reader.encoding]
        self._width = width(layout)
        self._rows = 0
        self._undecodable = 0
        self.head: dict[str, str] = {}

    def batches(self, handle: BinaryIO) -> Iterator[RawBatch]:
        """The file's records."""
        records = self._by_length(handle) if self._reader.line_ending == "none" else self._by_line(handle)
        header, trailer = self._reader.header, self._reader.trailer
        last: Record | None = None
        for batch in records:
            if header is not None:
                self._mark(batch[0], header, HEADER)
                batch, header = batch[1:], None
            if trailer is not None and batch:  # the last one so far may be the trailer
                batch, last = ([] if last is None else [last]) + batch[:-1], batch[-1]
            if batch:
                yield self._batch(batch)
                self._check_records(last=False)
        if header is not None:
            raise self._lacks(HEADER)
        if trailer is not None:
            if last is None:
                raise self._lacks(TRAILER)
            try:
                self._mark(last, trailer, TRAILER)
            except PacketError:
                yield self._batch([last])  # then it is a record, whole or cut
                raise
        self._check_records(last=True)
        yield self._batch([])

    def _mark(self, record: Record, mark: FixedMark, name: tuple[str, str]) -> None:
        """Takes what the header or the trailer says."""
        line, content = record
        expected = width(mark.fields)
        if len(content) != expected or not content.startswith(mark.starts.encode(self._codec)):
            begins = f' that begin with "{mark.starts}"' if mark.starts else ""
            raise PacketError(
                f"{self._place}:{line}: the {name[1]} record is not there: {expected} bytes{begins} were expected, "
                f"{len(content)} found. The file may be cut; ask the sender for it again.",
                rule="B08",
                reason=f"没有{name[0]}（应有 {expected} 字节，实有 {len(content)} 字节），文件可能被截断",
                line=line,
            )
        at = 0
        for field in mark.fields:
            value = content[at : at + field.bytes]
            at += field.bytes
            try:
                self.head[field.name] = _stripped(value.decode(self._codec), field)
            except UnicodeDecodeError:
                raise PacketError(
                    f'{self._place}:{line}: field "{field.name}" of the {name[1]} record is not {self._label}.',
                    rule="B07",
                    reason=f"{name[0]}的“{field.name}”不是 {self._label}",
                    line=line,
                ) from None

    def _lacks(self, name: tuple[str, str]) -> PacketError:
        return PacketError(
            f"{self._place}: there is no {name[1]} record; the file is empty or cut, ask the sender for it again.",
            rule="B08",
            reason=f"没有{name[0]}，文件为空或被截断",
        )

    def _by_line(self, handle: BinaryIO) -> Iterator[list[Record]]:
        """Lines without their ends, in blocks; a line without any byte is no record."""
        rest, line = b"", 1
        for chunk in self._chunks(handle):
            rest += chunk
            end = rest.rfind(b"\n")
            if end >= 0:
                lines = rest[:end].split(b"\n")
                yield from _records(lines, line)
                line += len(lines)
                rest = rest[end + 1 :]
            elif len(rest) > MAX_LINE:
                raise PacketError(
                    f"{self._place}:{line}: the line is longer than {MAX_LINE} bytes; check line_ending in the source's YAML.",
                    rule="B07",
                    reason="行过长，可能没有换行",
                    line=line,
                )
        yield from _records([rest.removesuffix(END_OF_FILE)], line)

    def _by_length(self, handle: BinaryIO) -> Iterator[list[Record]]:
        """Records of equal length without line ends; what is left over at the end is the trailer or a cut record."""
        size = width(self._reader.header.fields) if self._reader.header else self._width
        tail = width(self._reader.trailer.fields) if self._reader.trailer else 0
        rest, number = b"", 1
        for chunk in self._chunks(handle):
            rest += chunk
            if number == 1 and len(rest) >= size + (0 if self._reader.header else tail):
                yield [(1, rest[:size])]
                rest, number = rest[size:], 2
            count = max(0, len(rest) - tail) // self._width
            if count and number > 1:
                yield [(number + at, rest[at * self._width : (at + 1) * self._width]) for at in range(count)]
                rest, number = rest[count * self._width :], number + count
        if rest:
            yield [(number, rest)]

    def _chunks(self, handle: BinaryIO) -> Iterator[bytes]:
        first = True
        while chunk := handle.read(CHUNK):
            if first:
                self._check_encoding(chunk)
                chunk, first = chunk.removeprefix(UTF8_MARK), False
            yield chunk

    def _check_encoding(self, head: bytes) -> None:
        # one cut character makes a file of UTF-8 look like GB18030, so that there the records decide
        other = looks_like(head, self._reader.encoding) if self._reader.encoding != "utf-8" else None
        if other is not None:
            raise PacketError(
                f"{self._place}:1: the file is {other}, declared is {self._label}; ask the sender for {self._label}, "
                "or change encoding in the source's YAML.",
                rule="B07",
                reason=f"文件编码是 {other}，约定为 {self._label}",
                line=1,
            )

    def _check_records(self, *, last: bool) -> None:
        """More records that do not decode than others are no bad records but another encoding."""
        if self._undecodable > 1 and self._undecodable * 2 > self._rows and (last or self._rows > 1000):
            raise PacketError(
                f"{self._place}: {self._undecodable} of {self._rows} records are not {self._label}; "
                f"ask the sender for {self._label}, or change encoding in the source's YAML.",
                rule="B07",
                reason=f"{self._rows} 条记录中有 {self._undecodable} 条不是 {self._label}",
            )

    def _batch(self, records: list[Record]) -> RawBatch:
        columns = self._columns([content for _, content in records]) if all(self._fits(one) for one in records) else None
        if columns is None:
            return self._one_by_one(records)
        first = self._rows + 1
        self._rows += len(records)
        return text_batch([field.name for field in self._layout], columns, first)

    def _fits(self, record: Record) -> bool:
        return len(record[1]) == self._width

    def _columns(self, records: list[bytes]) -> list[pa.Array] | None:
        """All columns of records of the right length at once; None where one of them does not decode."""
        if not records:
            return [pa.array([], type=pa.string()) for _ in self._layout]
        table = np.frombuffer(b"".join(records), dtype=np.uint8).reshape(len(records), self._width)
        if (table == 0).any() or (table == 10).any():
            return None
        arrays, at = [], 0
        for field in self._layout:
            column = np.full((len(records), field.bytes + 1), 10, dtype=np.uint8)  # a line end is no part of any character
            column[:, :-1] = table[:, at : at + field.bytes]
            at += field.bytes
            try:
                texts = column.tobytes().decode(self._codec)[:-1].split("\n")
            except UnicodeDecodeError:
                return None
            arrays.append(pa.array([_stripped(text, field) for text in texts], type=pa.string()))
        return arrays

    def _one_by_one(self, records: list[Record]) -> RawBatch:
        values: list[list[str]] = []
        rows: list[int] = []
        bad: list[BadRow] = []
        for line, record in records:
            self._rows += 1
            split = self._split(record)
            if isinstance(split, list):
                values.append(split)
                rows.append(self._rows)
            else:
                text = record.decode(self._codec, "backslashreplace")[:SHOWN_TEXT]
                bad.append(BadRow(row=self._rows, line=line, reason=split, text=text))
        columns = zip(*values, strict=True) if values else ([] for _ in self._layout)
        arrays = [pa.array(column, type=pa.string()) for column in columns]
        names = text_schema([field.name for field in self._layout])
        return RawBatch(
            records=pa.RecordBatch.from_arrays(arrays, schema=names), rows=pa.array(rows, type=pa.int64()), bad=tuple(bad)
        )

    def _split(self, record: bytes) -> list[str] | str:
        """A record's values, or why it has none."""
        if len(record) != self._width:
            return f"应有 {self._width} 字节，实有 {len(record)}"
        if re.search(rb"[\x00\n]", record):
            return "含有 NUL 或换行字符"
        values, at = [], 0
        for field in self._layout:
            part = record[at : at + field.bytes]
            try:
                values.append(_stripped(part.decode(self._codec), field))
            except UnicodeDecodeError as error:
                self._undecodable += 1
                place = at + error.start + 1
                cut = error.end >= len(part)
                what = "汉字被截断" if cut else f"0x{part[error.start]:02x} 不是 {self._label}"
                return f"“{field.name}”列（第 {place} 个字节）{what}"
            at += field.bytes
        return values


def _records(lines: list[bytes], first: int) -> Iterator[list[Record]]:
    stripped = ((number, line.removesuffix(b"\r")) for number, line in enumerate(lines, start=first))
    found = [(number, line) for number, line in stripped if line]
    if found:
        yield found


def _stripped(text: str, field: FixedField) -> str:
    if field.align == "left":
        return text.rstrip(field.pad)
    value = text.lstrip(field.pad)
    # zeros that fill up a number end before its last digit: 0000 is 0 and no empty value
    return value if field.pad != "0" or value[:1].isdigit() else f"0{value}"
