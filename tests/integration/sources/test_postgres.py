"""PostgreSQL as the agencies use it: the embedded server, by the same URL that the demo has."""

from __future__ import annotations

import datetime as dt
import errno
from pathlib import Path

import psycopg
import pytest

from hedui.errors import LakeError, SourceError, SourceFormatError
from hedui.sources import postgres, sql
from hedui.sources.registry import open_reader
from hedui.sources.retry import TransientSourceError

DATE = dt.date(2026, 6, 3)
SOURCE = """
id: zhudi
name: 驻地库
agency: county
reader: {type: sql, connection: zhudi_db}
datasets:
  person:
    table: zd.Ren Yuan
    as_of: {mode: validity, valid_from: qi, valid_to: zhi}
    columns:
      person_no: {from: bh}
      name: {from: Xing Ming, normalise: person_name}
      birth_date: {from: sr}
  payment:
    table: zd.jf
    as_of: {mode: date, column: ri, format: "%Y%m%d"}
    columns:
      detail_no: {from: lsh}
      person_no: {from: bh}
      unit_paid_fen: {from: je, unit: yuan}
      paid_date: {from: shijian, format: "%Y-%m-%d %H:%M:%S"}
      treasury_date: {from: shijian2}
  unit:
    table: zd.dw
    as_of: {mode: current}
    columns:
      unit_no: {from: dwbh}
"""
TABLES = """
CREATE SCHEMA zd;
CREATE TABLE zd."Ren Yuan" (bh text, "Xing Ming" text, sr date, qi timestamp, zhi timestamp);
INSERT INTO zd."Ren Yuan" VALUES
  ('1', E'a,"b\\nc\\\\.', '1990-01-02', '2026-06-03 23:59:59', NULL),
  ('2', '', NULL, NULL, '2026-06-04 00:00:00'),
  ('3', NULL, NULL, '2026-06-04', NULL),
  ('4', 'x', NULL, '2026-01-01', '2026-06-03 10:00:00');
CREATE TABLE zd.jf (lsh bigint, bh char(4), je numeric(30,4), shijian timestamptz, shijian2 timestamp, ri text);
INSERT INTO zd.jf VALUES
  (1, 'a', 9999999999999999.99, '2026-06-03 00:30:00+08', '2026-06-03 00:00:00', '20260603'),
  (2, 'b', 0.1, '2026-06-02 16:30:00Z', NULL, '20260603'),
  (3, 'c', 1, NULL, NULL, '20260604');
CREATE TABLE zd.dw (dwbh int);
INSERT INTO zd.dw VALUES (7);
"""

TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hedui' AND datname = current_database()"
)


@pytest.fixture
def database(new_database) -> str:
    """A fresh database's SQLAlchemy URL."""
    url = new_database()
    with connect(url) as connection:
        connection.execute(TABLES)
    return url


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


@pytest.fixture
def pg_world(make_world, tmp_path, database, time_machine):
    import shutil

    site = tmp_path / "site"
    shutil.copytree(Path(__file__).parents[2] / "sites" / "small", site)
    (site / "sources" / "zhudi.yaml").write_text(SOURCE, "utf-8")
    time_machine.move_to(dt.datetime(2026, 6, 4, 2, 30, tzinfo=dt.timezone(dt.timedelta(hours=8))))
    return make_world(connections={"zhudi_db": database}, site_folder=site)


def test_values_come_as_they_are(pg_world):
    summary = pg_world.extract("zhudi")

    assert summary.counts["source_rows"] == 5
    assert pg_world.raw("zhudi", "person") == [
        {"bh": "1", "Xing Ming": 'a,"b\nc\\.', "sr": "1990-01-02", "source_row": 1},
        {"bh": "2", "Xing Ming": "", "sr": None, "source_row": 2},
    ]
    assert pg_world.raw("zhudi", "payment") == [
        {
            "lsh": "1",
            "bh": "a",
            "je": "9999999999999999.9900",
            "shijian": "2026-06-03 00:30:00+08",
            "shijian2": "2026-06-03",
            "source_row": 1,
        },
        {"lsh": "2", "bh": "b", "je": "0.1000", "shijian": "2026-06-03 00:30:00+08", "shijian2": None, "source_row": 2},
    ]
    manifest = pg_world.manifest("payment", "zhudi")
    assert manifest.rejected == 2, "a time with a zone is not in the declared format"
    assert pg_world.rows("unit", "zhudi")[0]["unit_no"] == "7"


