"""What all carriers of files share: the packets of a dataset one after the other, each with what it says of itself and what is wrong."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation

import pyarrow as pa
import pyarrow.compute as pc

from hedui.context import Context
from hedui.errors import SourceFormatError
from hedui.site.models import Source
from hedui.site.readers import AnyFileReader, FixedReader, Total, XmlReader
from hedui.sources.archive import Archive, open_gzip
from hedui.sources.base import (
    Delivery,
    Packet,
    PacketError,
    PacketParser,
    PacketProblem,
    ParserFactory,
    RawBatch,
    text_batch,
    wanted_columns,
)
from hedui.sources.files import Digesting, Inbox, InboxFile
from hedui.sources.inbox import open_place
from hedui.sources.inbox_names import segments

OTHER = "其他"
"""The raw column that holds, as JSON, what a packet has beyond the columns that the site uses: packets of one dataset differ there."""
MAX_DECLARED = 10**18


class FileSource:
    """Reader of a source whose datasets are files."""

    def __init__(self, *, context: Context, source: Source, reader: AnyFileReader, parser: ParserFactory) -> None:
        self._context = context
        self._source = source
        self._reader = reader
        self._parser = parser

    @contextmanager
    def open(self, date: dt.date) -> Iterator[FileSnapshot]:
        """All files of the date; see :class:`hedui.sources.base.Reader`."""
        with open_place(self._context, self._source.id, self._reader.inbox) as place:
            inbox = Inbox(place=place, source=self._source, date=date)
            yield FileSnapshot(inbox=inbox, source=self._source, reader=self._reader, parser=self._parser, date=date)


class FileSnapshot:
    """The files of one date."""

    def __init__(self, *, inbox: Inbox, source: Source, reader: AnyFileReader, parser: ParserFactory, date: dt.date) -> None:
        self._inbox = inbox
        self._source = source
        self._reader = reader
        self._parser = parser
        self._date = date
        self._passes: dict[str, _Pass] = {}

    def read(self, dataset: str) -> Iterator[RawBatch]:
        """The records of the dataset's packets."""
        spec = self._source.datasets[dataset]
        one = _Pass(
            reader=self._reader,
            parser=self._parser,
            source=self._source.id,
            dataset=dataset,
            inbox=self._inbox,
            columns=raw_columns(self._source, dataset) if self._reader.packets else None,
            member=_Member(template=self._reader.member, table=spec.table, date=self._date),
        )
        self._passes[dataset] = one
        yield from one.batches()

    def packets(self, dataset: str) -> tuple[Packet, ...]:
        """The dataset's packets."""
        return tuple(self._passes[dataset].packets) if dataset in self._passes else ()

    def delivery(self, dataset: str) -> Delivery:
        """Names, size and digest of the packets."""
        packets = self.packets(dataset)
        if len(packets) == 1:
            [packet] = packets
            return Delivery(carrier=self._reader.type, place=packet.name, identity={"size": packet.size, "sha256": packet.sha256})
        digest = hashlib.sha256("".join(f"{packet.sha256} {packet.name}\n" for packet in packets).encode())
        return Delivery(
            carrier=self._reader.type,
            place=self._inbox.place(dataset),
            identity={
                "size": sum(packet.size for packet in packets),
                "sha256": digest.hexdigest(),
                "packets": len(packets),
            },
        )


@dataclass(frozen=True, kw_only=True)
class _Member:
    """Which members of an archive are data."""

    template: str
    table: str
    date: dt.date


