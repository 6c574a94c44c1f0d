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
from integration.regions.conftest import Database, Row, approved, people
from integration.regions.test_kill import SLOW, killed
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


@pytest.mark.parametrize(
    ("point", "batch"),
    [
        pytest.param("before", 1, id="before-last", marks=SLOW),
        pytest.param("inside", 0, id="inside-first", marks=SLOW),
        pytest.param("inside", 1, id="inside-last"),
        pytest.param("after", 0, id="after-first", marks=SLOW),
        pytest.param("after", 1, id="after-last", marks=SLOW),
        pytest.param("undo inside", 0, id="undo-inside", marks=SLOW),
    ],
)
def test_a_killed_migration_of_partitions_goes_on_to_the_same_content(
    lake: Lake,
    tmp_path: Path,
    database: Database,
    plan_of: Callable[..., Plan],
    migration_of: Callable[..., Migration],
    point: str,
    batch: int,
) -> None:
    before = {date: read(lake, date) for date in DATES}
    migration = approved(migration_of(plan_of(*H16, **LAKE_TARGET, dates="all"), lake=lake))
    if point.startswith("undo"):
        migration.migrate()
        killed(tmp_path, migration, database, point, batch, lake=str(tmp_path / "lake"))
    else:
        killed(tmp_path, migration, database, point, batch, lake=str(tmp_path / "lake"))
        migration.migrate()
        assert migration.prove()["failed"] == 0
        assert all("130428" not in {row[2] for row in read(lake, date)} for date in DATES)
    migration.roll_back()
    assert {date: read(lake, date) for date in DATES} == before


def test_two_columns_of_one_partition_move_together(
    lake: Lake, plan_of: Callable[..., Plan], migration_of: Callable[..., Migration]
) -> None:
    """Regions are decided by the village before the village column itself gets its new code; each is put back from its own log."""
    plan = plan_of(*H16, **LAKE_TARGET)
    first = plan.settings.targets[0]
    second = first.model_copy(update={"id": "villages", "column": "village", "village": None})
    plan = replace(plan, settings=plan.settings.model_copy(update={"targets": (second, first)}))
    before = read(lake, DATES[1])
    migration = approved(migration_of(plan, lake=lake))
    migration.migrate()
    assert migration.prove()["failed"] == 0
    moved = [(old, new) for old, new in zip(before, read(lake, DATES[1]), strict=True) if old[3] != new[3]]
    assert moved
    assert all(old[2] != new[2] or old[2] == "130427" for old, new in moved)
    assert all(new[3].startswith(new[2]) for _, new in moved)
    migration.roll_back()
    assert read(lake, DATES[1]) == before


def test_splits_are_decided_by_the_places_that_the_database_knows(
    lake: Lake, database: Database, plan_of: Callable[..., Plan], migration_of: Callable[..., Migration]
) -> None:
    """The lake's rows have no village: each person goes where the database's row of the same person and code goes."""
    rows = people([*villages("handan_2016")[::10], ("130421", "")], seed=3, per_code=2)
    elsewhere = [replace(row, person_no=f"98{row.person_no[2:]}") for row in rows[:5]]  # persons whom the database does not know
    database.fill(rows)
    twice, other = next(
        (row, other.village)
        for row in rows
        for other in rows
        if row.insurance == "110"
        and row.village
        and (row.region, row.village) != (other.region, other.village)
        and row.region == other.region
    )
    with database.connect() as connection:  # one whom it has in two villages
        columns = "person_no, '999', region, %s, unit_no, 0, 0, start_date, period"
        again = f"INSERT INTO insured SELECT {columns} FROM insured WHERE person_no = %s LIMIT 1"
        connection.execute(again, (other, twice.person_no))
    write(lake, DATES[1], [replace(row, village="") for row in (*rows, *elsewhere)])
    plan = plan_of(*H16)
    first = plan.settings.targets[0]
    second = first.model_copy(update={**LAKE_TARGET, "id": "lake", "village": None, "places_of": "insured"})
    plan = replace(plan, settings=plan.settings.model_copy(update={"targets": (first, second)}))
    before = read(lake, DATES[1])
    migration = approved(migration_of(plan, lake=lake))
    migration.migrate()
    assert migration.prove()["failed"] == 0
    in_database = {row[:2]: row[2] for row in database.rows()}
    split = {old for _, old, _, method, _ in migration.book.moves() if method == "village"}
    assert split
    for old, new in zip(before, read(lake, DATES[1]), strict=True):
        stays = old[2] in split and (old[0] == twice.person_no or str(old[0]).startswith("98"))
        assert new[2] == (old[2] if stays else in_database.get(old[:2], new[2]))
        assert old[:2] + old[3:] == new[:2] + new[3:]
    reasons = {move[2] for move in migration.book.moves() if move[0] == "lake" and move[3] == "queue"}
    assert reasons == {""}
    migration.roll_back()
    assert read(lake, DATES[1]) == before
