"""Writes the raw batch of a dataset: the records as received, and beside them the records that are no rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hedui.errors import ConservationError
from hedui.lake import Lake, PartitionWriter
from hedui.sources.base import BadRow, RawBatch

REPETITIVE = 10
"""Records per distinct value from which on a column is repetitive."""

BAD_SCHEMA = pa.schema([("source_row", pa.int64()), ("line", pa.int64()), ("reason", pa.string()), ("text", pa.string())])

SEPARATOR: Final = "\x1f"
END: Final = "\x1e"
NOTHING: Final = "\x00"


class PacketRows:
    """The records of one packet as they pass by: how many, and a digest of them that does not depend on what is around them."""

    def __init__(self) -> None:
        self.rows = 0
        self._sha = hashlib.sha256()

    def add(self, batch: RawBatch) -> None:
        """Takes the next records."""
        self.rows += batch.records.num_rows + len(batch.bad)
        if batch.records.num_rows and batch.records.num_columns:
            ends = pa.scalar(END)
            joined = pc.binary_join_element_wise(
                *batch.records.columns, ends, SEPARATOR, null_handling="replace", null_replacement=NOTHING
            )
            self._sha.update(pc.binary_join(pa.LargeListArray.from_arrays([0, len(joined)], joined), "")[0].as_buffer())
        for bad in batch.bad:
            self._sha.update(f"{NOTHING}{bad.text}{END}".encode())

    @property
    def content(self) -> str:
        """The digest of the records so far."""
        return self._sha.hexdigest()


@dataclass(frozen=True, kw_only=True)
class RawBatchFiles:
    """A raw batch as it was written.

    Attributes:
        data: Parquet file of the records: raw columns as text, and source_row.
        bad: Parquet file of the unreadable records; None where there are none.
        columns: The raw columns.
        records: Number of records that are rows.
        unreadable: Number of records that are none.
        packets: What passed by of each packet, by its number.
    """

    data: str
    bad: str | None
    columns: list[str]
    records: int
    unreadable: int
    packets: dict[int, PacketRows] = field(default_factory=dict)

    @property
    def source_rows(self) -> int:
        """All records that the source delivered."""
        return self.records + self.unreadable


def write_raw(
    *,
    lake: Lake,
    writer: PartitionWriter,
    batches: Iterator[RawBatch],
    progress: Callable[[int], None],
    packets: bool = False,
) -> RawBatchFiles:
    """Streams a dataset's records to Parquet.

    Args:
        lake: The lake.
        writer: Writer of the raw partition; not committed here.
        batches: The records; at least one batch.
        progress: Called with the number of records so far.
        packets: Count and digest the records of each packet, too.

    Raises:
        ConservationError: Record numbers are not 1, 2, 3 …: some were lost.
    """
    data = writer.new_file("data")
    bad: str | None = None
    records = unreadable = 0
    columns: list[str] = []
    passed: dict[int, PacketRows] = {}
    with ExitStack() as stack:
        rows_file = bad_file = None
        for batch in batches:
            if rows_file is None:
                columns = batch.records.schema.names
                schema = pa.schema([*batch.records.schema, ("source_row", pa.int64())])
                rows_file = stack.enter_context(_open(stack, lake, data, schema, dictionary=_repetitive(batch)))
            if batch.records.num_rows:
                rows_file.write_batch(pa.RecordBatch.from_arrays([*batch.records.columns, batch.rows], schema=rows_file.schema))
            if batch.bad:
                if bad_file is None:
                    bad = writer.new_file("bad")
                    bad_file = stack.enter_context(_open(stack, lake, bad, BAD_SCHEMA))
                bad_file.write_table(_bad_table(batch.bad))
            _check_numbers(batch, records + unreadable)
            if packets:
                passed.setdefault(batch.packet, PacketRows()).add(batch)
            records += batch.records.num_rows
            unreadable += len(batch.bad)
            progress(records + unreadable)
    pa.default_memory_pool().release_unused()  # the engine needs it next
    return RawBatchFiles(data=data, bad=bad, columns=columns, records=records, unreadable=unreadable, packets=passed)


def _open(
    stack: ExitStack, lake: Lake, path: str, schema: pa.Schema, *, dictionary: list[str] | None = None
) -> AbstractContextManager[Any]:
    handle = stack.enter_context(lake.fs.open(path, "wb"))
    use = True if dictionary is None else dictionary
    writer: AbstractContextManager[Any] = pq.ParquetWriter(handle, schema, compression="zstd", use_dictionary=use)
    return writer


def _repetitive(batch: RawBatch) -> list[str]:
    """The columns worth a dictionary, by the first records; one over numbers or names costs half of the writing and saves nothing."""
    records = batch.records
    most = records.num_rows // REPETITIVE
    return [
        name
        for name, column in zip(records.schema.names, records.columns, strict=True)
        if pc.count_distinct(column).as_py() <= most
    ]


def _bad_table(bad: tuple[BadRow, ...]) -> pa.Table:
    return pa.table(
        [[row.row for row in bad], [row.line for row in bad], [row.reason for row in bad], [row.text for row in bad]],
        schema=BAD_SCHEMA,
    )


def _check_numbers(batch: RawBatch, before: int) -> None:
    """A batch holds the next records, each once."""
    numbers = sorted([*batch.rows.to_pylist(), *(row.row for row in batch.bad)]) if batch.bad else batch.rows
    count = len(numbers)
    first, last = (numbers[0], numbers[-1]) if isinstance(numbers, list) else (_at(numbers, 0), _at(numbers, -1))
    if count and (first != before + 1 or last != before + count):
        raise ConservationError(f"Records {before + 1} to {before + count} were read, but they are numbered {first} to {last}.")


def _at(numbers: pa.Array, index: int) -> int | None:
    return numbers[index].as_py() if len(numbers) else None
