"""Migrations in the canonical lake: partitions are replaced whole, the key log is beside them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hedui.lake import Lake, Manifest, Partition
from hedui.regions.errors import ConcurrentWriterError
from hedui.regions.migrate.plan import Plan
from hedui.regions.migrate.run import Migration
from integration.regions.conftest import Row, approved, people
from integration.regions.test_postgres import H16, villages

DATES = (dt.date(2016, 12, 30), dt.date(2016, 12, 31))
LAKE_TARGET = {"id": "enrolment", "connection": None, "table": "enrolment", "source": "shebao", "key": ("source_row",)}


def write(lake: Lake, date: dt.date, rows: list[Row]) -> None:
    """A canonical partition with a file of rejects beside the data."""
    columns = {name: [getattr(row, name) for row in rows] for name in Row.__dataclass_fields__}
    with lake.writer(Partition(layer="canonical", parts=("enrolment", "shebao"), date=date)) as writer:
        pq.write_table(pa.table({**columns, "source_row": list(range(1, len(rows) + 1))}), writer.new_file())
        pq.write_table(pa.table({"source_row": [9], "reason": ["日期无法转换"]}), writer.new_file("rejects"))
        writer.commit(Manifest(rows=len(rows), rejected=1, meta={"source_rows": len(rows) + 1}))


def read(lake: Lake, date: dt.date, name: str = "data") -> list[tuple[object, ...]]:
    files = lake.files(Partition(layer="canonical", parts=("enrolment", "shebao"), date=date), name)
    return duckdb.sql(f"SELECT * FROM read_parquet({files!r}) ORDER BY source_row").fetchall()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(str(tmp_path / "lake"))
    codes = [*villages("handan_2016")[::10], ("110101", ""), ("130421", "")]
    for number, date in enumerate(DATES):
        write(lake, date, people(codes, seed=number, per_code=1))
    return lake


@pytest.mark.parametrize("dates", ["latest", "all"])
def test_partitions_are_migrated_proved_and_rolled_back(
    lake: Lake, plan_of: Callable[..., Plan], migration_of: Callable[..., Migration], dates: str
) -> None:
    before = {date: read(lake, date) for date in DATES}
    migration = approved(migration_of(plan_of(*H16, **LAKE_TARGET, dates=dates), lake=lake))
    migration.migrate()
    assert migration.prove()["failed"] == 0
    moved = DATES if dates == "all" else DATES[1:]
    for date in DATES:
        rows = read(lake, date)
        assert [row[:2] + row[3:] for row in rows] == [row[:2] + row[3:] for row in before[date]]
        codes = {row[2] for row in rows}
        assert ("130407" in codes and "130428" not in codes) == (date in moved)
        assert read(lake, date, "rejects") == [(9, "日期无法转换")]
    waiting = sum(move[4] for move in migration.book.moves() if not move[2])
    assert waiting == len(moved) * sum(1 for row in before[DATES[1]] if row[2] == "130421" and not row[3])
    migration.roll_back()
    assert {date: read(lake, date) for date in DATES} == before


def test_a_partition_written_anew_is_detected(
    lake: Lake, plan_of: Callable[..., Plan], migration_of: Callable[..., Migration]
) -> None:
    def extract_again(label: str, done: int, total: int | None) -> None:
        if done == 1:
            rows = people([("130428", "")], seed=5)
            write(lake, DATES[1], [replace(row, due_fen=1) for row in rows])

    plan = plan_of(*H16, **LAKE_TARGET, dates="all")
    migration = approved(migration_of(plan, lake=lake, progress=extract_again))
    with pytest.raises(ConcurrentWriterError, match="2016-12-31 was written anew"):
        migration.migrate()
