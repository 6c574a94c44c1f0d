"""A mapping run over a table in PostgreSQL without a ledger: what tests of many mappings need."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import make_url

from hedui.regions.allocation import Allocator
from hedui.regions.mapping import RegionMap
from hedui.regions.migrate.postgres import PostgresTarget
from hedui.regions.migrate.records import Logged, Measure
from hedui.regions.migrate.resolve import Resolver
from hedui.site.regions import Target

COLUMNS = "id bigint PRIMARY KEY, person text, unit text, fen bigint, paid date, period text, village text, region text, other text"
Record = tuple[int, str, str, int, dt.date, str, str, str, str]


def resolver_of(mapping: RegionMap, *, known: Iterable[str], before: Iterable[str]) -> Resolver:
    """A resolver of county-level rules alone."""
    allocator = Allocator(mapping)
    return Resolver(
        mapping=mapping, allocator=allocator, known=frozenset(known), before=frozenset(before), below={}, institutions={}
    )


@dataclass(frozen=True)
class Bench:
    """A database with one table ``people``."""

    url: str

    @contextmanager
    def connect(self) -> Iterator[psycopg.Connection[Any]]:
        address = make_url(self.url)
        arguments = {"dbname": address.database, "user": address.username, "host": str(address.query["host"])}
        with psycopg.connect(**arguments, autocommit=True) as connection:  # type: ignore[arg-type]
            yield connection

    def fill(self, rows: Sequence[Record]) -> None:
        with self.connect() as connection:
            connection.execute(f"DROP TABLE IF EXISTS people; CREATE TABLE people ({COLUMNS})")
            with connection.cursor().copy("COPY people FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)

    def rows(self) -> list[Record]:
        with self.connect() as connection:
            return connection.execute("SELECT * FROM people ORDER BY id").fetchall()  # type: ignore[return-value]


def target(**values: Any) -> Target:
    """The target ``people.region``."""
    defaults = {"id": "people", "connection": "db", "table": "people", "key": ("id",), "column": "region"}
    figures = {"person": "person", "unit": "unit", "amounts": ("fen",), "date": "paid", "village": "village"}
    return Target.model_validate({**defaults, **figures, **values})


@dataclass
class Pass:
    """One mapping over one column: forth, and back."""

    bench: Bench
    resolver: Resolver
    target: Target
    run: str = "t"
    batch_rows: int = 7

    @contextmanager
    def store(self) -> Iterator[PostgresTarget]:
        store = PostgresTarget(url=self.bench.url, target=self.target, run=self.run, code_columns=("region", "other", "village"))
        try:
            yield store
        finally:
            store.close()

    def measure(self, store: PostgresTarget) -> list[Measure]:
        return sorted(store.measure(self.resolver.groups(self.target, store.values(closed=True))), key=str)

    def forth(self) -> tuple[Logged, list[Measure], list[Measure]]:
        """Migrates: the key log's figures, and measures before and after."""
        with self.store() as store:
            before = self.measure(store)
            values = store.values()
            places = store.places(self.resolver.undecided(self.target, values))
            logged = store.log(self.resolver.rows(self.target, values, places), batch_rows=self.batch_rows)
            for batch in range(logged.batches):
                store.move(batch, "migrate")
            return logged, before, self.measure(store)

    def back(self) -> list[Measure]:
        """Rolls back from the key log: measures afterwards."""
        with self.store() as store:
            logged = store.logged()
            assert logged is not None
            for batch in reversed(range(logged.batches)):
                store.move(batch, "rollback")
            return self.measure(store)
