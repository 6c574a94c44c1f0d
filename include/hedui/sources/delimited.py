"""Reads text files with a separator: declared encoding, header or not, any size in bounded memory.

What makes the file as a whole wrong (no header, a column missing in it, another encoding than declared) refuses it with the place and
the cure. A single bad line costs only itself: it is yielded as a bad row with its number, text and reason.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from hedui.context import Context
from hedui.errors import HeduiError, SourceFormatError
from hedui.site.models import DelimitedReader, Source
from hedui.sources.base import BATCH_BYTES, Delivery, Packet, RawBatch, wanted_columns
from hedui.sources.encodings import BYTE_ORDER_MARK, CODECS, LABELS, looks_like
from hedui.sources.files import Inbox
from hedui.sources.lines import Line, Splitter, split_header
from hedui.sources.names import raw_names

MAX_LINE = 16 << 20  # a line longer than this is no line: the separator or the file is wrong


class DelimitedSource:
    """Reader of a source whose datasets are delimited text files."""

    def __init__(self, *, context: Context, source: Source) -> None:
        if not isinstance(source.reader, DelimitedReader):
            raise HeduiError(f"Source {source.id} is not of type delimited.")
        self._context = context
        self._source = source
        self._reader = source.reader

    @contextmanager
    def open(self, date: dt.date) -> Iterator[DelimitedSnapshot]:
        """All files of the date; see :class:`hedui.sources.base.Reader`."""
        yield DelimitedSnapshot(
            inbox=Inbox(context=self._context, source=self._source, date=date), source=self._source, reader=self._reader
        )


class DelimitedSnapshot:
    """The files of one date."""

    def __init__(self, *, inbox: Inbox, source: Source, reader: DelimitedReader) -> None:
        self._inbox = inbox
        self._source = source
        self._reader = reader
        self._rows_read: dict[str, int] = {}

    def read(self, dataset: str) -> Iterator[RawBatch]:
        """The file's records."""
        with self._inbox.open(dataset) as handle:
            for batch in self._file(dataset).batches(handle):
                self._rows_read[dataset] = self._rows_read.get(dataset, 0) + batch.records.num_rows + len(batch.bad)
                yield batch

    def packets(self, dataset: str) -> tuple[Packet, ...]:
        """The one file."""
        return (self._inbox.packet(dataset, rows=self._rows_read.get(dataset, 0)),)

    def delivery(self, dataset: str) -> Delivery:
        """Path, size and digest of the file."""
        return Delivery(carrier="delimited", place=self._inbox.path(dataset), identity=self._inbox.identity(dataset))

    def _file(self, dataset: str) -> _File:
        wanted = wanted_columns(self._source, dataset)
        return _File(reader=self._reader, place=f"{self._source.id}: {self._inbox.path(dataset)}", wanted=wanted)


def _blocks(handle: BinaryIO) -> Iterator[bytes]:
    """The file in blocks of whole lines; only the last may lack its line end."""
    rest = b""
    while chunk := handle.read(BATCH_BYTES):
        rest += chunk
        end = rest.rfind(b"\n") + 1
        if end:
            yield rest[:end]
            rest = rest[end:]
        elif len(rest) > MAX_LINE:
            yield rest  # judged as one line: far too long to be a record
            rest = b""
    if rest:
        yield rest


