"""What every reader of a source offers, whatever the carrier.

A carrier (database, delimited or fixed width file, workbook, XML) is a :class:`Reader`: ``open(date)`` gives one consistent snapshot
over all datasets of the source, and the snapshot yields each dataset's rows in batches. Values stay text as received; nothing is
cleaned, translated or dropped here. What is no row at all (wrong number of columns, undecodable bytes) travels beside the rows as
:class:`BadRow`, so that it is counted and reported. A dataset's delivery is one or more :class:`Packet`: files, members of archives.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

import numpy as np
import pyarrow as pa

from hedui.context import Context
from hedui.errors import SourceFormatError
from hedui.site.models import Source

BATCH_BYTES = 8 << 20  # text that is in memory at a time, per dataset being read
BATCH_ROWS = 50_000  # rows at a time for readers that count rows and not bytes
SHOWN_TEXT = 4000  # characters of a bad row that are kept
SHOWN_VALUE = 60


@dataclass(frozen=True, kw_only=True)
class BadRow:
    r"""A record that could not be split into the source's columns.

    Attributes:
        row: Its number among the records, from 1.
        line: The line or sheet row it begins at, from 1.
        reason: What is wrong, in Chinese.
        text: The record as received, undecodable bytes as ``\xNN``, cut to a bounded length.
    """

    row: int
    line: int
    reason: str
    text: str


@dataclass(frozen=True, kw_only=True)
class RawBatch:
    """Some records of a dataset, in the order in which they were received.

    Attributes:
        records: Columns of text as received; a database's NULL is null, an empty text is empty.
        rows: Each record's number, from 1; bad rows have numbers of the same sequence.
        bad: Records that are no rows.
        packet: Number of the packet that the records come from; a batch never holds records of two.
    """

    records: pa.RecordBatch
    rows: pa.Int64Array
    bad: tuple[BadRow, ...] = ()
    packet: int = 1


@dataclass(frozen=True, kw_only=True)
class PacketProblem:
    """Why a packet cannot be used as a whole.

    Readers tell what kept them from reading: B07 (encoding or format), B08 (header or columns), B06 (the file's name does not have the
    agreed form), B02 and B05 (what is declared as count or total is no number). What follows from the packet's facts (head, count,
    totals, repeats, the name's parts against the content) is for the judge of batches.

    Attributes:
        rule: The rule that it breaks.
        reason: What is wrong, in Chinese, without personal data.
        line: The line or sheet row where, from 1.
        value: What was found, cut to a bounded length, without personal data.
    """

    rule: str
    reason: str
    line: int | None = None
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class Packet:
    """One file, or one member of an archive, of a dataset's delivery.

    Attributes:
        number: From 1 in the order of reading, which is the order of names.
        name: Path below the inbox; ``archive!member`` in an archive.
        head: What the packet says of itself, as received: fields of its envelope, header, trailer or count line.
        name_parts: What its name says: type, insurance, region, agency, batch, date, time, sequence, as far as the template has them.
        rows: Records read from it, bad rows included.
        declared_rows: Number of records that it declares; None where it declares none or no number.
        declared_totals: Control totals that it declares, in fen, by canonical money field.
        problems: Why it cannot be used as a whole; records that were read all the same belong to an unusable packet.
        size: Bytes, of an archive's member without compression.
        sha256: Digest of those bytes; of a packet that broke off, of the bytes as far as they could be read.
        modified: When the file was last changed, where the place tells.
    """

    number: int
    name: str
    head: dict[str, str] = field(default_factory=dict)
    name_parts: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    declared_rows: int | None = None
    declared_totals: dict[str, int] = field(default_factory=dict)
    problems: tuple[PacketProblem, ...] = ()
    size: int = 0
    sha256: str = ""
    modified: dt.datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What is known about a dataset's delivery once it has been read to the end.

    Attributes:
        carrier: Reader type.
        place: Where it was: path below the inbox, or table.
        identity: What tells this delivery from another: digest and size of a file, the snapshot of a database. The batch life cycle
            recognises resends and duplicates by it.
    """

    carrier: str
    place: str
    identity: dict[str, Any] = field(default_factory=dict)


class PacketError(SourceFormatError):
    """A packet cannot be read, or no further.

    Attributes:
        problem: The same for users.
    """

    def __init__(self, message: str, *, rule: str, reason: str, line: int | None = None, value: str = "") -> None:
        super().__init__(message)
        self.problem = PacketProblem(rule=rule, reason=reason, line=line, value=shown(value))


class PacketParser(Protocol):
    """One pass over one packet."""

    head: dict[str, str]
    """What the packet says of itself; complete when :meth:`batches` has ended or raised."""

    def batches(self, handle: BinaryIO) -> Iterator[RawBatch]:
        """The packet's records, numbered from 1; reads forward only.

        Raises:
            PacketError: The packet cannot be read, or no further.
        """


class ParserFactory(Protocol):
    """Makes the parser of a dataset's packet."""

    def __call__(self, *, dataset: str, place: str) -> PacketParser: ...  # noqa: D102


class Snapshot(Protocol):
    """A source as of one moment."""

    def read(self, dataset: str) -> Iterator[RawBatch]:
        """The rows of a dataset in a bounded amount of memory; at least one batch, which may be empty and tells the columns.

        Record numbers run on from packet to packet. A packet that cannot be read ends with a problem, and reading goes on with the next;
        a source whose delivery is one file (no ``packets: true``) is refused instead.

        Raises:
            SourceError: Reading broke off. SourceFormatError: the delivery as a whole is not in its declared format.
        """

    def delivery(self, dataset: str) -> Delivery:
        """Where the dataset came from; complete after :meth:`read` has come to its end."""

    def packets(self, dataset: str) -> tuple[Packet, ...]:
        """The dataset's packets; complete after :meth:`read` has come to its end.

        Empty where a table was read, which is one packet that tells nothing of itself, and where no packet of the dataset came although
        the site says that it may be absent.
        """


class Reader(Protocol):
    """Reads one source."""

    def open(self, date: dt.date) -> AbstractContextManager[Snapshot]:
        """One consistent snapshot of all datasets as of a business date.

        Raises:
            SourceMissingError: The source has not delivered for the date, or cannot be read as of it.
            SourceError: The source cannot be reached.
        """


class ReaderFactory(Protocol):
    """Makes the reader of a source."""

    def __call__(self, *, context: Context, source: Source) -> Reader: ...  # noqa: D102


def text_batch(columns: list[str], values: list[pa.Array], first_row: int, bad: tuple[BadRow, ...] = ()) -> RawBatch:
    """A batch whose records are numbered one after the other."""
    records = pa.RecordBatch.from_arrays(values, schema=text_schema(columns))
    rows = pa.array(np.arange(first_row, first_row + records.num_rows, dtype=np.int64))
    return RawBatch(records=records, rows=rows, bad=bad)


def text_schema(columns: list[str]) -> pa.Schema:
    """The Arrow schema of raw records: text columns."""
    return pa.schema([(name, pa.string()) for name in columns])


def wanted_columns(source: Source, dataset: str) -> list[str]:
    """The source's columns that fill canonical fields, in the site's order, each once."""
    spec = source.datasets[dataset]
    return list(dict.fromkeys(column.column for column in spec.columns.values() if column.column is not None))


def shown(value: str) -> str:
    """A value of a packet's head or name, fit for messages."""
    text = "".join(character if character.isprintable() else "?" for character in value)
    return text if len(text) <= SHOWN_VALUE else text[: SHOWN_VALUE - 1] + "…"