def test_amounts_are_exact(pg_world, database):
    with connect(database) as connection:
        connection.execute("UPDATE zd.jf SET shijian = NULL")

    pg_world.extract("zhudi")

    assert [row["unit_paid_fen"] for row in pg_world.rows("payment", "zhudi")] == [999999999999999999, 10]
    assert pg_world.manifest("payment", "zhudi").control_totals["unit_paid_fen"] == 999999999999999999 + 10


def test_one_snapshot_over_all_tables(pg_world, database):
    context = pg_world.context
    with open_reader(context, context.site.source("zhudi")).open(DATE) as snapshot:
        before = sum(batch.records.num_rows for batch in snapshot.read("person"))
        with connect(database) as connection:
            connection.execute("DELETE FROM zd.jf; INSERT INTO zd.dw VALUES (8)")
        payments = sum(batch.records.num_rows for batch in snapshot.read("payment"))
        units = sum(batch.records.num_rows for batch in snapshot.read("unit"))

    assert (before, payments, units) == (2, 2, 1)


def test_the_transaction_is_read_only(pg_world):
    context = pg_world.context
    source = context.site.source("zhudi")
    with pytest.raises(SourceError, match="ReadOnlySqlTransaction"), open_reader(context, source).open(DATE) as snapshot:
        snapshot._session._connection.execute("DELETE FROM zd.dw")


def test_a_table_without_history_is_not_read_as_of_the_past(pg_world):
    summary = pg_world.extract("zhudi", dt.date(2026, 6, 2))

    assert summary.state == "missing"
    [finding] = pg_world.findings("zhudi", dt.date(2026, 6, 2))
    assert "zd.dw (unit) knows only its present state and cannot be read as of 2026-06-02" in finding["evidence"]


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        pytest.param("DROP TABLE zd.dw", SourceFormatError, 'relation "zd.dw" does not exist', id="table gone"),
        pytest.param("ALTER TABLE zd.jf RENAME je TO jine", SourceFormatError, 'column "je" does not exist', id="column renamed"),
        pytest.param("ALTER TABLE zd.jf DROP COLUMN ri", SourceFormatError, 'column "ri" does not exist', id="date column gone"),
    ],
)
def test_a_changed_table_names_what_is_gone_and_leaves_the_lake(pg_world, database, change, kind, says):
    pg_world.extract("zhudi")
    before = pg_world.manifest("person", "zhudi")
    with connect(database) as connection:
        connection.execute(change)

    with pytest.raises(kind, match=says):
        pg_world.extract("zhudi")

    assert pg_world.manifest("person", "zhudi") == before


def test_a_server_that_is_not_there_is_tried_again(pg_world, tmp_path, pauses):
    pg_world.connections["zhudi_db"] = f"postgresql+psycopg2://postgres:secret@/zhudi?host={tmp_path}"

    with pytest.raises(TransientSourceError, match=r"PostgreSQL cannot be read.*It was tried 5 times") as caught:
        pg_world.extract("zhudi")

    assert pauses == [1, 5, 15, 30]
    assert "secret" not in str(caught.value)


