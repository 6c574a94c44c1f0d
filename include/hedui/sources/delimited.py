"""Reads text files with a separator: declared encoding, header or not, any size in bounded memory.

What makes the file as a whole wrong (no header, a column missing in it, another encoding than declared) refuses it with the place and
the cure. A single bad line costs only itself: it is yielded as a bad row with its number, text and reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from hedui.context import Context
from hedui.errors import HeduiError
from hedui.site.models import DelimitedReader, Source
from hedui.sources.base import BATCH_BYTES, SHOWN_TEXT, PacketError, RawBatch, wanted_columns
from hedui.sources.encodings import BYTE_ORDER_MARK, CODECS, LABELS, UTF8_MARK, looks_like
from hedui.sources.lines import Line, Splitter, split_header
from hedui.sources.names import raw_names
from hedui.sources.packets import FileSource

MAX_LINE = 4 << 20  # bytes; a line longer than this is no line: the separator or the file is wrong
MAX_HEADER = 1 << 20  # bytes
MAX_LINES = 100_000  # lines at a time: short ones take far more memory than their bytes


def delimited_source(*, context: Context, source: Source) -> FileSource:
    """The reader of a source whose datasets are delimited text files."""
    reader = source.reader
    if not isinstance(reader, DelimitedReader):
        raise HeduiError(f"Source {source.id} is not of type delimited.")

    def parser(*, dataset: str, place: str) -> DelimitedParser:
        return DelimitedParser(reader=reader, place=place, wanted=wanted_columns(source, dataset))

    return FileSource(context=context, source=source, reader=reader, parser=parser)


def _blocks(handle: BinaryIO) -> Iterator[bytes]:
    """The file in blocks of whole lines; only the last may lack its line end. A line that is too long stands alone and is cut."""
    rest = b""
    while chunk := handle.read(BATCH_BYTES):
        rest += chunk
        end = rest.rfind(b"\n") + 1
        if end:
            yield from _pieces(rest[:end])
            rest = rest[end:]
        elif len(rest) > MAX_LINE:
            after = _after_line(handle)
            yield rest if after is None else rest + b"\n"
            rest = after or b""
    end = rest.rfind(b"\n") + 1  # behind a line that was too long, whole ones may be left
    yield from _pieces(rest[:end]) if end else ()
    if rest[end:]:
        yield rest[end:]


def _after_line(handle: BinaryIO) -> bytes | None:
    """Reads to the end of a line; what was read behind it, None where the file ended before."""
    while chunk := handle.read(BATCH_BYTES):
        found = chunk.find(b"\n") + 1
        if found:
            return chunk[found:]
    return None


def _pieces(block: bytes) -> Iterator[bytes]:
    """Whole lines, not too many at a time."""
    lines = block.count(b"\n")
    step = len(block) * MAX_LINES // max(lines, 1)
    start = 0
    while start < len(block):
        end = block.find(b"\n", min(start + step, len(block) - 1)) + 1
        yield block[start:end]
        start = end


class DelimitedParser:
    """One pass over one file; see :class:`hedui.sources.base.PacketParser`."""

    def __init__(self, *, reader: DelimitedReader, place: str, wanted: list[str]) -> None:
        self._reader = reader
        self._place = place
        self._wanted = wanted
        self._codec = CODECS[reader.encoding]
        self._label = LABELS[reader.encoding]
        self._line = 1
        self._lines = 0
        self._undecodable = 0
        self.head: dict[str, str] = {}

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
            PacketError: The file is empty, its encoding is another one, or its header lacks a column.
        """
        block = next(blocks, b"")
        other = looks_like(block, self._reader.encoding)
        if other is not None:
            raise PacketError(
                f"{self._place}:1: the file is {other}, declared is {self._label}; ask the sender for {self._label}, "
                "or change encoding in the source's YAML.",
                rule="B07",
                reason=f"文件编码是 {other}，约定为 {self._label}",
                line=1,
            )
        block = block.removeprefix(UTF8_MARK)
        if self._reader.count_line:
            block = self._count_line(block) or next(blocks, b"")
        end = block.find(b"\n") + 1 or len(block)
        header = self._decode_header(block[:end])
        if not header:
            if self._reader.count_line and not self._reader.header:
                return self._numbered(0), b""
            raise PacketError(
                f"{self._place}:{self._line}: the file is empty; a delivery without rows has its header all the same.",
                rule="B08",
                reason="文件为空，没有表头",
                line=self._line,
            )
        names = split_header(header, separator=self._reader.separator, quote=self._reader.quote)
        if not self._reader.header:
            return self._numbered(len(names)), block
        place, line = f"{self._place}:{self._line}", self._line
        self._line += 1
        return raw_names(names, wanted=self._wanted, place=place, line=line), block[end:]

    def _count_line(self, block: bytes) -> bytes:
        """Takes the first line, which declares the number of records and perhaps totals."""
        end = block.find(b"\n") + 1 or len(block)
        values = split_header(self._decode_header(block[:end]), separator=self._reader.separator, quote=self._reader.quote)
        self.head = {str(number): value.strip() for number, value in enumerate(values, start=1)}
        if not self.head["1"].isdigit():
            raise PacketError(
                f"{self._place}:1: the first line does not begin with the number of records; ask the sender for the agreed count line.",
                rule="B08",
                reason="首行不是记录数",
                line=1,
            )
        self._line = 2
        return block[end:]

    def _numbered(self, count: int) -> list[str]:
        """Without a header the columns are called by their numbers."""
        highest = max((int(name) for name in self._wanted), default=1)
        if count == 0:
            return [str(number) for number in range(1, highest + 1)]
        if highest > count:
            raise PacketError(
                f"{self._place}:{self._line}: the line has {count} columns, the site uses column {highest}; check the separator "
                f"{self._reader.separator!r}.",
                rule="B08",
                reason=f"第一行有 {count} 列，至少应有 {highest} 列",
                line=self._line,
            )
        return [str(number) for number in range(1, count + 1)]

    def _decode_header(self, line: bytes) -> str:
        if len(line) > MAX_HEADER:
            raise PacketError(
                f"{self._place}:{self._line}: the line has {len(line)} bytes or more; it is no header, check the separator and the file.",
                rule="B08",
                reason="首行过长，不是表头",
                line=self._line,
            )
        try:
            text = line.decode(self._codec)
        except UnicodeDecodeError as error:
            raise PacketError(
                f"{self._place}:{self._line}: byte 0x{line[error.start]:02x} at position {error.start + 1} is not {self._label}; "
                f"ask the sender for {self._label}, or change encoding in the source's YAML.",
                rule="B07",
                reason=f"第 {error.start + 1} 个字节 0x{line[error.start]:02x} 不是 {self._label}",
                line=self._line,
            ) from None
        return text.removeprefix(BYTE_ORDER_MARK).rstrip("\r\n")

    def _split(self, splitter: Splitter, block: bytes, *, last: bool) -> RawBatch:
        first, ends = self._line, block.count(b"\n")
        self._line += ends
        self._lines += ends
        if len(block) > MAX_LINE and ends <= 1:
            text = block[:SHOWN_TEXT].decode(self._codec, "backslashreplace")
            return splitter.lines([Line(number=first, text=text, problem="行过长", ended=bool(ends))], last=last)
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
            raise PacketError(
                f"{self._place}:{self._line}: {self._undecodable} of {self._lines} lines are not {self._label}; "
                f"ask the sender for {self._label}, or change encoding in the source's YAML.",
                rule="B07",
                reason=f"{self._lines} 行中有 {self._undecodable} 行不是 {self._label}",
                line=self._line,
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
    return Line(number=number, text=text, problem="含有 NUL 字符" if "\0" in text else "", ended=ended)