@dataclass(kw_only=True)
class _Pass:
    """One reading of one dataset.

    Attributes:
        columns: The raw columns that every packet is brought to; None where there is one file, whose columns are kept as they are.
        rows: Records of all packets so far.
        packets: The packets that have been read.
    """

    reader: AnyFileReader
    parser: ParserFactory
    source: str
    dataset: str
    inbox: Inbox
    columns: list[str] | None
    member: _Member
    rows: int = 0
    packets: list[Packet] = field(default_factory=list)
    yielded: bool = False

    def batches(self) -> Iterator[RawBatch]:
        for file in self.inbox.files(self.dataset):
            with self.inbox.open(file, anywhere=self.reader.archive == "zip" or self.reader.type == "xlsx") as handle:
                yield from self._file(file, handle)
        if not self.yielded and self.columns is not None:
            yield text_batch(self.columns, [pa.array([], type=pa.string()) for _ in self.columns], 1)

    def _file(self, file: InboxFile, handle: Digesting) -> Iterator[RawBatch]:
        if self.reader.archive == "zip":
            yield from self._zip(file, handle)
        elif self.reader.archive == "gz":
            name = f"{file.path}!{file.path.rsplit('/', 1)[-1].removesuffix('.gz')}"
            try:
                with open_gzip(handle, size=file.size, place=self._place(file.path)) as stream:
                    yield from self._packet(file, stream, name=name)
            except PacketError as error:  # before its first byte
                self._refuse(file, error, handle, name=name)
        else:
            yield from self._packet(file, handle, name=file.path)

    def _zip(self, file: InboxFile, handle: Digesting) -> Iterator[RawBatch]:
        template = segments(self.member.template, dataset=self.dataset, table=self.member.table, date=self.member.date)
        try:
            archive = Archive(handle, place=self._place(file.path))
            members = archive.members(template)
        except PacketError as error:
            handle.finish()
            self._refuse(file, error, handle)
            return
        if len(members) > 1 and self.columns is None:
            raise SourceFormatError(
                f"{self._place(file.path)}: the archive holds {len(members)} data files, one was expected; "
                "name it by member, or set packets: true in the source's YAML."
            )
        for member in members:
            named = replace(file, parts=file.parts | member.parts, misnamed=file.misnamed or member.misnamed)
            name = f"{file.path}!{member.name}"
            try:
                with archive.open(member) as stream:
                    if self.reader.type == "xlsx":
                        with _on_disk(stream) as copy:
                            yield from self._packet(named, copy, name=name)
                    else:
                        yield from self._packet(named, stream, name=name)
            except PacketError as error:  # before its first byte
                self._refuse(named, error, handle=None, name=name)

    def _packet(self, file: InboxFile, stream: Digesting, *, name: str) -> Iterator[RawBatch]:
        parser = self.parser(dataset=self.dataset, place=self._place(name))
        problems = [_misnamed(name)] if file.misnamed else []
        number, before = len(self.packets) + 1, self.rows
        try:
            for batch in parser.batches(stream):
                self.yielded = True
                self.rows += batch.records.num_rows + len(batch.bad)
                yield self._placed(batch, number=number, before=before)
            stream.finish()
        except PacketError as error:
            if self.columns is None:
                raise
            problems.append(error.problem)
        self._record(file, parser, stream, number=number, name=name, rows=self.rows - before, problems=problems)

    def _record(
        self,
        file: InboxFile,
        parser: PacketParser,
        stream: Digesting,
        *,
        number: int,
        name: str,
        rows: int,
        problems: list[PacketProblem],
    ) -> None:
        try:
            stream.finish()
        except PacketError as error:
            problems = problems or [error.problem]
        declared = _Declared(reader=self.reader, head=parser.head)
        self.packets.append(
            Packet(
                number=number,
                name=name,
                head=dict(parser.head),
                name_parts=dict(file.parts),
                rows=rows,
                declared_rows=declared.rows(),
                declared_totals=declared.totals(),
                problems=(*problems, *declared.problems),
                size=stream.size,
                sha256=stream.sha256,
                modified=file.modified,
            )
        )

    def _refuse(self, file: InboxFile, error: PacketError, handle: Digesting | None, *, name: str | None = None) -> None:
        """A packet without any record: an archive or a member that cannot be opened."""
        if self.columns is None:
            raise error
        self.packets.append(
            Packet(
                number=len(self.packets) + 1,
                name=name or file.path,
                name_parts=dict(file.parts),
                problems=(error.problem,),
                size=handle.size if handle else 0,
                sha256=handle.sha256 if handle else "",
                modified=file.modified,
            )
        )

    def _placed(self, batch: RawBatch, *, number: int, before: int) -> RawBatch:
        """The batch among the batches of all packets."""
        records = batch.records if self.columns is None else brought_to(self.columns, batch.records)
        if not before:
            return replace(batch, records=records, packet=number)
        bad = tuple(replace(row, row=row.row + before) for row in batch.bad)
        return RawBatch(records=records, rows=pc.add(batch.rows, before), bad=bad, packet=number)

    def _place(self, name: str) -> str:
        return f"{self.source}: {name}"