def test_a_user_that_is_refused_is_not_tried_again(pg_world, database, pauses):
    pg_world.connections["zhudi_db"] = database.replace("//postgres@", "//nobody-of-that-name:secret@")

    with pytest.raises(SourceError, match="PostgreSQL cannot be read") as caught:
        pg_world.extract("zhudi")

    assert type(caught.value) is SourceError
    assert pauses == []
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("rows_before", [1, 60_000], ids=["at the first rows", "half way"])
def test_a_connection_that_is_lost_is_replaced_and_no_row_comes_twice(pg_world, database, monkeypatch, pauses, rows_before):
    with connect(database) as connection:
        connection.execute("DELETE FROM zd.jf")
        connection.execute("INSERT INTO zd.jf SELECT g, 'a', g, NULL, NULL, '20260603' FROM generate_series(1, 120000) AS g")
    lost = []
    number_rows = sql.text_batch

    def lose_the_connection(columns, values, first_row, *others):
        if first_row >= rows_before and "lsh" in columns and not lost:
            with connect(database) as connection:
                lost.extend(connection.execute(TERMINATE).fetchall())
        return number_rows(columns, values, first_row, *others)

    monkeypatch.setattr(sql, "text_batch", lose_the_connection)
    monkeypatch.setattr("hedui.sources.postgres_copy.CHUNK_BYTES", 1 << 16)

    summary = pg_world.extract("zhudi")

    assert lost == [(True,)]
    assert pauses == [1]
    assert summary.counts["payment_rows"] == 120_000
    assert [row["source_row"] for row in pg_world.rows("payment", "zhudi")] == list(range(1, 120_001))


def test_a_read_that_is_cancelled_by_a_replay_is_tried_again(pg_world, monkeypatch, pauses):
    errors = [psycopg.errors.SerializationFailure("conflict with recovery"), psycopg.errors.LockNotAvailable("busy")]
    described = postgres.PostgresSession.kinds

    def kinds(self, table, columns):
        if errors:
            raise errors.pop(0)
        return described(self, table, columns)

    monkeypatch.setattr(postgres.PostgresSession, "kinds", kinds)

    assert pg_world.extract("zhudi").counts["source_rows"] == 5
    assert pauses == [1, 5]


def test_more_rows_than_a_batch(pg_world, database):
    with connect(database) as connection:
        connection.execute("DELETE FROM zd.jf")
        connection.execute(
            "INSERT INTO zd.jf SELECT g, 'a', g / 100.0, NULL, NULL, '20260603' FROM generate_series(1, 120000) AS g"
        )

    pg_world.extract("zhudi")

    manifest = pg_world.manifest("payment", "zhudi")
    assert (manifest.rows, manifest.rejected) == (120000, 0)
    assert manifest.control_totals["unit_paid_fen"] == 120000 * 120001 // 2
    assert [row["source_row"] for row in pg_world.rows("payment", "zhudi")] == list(range(1, 120001))


def test_a_disk_that_is_full_half_way_ends_the_reading(pg_world, database, monkeypatch):
    with connect(database) as connection:
        connection.execute("DELETE FROM zd.jf")
        connection.execute("INSERT INTO zd.jf SELECT g, 'a', g, NULL, NULL, '20260603' FROM generate_series(1, 400000) AS g")
    number_rows = sql.text_batch

    def no_space(columns, values, first_row, *others):
        if first_row > 1 and "lsh" in columns:
            raise OSError(errno.ENOSPC, "No space left on device")
        return number_rows(columns, values, first_row, *others)

    monkeypatch.setattr(sql, "text_batch", no_space)
    monkeypatch.setattr("hedui.sources.postgres_copy.CHUNK_BYTES", 1 << 16)

    with pytest.raises(LakeError, match="disk is full"):
        pg_world.extract("zhudi")

    with connect(database) as connection:
        connection.execute("DROP TABLE zd.jf")  # waits for whoever still reads


def test_a_reader_that_stops_half_way_ends_the_reading(pg_world, database, monkeypatch):
    with connect(database) as connection:
        connection.execute("INSERT INTO zd.jf SELECT g, 'a', g, NULL, NULL, '20260603' FROM generate_series(1, 400000) AS g")
    monkeypatch.setattr("hedui.sources.postgres_copy.CHUNK_BYTES", 1 << 16)
    context = pg_world.context

    with open_reader(context, context.site.source("zhudi")).open(DATE) as snapshot:
        batches = snapshot.read("payment")
        assert next(batches).records.num_rows > 0

    with connect(database) as connection:
        connection.execute("DROP TABLE zd.jf")  # waits for whoever still reads
