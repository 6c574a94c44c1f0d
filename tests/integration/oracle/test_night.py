"""Whole nights whose local source is read from Oracle, while it breaks in every way it can, find what they find on PostgreSQL."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import oracledb
import psycopg
import pytest
from sqlalchemy.engine import make_url

from hedui import steps
from hedui.context import Context
from hedui.site import Site, load_site
from hedui.sources import oracle, retry
from hedui.sources.oracle_connect import connect

DATES = (dt.date(2026, 6, 3), dt.date(2026, 6, 4), dt.date(2026, 6, 5))
DEMO_SITE = Path(__file__).parents[3] / "include" / "sites" / "demo"
PREFIX = "hedui_"
SLICE = 100  # the time that the emulator takes grows with the square of a batch
TYPES = {
    "character varying": "VARCHAR2(400)",
    "text": "VARCHAR2(400)",
    "integer": "NUMBER(10)",
    "bigint": "NUMBER(18)",
    "date": "DATE",
    "timestamp without time zone": "DATE",
}
BINDS = {
    "character varying": oracledb.DB_TYPE_VARCHAR,
    "text": oracledb.DB_TYPE_VARCHAR,
    "date": oracledb.DB_TYPE_DATE,
    "timestamp without time zone": oracledb.DB_TYPE_DATE,
}
ROW_NUMBERS = r'"source_row":\{[^}]*\}'
FAULTS: list[tuple[int, dict[str, Any]]] = [
    (12514, {"at": "connect"}),
    (60, {"pattern": "hedui_ac01.*1 = 0"}),
    (28, {"pattern": "FROM hedui_ab01"}),
    (54, {"pattern": "hedui_ac02"}),
    (1555, {"pattern": "FROM hedui_ac43", "at": "fetch"}),
    (3113, {"pattern": "FROM hedui_ac44", "at": "fetch", "after": 1}),
]
"""Errors of every class, at the connect, at the first statement of a table, and half way through one."""


def tables_of(site: Site) -> list[str]:
    return sorted({spec.table for spec in site.source("shebao").datasets.values() if spec.table is not None})


def in_one_schema(folder: Path) -> Site:
    """The demo's site with its local source in the user's own schema of another database."""
    shutil.copytree(DEMO_SITE, folder)
    source = folder / "sources" / "shebao.yaml"
    text = (
        source.read_text("utf-8")
        .replace("table: shebao.", f"table: {PREFIX}")
        .replace("connection: shebao_db", "connection: oracle_db")
    )
    source.write_text(text, "utf-8")
    return load_site(folder)


def copy_tables(origin: str, target: str, tables: list[str], new_tables: Callable[[dict[str, dict[str, str]]], None]) -> int:
    """Loads the demo's tables into Oracle, in small slices."""
    rows = 0
    writer = connect(make_url(target), "loader", "Asia/Shanghai")
    with psycopg.connect(origin.replace("+psycopg", "")) as reader, closing(writer), writer.cursor() as cursor:
        for table in tables:
            described = reader.execute(COLUMNS, table.split(".")).fetchall()
            name = PREFIX + table.split(".")[1]
            new_tables({name: {column: oracle_type(*kind) for column, *kind in described}})
            marks = ", ".join(f":{number}" for number in range(1, len(described) + 1))
            cursor.setinputsizes(*[BINDS.get(kind, oracledb.DB_TYPE_NUMBER) for _, kind, _, _ in described])
            insert = f"INSERT INTO {name} ({', '.join(column for column, *_ in described)}) VALUES ({marks})"
            with reader.cursor() as source:
                source.execute(f"SELECT * FROM {table}")
                while part := source.fetchmany(SLICE):
                    cursor.executemany(insert, part)
                    rows += len(part)
        writer.commit()
    return rows


def oracle_type(kind: str, digits: int | None, places: int | None) -> str:
    if kind == "numeric":
        return "NUMBER" if digits is None else f"NUMBER({digits},{places})"
    return TYPES[kind]


COLUMNS = """
SELECT column_name, data_type, numeric_precision, numeric_scale FROM information_schema.columns
WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position"""


def findings(context: Context) -> dict[tuple[str, dt.date], tuple[int, str]]:
    """How many rows every findings partition has, and a digest over them.

    Row numbers are left out of the evidence: they count the rows as they came, and no database promises an order.
    """
    found = {}
    for folder in sorted((Path(context.lake.root) / "findings").iterdir()):
        scope = folder.name.replace("=", ":")
        for date in context.lake.dates("findings", scope):
            files = context.lake.files(context.findings(scope, date))
            with duckdb.connect() as connection:
                query = f"SELECT * REPLACE (regexp_replace(evidence, '{ROW_NUMBERS}', '') AS evidence) FROM read_parquet(?)"
                rows = sorted(connection.execute(query, [files]).fetchall(), key=repr)
            found[scope, date] = len(rows), hashlib.sha256(repr(rows).encode()).hexdigest()
    return found


@pytest.fixture(scope="module")
def loaded(oracle_url, new_tables, demo_world, context_factory) -> None:
    tables = tables_of(context_factory("tables").site)
    assert copy_tables(demo_world.urls["shebao_db"], oracle_url, tables, new_tables) > 10_000


@pytest.fixture
def pauses(monkeypatch) -> list[float]:
    made: list[float] = []
    monkeypatch.setattr(retry, "pause", made.append)
    monkeypatch.setattr(oracle, "BATCH_ROWS", 200)
    return made


def from_oracle(context: Context, url: str) -> Context:
    urls = {"oracle_db": url}
    return replace(
        context,
        site=in_one_schema(context.reports.parent / "site"),
        connection=lambda name: urls.get(name) or context.connection(name),
    )


def where_oracle_matters(context: Context, date: dt.date) -> None:
    """A night without what reads nothing of the local source (the checks of the others) or only repeats (ledger, workbook)."""
    for source in context.site.sources:
        steps.extract(context, source.id, date)
    steps.restate(context, date)
    steps.check_source(context, "shebao", date)
    steps.check_across(context, date)
    for comparison in context.site.comparisons:
        steps.compare(context, comparison.id, date)
    for linked in context.site.linked:
        steps.link(context, linked.id, date)


@pytest.mark.timeout(3600)  # the emulator is slow, and slower beside other work
@pytest.mark.parametrize(
    ("night", "dates"),
    [
        pytest.param(where_oracle_matters, DATES[:1], id="one night"),
        pytest.param(steps.night, DATES, id="all nights", marks=pytest.mark.slow),
    ],
)
def test_nights_on_oracle_find_what_nights_on_postgresql_find(loaded, oracle_url, faults, pauses, context_factory, night, dates):
    expected, context = context_factory("postgresql"), from_oracle(context_factory("oracle"), oracle_url)

    for date in dates:
        night(expected, date)
        faults.plan(FAULTS)
        night(context, date)
        faults.all_raised()

    ours, theirs = findings(context), findings(expected)
    assert ours.keys() == theirs.keys()
    assert [key for key in theirs if ours[key] != theirs[key]] == []
    assert sum(rows for rows, _ in ours.values()) > 100
    assert len(pauses) == len(FAULTS) * len(dates)
    for dataset in context.site.source("shebao").datasets:
        for date in dates:
            read, wanted = (one.lake.manifest(one.canonical(dataset, "shebao", date)) for one in (context, expected))
            assert read is not None
            assert wanted is not None
            assert (read.rows, read.rejected, read.control_totals) == (wanted.rows, wanted.rejected, wanted.control_totals)