class _File:
    """One pass over one file."""

    def __init__(self, *, reader: DelimitedReader, place: str, wanted: list[str]) -> None:
        self._reader = reader
        self._place = place
        self._wanted = wanted
        self._codec = CODECS[reader.encoding]
        self._label = LABELS[reader.encoding]
        self._line = 1
        self._lines = 0
        self._undecodable = 0

    def batches(self, handle: BinaryIO) -> Iterator[RawBatch]:
        """All records; the header is checked first."""
        blocks = _blocks(handle)
        columns, block = self.start(blocks)
        splitter = Splitter(columns=columns, separator=self._reader.separator, quote=self._reader.quote)
        following = next(blocks, None)
        pending = True
        while pending:
            last = following is None
            yield self._split(splitter, block, last=last)
            self._check_encoding(last=last)
            block, following, pending = following or b"", None if last else next(blocks, None), not last

    def start(self, blocks: Iterator[bytes]) -> tuple[list[str], bytes]:
        """The columns, and what follows the header in the first block.

        Raises:
            SourceFormatError: The file is empty, its encoding is another one, or its header lacks a column.
        """
        block = next(blocks, b"")
        other = looks_like(block, self._reader.encoding)
        if other is not None:
            raise SourceFormatError(
                f"{self._place}:1: the file is {other}, declared is {self._label}; ask the sender for {self._label}, "
                "or change encoding in the source's YAML."
            )
        end = block.find(b"\n") + 1 or len(block)
        header = self._decode_header(block[:end])
        if not header:
            raise SourceFormatError(f"{self._place}:1: the file is empty; a delivery without rows has its header all the same.")
        names = split_header(header, separator=self._reader.separator, quote=self._reader.quote)
        if not self._reader.header:
            return self._numbered(len(names)), block if not block.startswith(b"\xef\xbb\xbf") else block[3:]
        self._line = 2
        return raw_names(names, wanted=self._wanted, place=f"{self._place}:1"), block[end:]

    def _numbered(self, count: int) -> list[str]:
        """Without a header the columns are called by their numbers."""
        highest = max(int(name) for name in self._wanted)
        if highest > count:
            raise SourceFormatError(
                f"{self._place}:1: the line has {count} columns, the site uses column {highest}; check the separator "
                f"{self._reader.separator!r}."
            )
        return [str(number) for number in range(1, count + 1)]

    def _decode_header(self, line: bytes) -> str:
        try:
            text = line.decode(self._codec)
        except UnicodeDecodeError as error:
            raise SourceFormatError(
                f"{self._place}:1: byte 0x{line[error.start]:02x} at position {error.start + 1} is not {self._label}; "
                f"ask the sender for {self._label}, or change encoding in the source's YAML."
            ) from None
        return text.removeprefix(BYTE_ORDER_MARK).rstrip("\r\n")

    def _split(self, splitter: Splitter, block: bytes, *, last: bool) -> RawBatch:
        first = self._line
        self._line += block.count(b"\n")
        self._lines += block.count(b"\n")
        try:
            text = block.decode(self._codec)
        except UnicodeDecodeError:
            return splitter.lines([self._decode(line, first + index) for index, line in enumerate(_split_lines(block))], last=last)
        batch = splitter.block(text)
        if batch is not None:
            return batch
        lines = [_line(part, first + index, ended) for index, (part, ended) in enumerate(_split_text(text))]
        return splitter.lines(lines, last=last)

    def _decode(self, line: bytes, number: int) -> Line:
        ended = line.endswith(b"\n")
        line = line.removesuffix(b"\n").removesuffix(b"\r")
        try:
            return _line(line.decode(self._codec), number, ended)
        except UnicodeDecodeError as error:
            self._undecodable += 1
            reason = f"第 {error.start + 1} 个字节 0x{line[error.start]:02x} 不是 {self._label}"
            return Line(number=number, text=line.decode(self._codec, "backslashreplace"), problem=reason, ended=ended)

    def _check_encoding(self, *, last: bool) -> None:
        """More bad lines than good ones are no bad lines but another encoding."""
        if self._undecodable > 1 and self._undecodable * 2 > self._lines and (last or self._lines > 1000):
            raise SourceFormatError(
                f"{self._place}:{self._line}: {self._undecodable} of {self._lines} lines are not {self._label}; "
                f"ask the sender for {self._label}, or change encoding in the source's YAML."
            )


def _split_lines(block: bytes) -> list[bytes]:
    parts = block.split(b"\n")
    lines = [part + b"\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def _split_text(text: str) -> list[tuple[str, bool]]:
    parts = text.split("\n")
    lines = [(part.removesuffix("\r"), True) for part in parts[:-1]]
    return [*lines, (parts[-1], False)] if parts[-1] else lines


def _line(text: str, number: int, ended: bool) -> Line:
    problem = "含有 NUL 字符" if "\0" in text else ""
    if len(text) > MAX_LINE:
        problem = "行过长"
    return Line(number=number, text=text, problem=problem, ended=ended)
