"""Canonical rows are in the order in which they were received, sorted only where the engine did not keep it."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hedui import engine
from hedui.canonical.convert import RawRelation, convert, prepare
from hedui.canonical.plan import field_plans
from hedui.canonical.schemas import dataset
from hedui.lake import Lake, Manifest, Partition
from hedui.site.models import SourceDataset


@pytest.mark.parametrize("pieces", [[(1, 3), (3, 6)], [(3, 6), (1, 3)]], ids=["in order", "not in order"])
def test_rows_are_in_the_order_in_which_they_were_received(tmp_path, pieces):
    files = []
    for first, end in pieces:
        rows = pa.table(
            {"u": [f"n{number}" for number in range(first, end)], "source_row": pa.array(range(first, end), pa.int64())}
        )
        files.append(str(tmp_path / f"raw-{first}.parquet"))
        pq.write_table(rows, files[-1])
    lake = Lake(str(tmp_path / "lake"))
    spec = SourceDataset.model_validate({"table": "t", "columns": {"unit_no": {"from": "u"}}})
    partition = Partition(layer="canonical", parts=("unit", "s"), date=dt.date(2026, 6, 3))
    of = dataset("unit")

    with engine.connect(threads=2) as connection, lake.writer(partition) as writer:
        prepare(connection, [])
        plans = field_plans(dataset=of, spec=spec, columns=["u"], codes={})
        raw = RawRelation(data=files, bad=[], columns=["u"], records=5, source_rows=5)
        convert(connection=connection, lake=lake, writer=writer, dataset=of, plans=plans, raw=raw)
        writer.commit(Manifest(rows=5))

    [file] = lake.files(partition)
    rows = pq.read_table(file)
    assert rows["source_row"].to_pylist() == [1, 2, 3, 4, 5]
    assert rows["unit_no"].to_pylist() == ["n1", "n2", "n3", "n4", "n5"]
