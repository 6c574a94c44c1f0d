"""Tables of synthetic insured persons with region codes, and migrations over them."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from hedui.ledger.schema import upgrade
from hedui.regions.migrate.batches import Surroundings
from hedui.regions.migrate.page import digest_of
from hedui.regions.migrate.plan import Plan, make_plan
from hedui.regions.migrate.run import Migration
from hedui.regions.store import Store
from hedui.site.regions import RegionSettings

TARGET = {
    "id": "insured",
    "name": "参保人员",
    "connection": "db",
    "table": "insured",
    "key": ("person_no", "insurance"),
    "column": "region",
    "person": "person_no",
    "unit": "unit_no",
    "amounts": ("due_fen", "paid_fen"),
    "date": "start_date",
    "village": "village",
}


@dataclass(frozen=True)
class Row:
    """A person's row; ids are made up and begin with 99."""

    person_no: str
    insurance: str
    region: str
    village: str
    unit_no: str
    due_fen: int
    paid_fen: int
    start_date: dt.date
    period: str = "201606"


def people(codes: Iterable[tuple[str, str]], *, seed: int = 1, per_code: int = 3) -> list[Row]:
    """Some rows per (region, village): some persons in two insurances, some rows of closed periods."""
    made = random.Random(seed)
    rows = []
    for number, (region, village) in enumerate(codes):
        for each in range(per_code):
            person = f"99{number:06d}{each:02d}"
            for insurance in ("110", "310")[: 1 + (number + each) % 2]:
                day = dt.date(2015, 1, 1) + dt.timedelta(days=made.randrange(400))
                unit = f"99U{made.randrange(50):04d}"
                rows.append(Row(person, insurance, region, village, unit, made.randrange(10**6), made.randrange(10**6), day))
    return rows


@dataclass(frozen=True)
class Database:
    """A database with the table, and a ledger."""

    url: str
    ledger: str

    def connect(self) -> psycopg.Connection[Any]:
        address = make_url(self.url)
        return psycopg.connect(dbname=address.database, user=address.username, host=str(address.query["host"]), autocommit=True)

    def fill(self, rows: list[Row]) -> None:
        with self.connect() as connection:
            connection.execute("DROP SCHEMA IF EXISTS hedui_regions CASCADE")
            connection.execute("DROP TABLE IF EXISTS insured")
            connection.execute(
                "CREATE TABLE insured (person_no text, insurance text, region text, village text, unit_no text, due_fen bigint, "
                "paid_fen bigint, start_date date, period text, PRIMARY KEY (person_no, insurance))"
            )
            with connection.cursor().copy("COPY insured FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(tuple(vars(row).values()))

    def rows(self) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            return connection.execute("SELECT * FROM insured ORDER BY 1, 2").fetchall()

    def regions(self) -> dict[str, int]:
        with self.connect() as connection:
            return dict(connection.execute("SELECT region, count(*) FROM insured GROUP BY 1").fetchall())


KEY = "a key that only tests know"


@pytest.fixture(autouse=True)
def report_key(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The key that reports are signed with."""
    monkeypatch.setenv("HEDUI_REPORT_KEY", KEY)
    return KEY.encode()


@pytest.fixture(scope="session")
def store() -> Store:
    return Store()


@pytest.fixture
def database(new_database: Callable[[], str]) -> Database:
    ledger = new_database()
    upgrade(ledger)
    return Database(url=new_database(), ledger=ledger)


@pytest.fixture
def plan_of(tmp_path: Path) -> Callable[..., Plan]:
    """Makes plans of a site with one target; keyword arguments go to the target, ``settings`` to the whole."""

    def make(start: dt.date, end: dt.date, *, settings: dict[str, Any] | None = None, **target: Any) -> Plan:
        values = {"targets": ({**TARGET, **target},), "batch_rows": 500, "accept_queue": True, **(settings or {})}
        return make_plan(RegionSettings.model_validate(values), folder=tmp_path, start=start, end=end)

    return make


@pytest.fixture
def migration_of(database: Database) -> Callable[..., Migration]:
    """A migration of a plan over the database; keyword arguments go to its surroundings."""

    def make(plan: Plan, **around: Any) -> Migration:
        return Migration(plan, Surroundings(ledger_url=database.ledger, connection=lambda name: database.url, **around))

    return make


def approved(migration: Migration) -> Migration:
    """The migration up to its approval; every stop is accepted by name."""
    migration.load()
    migration.baseline()
    migration.preflight()
    migration.rehearse()
    accept = tuple(stop.id for stop in migration.plan.open_stops)
    migration.approve(by="chen", note="同意", page_digest=digest_of(migration.page()), accept=accept)
    return migration
