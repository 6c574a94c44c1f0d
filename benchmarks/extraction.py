"""The extraction benchmark's data: the persons of ``persons.py`` in a table of an embedded PostgreSQL, as an agency would have them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import persons
import psycopg

from hedui.context import Context
from hedui.lake import Lake
from hedui.local.postgres import Postgres
from hedui.site import Site

TIER = persons.TIERS[0]
TABLE = "ac01"
DAY = "chuanshu"
"""The column with the business date."""


def server(root: Path) -> Postgres:
    """The server whose data are below ``root``; start it first."""
    return Postgres(root / "postgres")


def url(root: Path) -> str:
    """SQLAlchemy URL of the database."""
    return server(root).url("shebao")


def context(root: Path, lake: Path) -> Context:
    """The surroundings of an extraction into ``lake``, with Hedui's own defaults for memory and threads."""
    plain = persons.site().model_dump(mode="json", exclude_unset=True, by_alias=True)
    for source in plain["sources"]:
        source["datasets"]["person"] |= {"table": TABLE, "as_of": {"mode": "date", "column": DAY}}
    return Context(
        site=Site.model_validate(plain),
        lake=Lake(str(lake)),
        reports=root / "reports",
        inbox=str(root),
        ledger_url="postgresql://unused",
        connection=lambda _: url(root),
    )


def make(root: Path, rows: int) -> None:
    """Fills the table, unless it is there with so many persons; about a thousandth is missing, as in the other benchmarks."""
    postgres = server(root)
    have = postgres.query("shebao", f"SELECT to_regclass('{TABLE}') IS NOT NULL")
    if have == "t":
        return
    names = persons.raw_names()
    kinds = {name: "date" if name.endswith("_date") else "text" for name in names}
    columns = ", ".join(f"{raw} {kinds[name]}" for name, raw in names.items())
    pipe = root / "persons.csv"
    query = f"SELECT {', '.join(names)}, DATE '{persons.DATE}' FROM ({persons._persons(rows, 0, persons.STRIDES[TIER])})"
    with duckdb.connect(config={"memory_limit": "4GB", "threads": 2, "temp_directory": str(root / "spill")}) as connection:
        connection.execute(f"COPY ({query}) TO '{pipe}' (FORMAT csv, HEADER false)")
    with psycopg.connect(url(root).replace("+psycopg", "")) as target:
        target.execute(f"CREATE TABLE {TABLE} ({columns}, {DAY} date)")
        with target.cursor().copy(f"COPY {TABLE} FROM STDIN (FORMAT csv)") as copy, pipe.open("rb") as handle:
            while chunk := handle.read(1 << 20):
                copy.write(chunk)
    pipe.unlink()
    postgres.query("shebao", f"VACUUM ANALYZE {TABLE}")


@contextmanager
def served(root: Path, rows: int) -> Iterator[None]:
    """The table, filled, with its server running."""
    root.mkdir(parents=True, exist_ok=True)
    postgres = server(root)
    postgres.start()
    try:
        make(root, rows)
        yield
    finally:
        postgres.stop()
