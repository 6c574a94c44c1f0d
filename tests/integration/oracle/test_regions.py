"""The migration of region codes over Oracle's wire protocol; the emulator runs the statements, it does not prove how Oracle plans them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import oracledb
import pytest
from sqlalchemy.engine import make_url

from hedui.ledger.schema import upgrade
from hedui.local.postgres import Postgres
from hedui.regions.errors import ConcurrentWriterError
from hedui.regions.migrate.batches import Surroundings
from hedui.regions.migrate.page import digest_of
from hedui.regions.migrate.plan import make_plan
from hedui.regions.migrate.run import Migration
from hedui.site.regions import RegionSettings
from integration.oracle.conftest import Emulator

PERIOD = (dt.date(2016, 6, 30), dt.date(2016, 12, 31))
TABLE = "HEDUI_TEST_INSURED"
HASHES = [
    f"CREATE OR REPLACE FUNCTION public.ora_hash({kind}, numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS "
    "$$ SELECT abs(coalesce(hashtext($1::text), 0)::bigint)::numeric $$"
    for kind in ("text", "varchar", "numeric", "timestamp", "bigint")
]
"""ORA_HASH for the emulator, which lacks it; Oracle has its own."""


def connect(emulator: Emulator) -> Any:
    address = make_url(emulator.url)
    dsn = f"{address.host}:{address.port}/{address.query['service_name']}"
    return oracledb.connect(user=address.username, password=address.password, dsn=dsn)


def rows(emulator: Emulator) -> list[tuple[Any, ...]]:
    with connect(emulator) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT PERSON_NO, INSURANCE, REGION, VILLAGE, DUE_FEN FROM {TABLE} ORDER BY PERSON_NO, INSURANCE")
        return list(cursor.fetchall())


@pytest.fixture
def table(emulator: Emulator, orafce_server: Postgres) -> Emulator:
    for statement in HASHES:
        orafce_server.query("shebao", statement)
    codes = [("130428", None), ("130421", "130421102001"), ("130421", None), ("130429", "130429104001"), ("110101", None)]
    with connect(emulator) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT TABLE_NAME FROM USER_TABLES WHERE TABLE_NAME LIKE 'HEDUI%'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TABLE {name}")
        cursor.execute(
            f"CREATE TABLE {TABLE} (PERSON_NO VARCHAR2(20), INSURANCE VARCHAR2(3), REGION VARCHAR2(12), VILLAGE VARCHAR2(12), "
            "DUE_FEN NUMBER(18), PRIMARY KEY (PERSON_NO, INSURANCE))"
        )
        for number in range(40):
            region, village = codes[number % len(codes)]
            cursor.execute(
                f"INSERT INTO {TABLE} (PERSON_NO, INSURANCE, REGION, VILLAGE, DUE_FEN) VALUES (:1, '110', :2, :3, :4)",
                [f"99{number:06d}", region, village, number * 100],
            )
        connection.commit()
    return emulator


@pytest.fixture(autouse=True)
def report_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEDUI_REPORT_KEY", "a key that only tests know")


@pytest.fixture
def migration(table: Emulator, new_database: Callable[[], str], tmp_path: Path) -> Migration:
    ledger = new_database()
    upgrade(ledger)
    target = {"id": "insured", "connection": "db", "table": TABLE.lower(), "key": ("person_no", "insurance"), "column": "region"}
    figures = {"person": "person_no", "amounts": ("due_fen",), "village": "village"}
    settings = RegionSettings.model_validate({"targets": ({**target, **figures},), "batch_rows": 10, "accept_queue": True})
    plan = make_plan(settings, folder=tmp_path, start=PERIOD[0], end=PERIOD[1])
    made = Migration(plan, Surroundings(ledger_url=ledger, connection=lambda name: table.url))
    for step in (made.load, made.baseline, made.preflight, made.rehearse):
        step()
    made.approve(by="chen", note="同意", page_digest=digest_of(made.page()))
    return made


def test_a_half_year_is_migrated_proved_and_rolled_back(table: Emulator, migration: Migration) -> None:
    before = rows(table)
    migration.migrate()
    assert migration.prove()["failed"] == 0
    after = rows(table)
    expected = {("130428", None): "130407", ("130421", "130421102001"): "130402", ("130429", "130429104001"): "130403"}
    assert [row[2] for row in after] == [expected.get((row[2], row[3]), row[2]) for row in before]
    assert [row[:2] + row[3:] for row in after] == [row[:2] + row[3:] for row in before]
    assert sum(move[4] for move in migration.book.moves() if not move[2]) == 8
    migration.roll_back()
    assert rows(table) == before


def test_a_lost_connection_is_taken_up_again(table: Emulator, migration: Migration) -> None:
    """The connection is lost at the second batch: nothing of it is kept, the next call goes on."""
    table.fault(3113, "MERGE INTO", after=1)
    with pytest.raises(Exception, match=r"DPY-4011|refused"):
        migration.migrate()
    assert migration.migrate() == {"moved": 24}
    assert migration.prove()["failed"] == 0


def test_another_writer_is_detected(table: Emulator, migration: Migration) -> None:
    def write(label: str, done: int, total: int | None) -> None:
        if done == 1:
            with connect(table) as connection, connection.cursor() as cursor:
                cursor.execute(f"UPDATE {TABLE} SET REGION = '110101' WHERE PERSON_NO = '99000038'")
                connection.commit()

    object.__setattr__(migration.around, "progress", write)
    with pytest.raises(ConcurrentWriterError, match=r"logged rows, \d still hold"):
        migration.migrate()


@pytest.fixture
def keyed(table: Emulator) -> Iterator[Emulator]:
    """The table with a foreign key to a table of regions that lacks a new code."""
    with connect(table) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE HEDUI_TEST_REGION (CODE VARCHAR2(12) PRIMARY KEY)")
        for code in ("130428", "130421", "130429", "110101", "130402", "130403", "130408"):
            cursor.execute("INSERT INTO HEDUI_TEST_REGION (CODE) VALUES (:1)", [code])
        cursor.execute(f"ALTER TABLE {TABLE} ADD CONSTRAINT HEDUI_TEST_FK FOREIGN KEY (REGION) REFERENCES HEDUI_TEST_REGION (CODE)")
        connection.commit()
    yield table
    with connect(table) as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {TABLE}")
        cursor.execute("DROP TABLE HEDUI_TEST_REGION")


def test_a_foreign_key_that_does_not_know_a_new_code_is_named(
    keyed: Emulator, new_database: Callable[[], str], tmp_path: Path
) -> None:
    target = {"id": "insured", "connection": "db", "table": TABLE.lower(), "key": ("person_no", "insurance"), "column": "region"}
    ledger = new_database()
    upgrade(ledger)
    reference = {"name": "参保地", "connection": "db", "table": TABLE.lower(), "column": "region"}
    reference |= {"to_table": "hedui_test_region", "to_column": "code"}
    settings = RegionSettings.model_validate({"targets": ({**target, "village": "village"},), "references": (reference,)})
    made = Migration(
        make_plan(settings, folder=tmp_path, start=PERIOD[0], end=PERIOD[1]),
        Surroundings(ledger_url=ledger, connection=lambda name: keyed.url),
    )
    for step in (made.load, made.baseline, made.preflight):
        step()
    found = {item.title: item for _, item in made.book.checks("preflight") if item.number == 12}
    assert found["外部引用完整"].before == "0"
    assert (found["外键 HEDUI_TEST_FK"].verdict, found["外键 HEDUI_TEST_FK"].detail) == (
        "fail",
        "HEDUI_TEST_REGION 缺少现代码：130407；先在该表登记",
    )
