from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from hedui.errors import ConservationError
from hedui.lake import Lake, Partition
from hedui.sources.anydb import value_text
from hedui.sources.base import BadRow, RawBatch, text_batch
from hedui.sources.raw import write_raw
from hedui.sources.xlsx import cell_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(None, None, id="empty"),
        pytest.param(" 0012 ", " 0012 ", id="text as it is"),
        pytest.param(12, "12", id="whole number"),
        pytest.param(12.0, "12", id="whole number as a float"),
        pytest.param(12.30, "12.3", id="fraction"),
        pytest.param(0.1 + 0.2, "0.3", id="what the sheet shows"),
        pytest.param(1234567.89, "1234567.89", id="amount"),
        pytest.param(1e-7, "0.0000001", id="no exponent"),
        pytest.param(1e20, "100000000000000000000", id="large without exponent"),
        pytest.param(-0.0, "-0", id="negative zero"),
        pytest.param(True, "TRUE", id="truth value"),
        pytest.param(dt.datetime(2026, 6, 3), "2026-06-03", id="date"),
        pytest.param(dt.datetime(2026, 6, 3, 8, 5), "2026-06-03 08:05:00", id="date and time"),
        pytest.param(dt.time(8, 5), "08:05:00", id="time"),
    ],
)
def test_excel_cells(value, text):
    assert cell_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(None, None, id="null"),
        pytest.param(Decimal("1E+3"), "1000", id="decimal without exponent"),
        pytest.param(Decimal("12.30"), "12.30", id="decimal keeps its places"),
        pytest.param(0.07, "0.07", id="float as the database shows it"),
        pytest.param(3.0, "3", id="whole float"),
        pytest.param(float("nan"), "nan", id="not a number"),
        pytest.param(True, "true", id="boolean"),
        pytest.param(dt.date(2026, 6, 3), "2026-06-03", id="date"),
        pytest.param(dt.datetime(2026, 6, 3, 0, 0), "2026-06-03 00:00:00", id="timestamp"),
        pytest.param(b"\x00\xff", "00ff", id="bytes"),
    ],
)
def test_database_values(value, text):
    assert value_text(value) == text


def batches(*numbers: list[int], bad: int | None = None) -> list[RawBatch]:
    made = []
    for chunk in numbers:
        batch = text_batch(["x"], [pa.array([str(number) for number in chunk])], chunk[0])
        rows = pa.array(chunk, pa.int64())
        faults = (BadRow(row=bad, line=1, reason="r", text="t"),) if bad is not None else ()
        made.append(RawBatch(records=batch.records, rows=rows, bad=faults))
        bad = None
    return made


def test_raw_batches_count_records_and_unreadable_ones(tmp_path):
    lake, heard = Lake(str(tmp_path)), []
    with lake.writer(Partition(layer="raw", parts=("s", "d"), date=dt.date(2026, 6, 3))) as writer:
        files = write_raw(lake=lake, writer=writer, batches=iter(batches([1, 3], [4, 5], bad=2)), progress=heard.append)

    assert (files.records, files.unreadable, files.source_rows, files.columns) == (4, 1, 5, ["x"])
    assert heard == [3, 5]


def test_a_reader_that_loses_a_record_fails_the_run(tmp_path):
    lake = Lake(str(tmp_path))
    partition = Partition(layer="raw", parts=("s", "d"), date=dt.date(2026, 6, 3))

    with (
        pytest.raises(ConservationError, match="Records 3 to 4 were read, but they are numbered 4 to 5"),
        lake.writer(partition) as writer,
    ):
        write_raw(lake=lake, writer=writer, batches=iter(batches([1, 2], [4, 5])), progress=lambda done: None)

    assert lake.manifest(partition) is None
