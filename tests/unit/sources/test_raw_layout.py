"""How a raw batch lies in its file: dictionaries only where values repeat."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq

from hedui.lake import Lake, Partition
from hedui.sources.base import text_batch
from hedui.sources.raw import write_raw


def test_only_repetitive_columns_have_a_dictionary(tmp_path):
    lake = Lake(str(tmp_path))
    numbers = [str(number) for number in range(100)]
    columns = {"number": numbers, "state": ["1", "2"] * 50, "nothing": [None] * 100}
    batch = text_batch(list(columns), [pa.array(values, pa.string()) for values in columns.values()], 1)

    with lake.writer(Partition(layer="raw", parts=("s", "d"), date=dt.date(2026, 6, 3))) as writer:
        files = write_raw(lake=lake, writer=writer, batches=iter([batch]), progress=lambda _: None)
        group = pq.read_metadata(files.data).row_group(0)
        kept = pq.read_table(files.data)

    places = {group.column(index).path_in_schema: group.column(index) for index in range(group.num_columns)}
    assert not places["number"].has_dictionary_page
    assert places["state"].has_dictionary_page
    assert kept.to_pydict() == {**columns, "source_row": list(range(1, 101))}