@dataclass(kw_only=True)
class _Declared:
    """What a packet's head says about count and totals."""

    reader: AnyFileReader
    head: dict[str, str]
    problems: list[PacketProblem] = field(default_factory=list)

    def rows(self) -> int | None:
        name = count_field(self.reader)
        text = self.head.get(name, "").strip() if name else ""
        if not text:
            return None
        if text.isascii() and text.isdigit() and len(text) <= 18:
            return int(text)
        self.problems.append(PacketProblem(rule="B02", reason=f"声明的记录数（{name}）不是整数", value=text[:20]))
        return None

    def totals(self) -> dict[str, int]:
        found = {}
        for canonical, total in self.reader.totals.items():
            text = self.head.get(total.column, "").strip()
            if not text:
                continue
            fen = _fen(text, total)
            if fen is None:
                self.problems.append(PacketProblem(rule="B05", reason=f"声明的总额（{total.column}）不是金额", value=text[:20]))
            else:
                found[canonical] = fen
        return found


def count_field(reader: AnyFileReader) -> str | None:
    """The head's field that declares the number of records, where there is one."""
    if isinstance(reader, XmlReader):
        return reader.count
    if isinstance(reader, FixedReader):
        marks = [mark for mark in (reader.header, reader.trailer) if mark is not None and mark.count is not None]
        return marks[0].count if marks else None
    return "1" if reader.type == "delimited" and reader.count_line else None


def _fen(text: str, total: Total) -> int | None:
    try:
        value = Decimal(text) * (100 if total.unit == "yuan" else 1)
    except InvalidOperation:
        return None
    if not value.is_finite() or abs(value) >= MAX_DECLARED or value != value.to_integral_value():
        return None
    return int(value)


def _misnamed(name: str) -> PacketProblem:
    return PacketProblem(rule="B06", reason="文件名不符合约定的格式", value=name.rsplit("/", 1)[-1][:60])


def raw_columns(source: Source, dataset: str) -> list[str]:
    """The raw columns of a dataset that comes in packets."""
    if isinstance(source.reader, FixedReader):
        return [column.name for column in source.reader.layout[dataset]]
    wanted = wanted_columns(source, dataset)
    return [*wanted, OTHER if OTHER not in wanted else f"{OTHER}_2"]


def brought_to(columns: list[str], records: pa.RecordBatch) -> pa.RecordBatch:
    """Records with the given columns: the last takes, as JSON, what is in none of the others."""
    names = records.schema.names
    if names == columns:
        return records
    wanted = columns[:-1]
    rest = [name for name in names if name not in wanted]
    if rest:
        values = [records.column(name).to_pylist() for name in rest]
        texts = [json.dumps(dict(zip(rest, row, strict=True)), ensure_ascii=False) for row in zip(*values, strict=True)]
        extra = pa.array(texts, type=pa.string())
    else:
        extra = pa.nulls(records.num_rows, pa.string())
    return pa.RecordBatch.from_arrays([*(records.column(name) for name in wanted), extra], names=columns)


@contextmanager
def _on_disk(stream: Digesting) -> Iterator[Digesting]:
    """A copy that can be read here and there."""
    with tempfile.TemporaryFile() as target:
        while chunk := stream.read(1 << 20):
            target.write(chunk)
        target.seek(0)
        yield Digesting(target)
