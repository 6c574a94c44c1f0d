"""Comparisons of some volume: counts by arithmetic, the same bytes on any number of threads, within a small memory limit."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from hedui.canonical.schemas import dataset
from hedui.compare.run import run_comparison
from hedui.context import Context
from hedui.lake import Manifest
from unit.compare.bench import Bench, people_site, tiny_context
from unit.compare.flows import SITE

DAY = dt.date(2026, 6, 3)
ROWS = 60_000


def fill(context: Context, name: str, source: str, values: dict[str, str], rows: str) -> None:
    """Writes a canonical partition from SQL: ``values`` per field over the integers ``i`` of ``rows``."""
    fields = dataset(name).fields.values()
    columns = ", ".join(f"CAST({values.get(field.name, 'NULL')} AS {field.sql_type}) AS {field.name}" for field in fields)
    with context.lake.writer(context.canonical(name, source, DAY)) as writer, duckdb.connect() as connection:
        path = writer.new_file()
        query = f"SELECT {columns}, row_number() OVER (ORDER BY hash(i + {len(source)}), i) AS source_row FROM ({rows}) AS t(i)"
        copied = connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)").fetchone()
        writer.commit(Manifest(rows=copied[0] if copied else 0))


def kinds(context: Context, comparison: str) -> Counter[tuple[str, str | None]]:
    bench = Bench(context)
    return Counter((row["kind"], row["field"]) for row in bench.findings(comparison, DAY))


def digests(context: Context, comparison: str) -> set[str]:
    """The digests of a comparison's findings, run twice on one thread and once on four."""
    found = set()
    for threads in (1, 4, 4):
        run_comparison(replace(context, threads=threads), comparison, DAY)
        manifest = context.lake.manifest(context.findings(comparison, DAY))
        assert manifest is not None
        found.add(manifest.digest)
    return found


@pytest.fixture
def people(tmp_path: Path) -> Context:
    context = replace(tiny_context(people_site(), tmp_path), memory_limit="150MB")
    values = {
        "person_no": "'P' || i",
        "id_number": "'99' || lpad(CAST(i AS VARCHAR), 16, '0')",
        "name": "'甲' || i",
        "sex": "i % 2",
    }
    everyone = f"SELECT i FROM range({ROWS}) AS r(i)"
    fill(context, "person", "a", values, f"{everyone} UNION ALL SELECT i FROM range(0, {ROWS}, 1000) AS r(i)")
    fill(
        context,
        "person",
        "b",
        values | {"name": "CASE WHEN i % 100 = 7 THEN '乙' ELSE '甲' || i END"},
        f"{everyone} WHERE i % 200 <> 9",
    )
    fill(context, "person", "c", values | {"id_number": f"CASE WHEN i % 500 <> 3 THEN {values['id_number']} END"}, everyone)
    return context


def test_three_tiers(people: Context) -> None:
    assert len(digests(people, "three")) == 1
    assert kinds(people, "three") == {
        ("ATTR", "name"): ROWS // 100,
        ("MISSING_TIER", None): ROWS // 200 + ROWS // 500,
        ("DUP", None): ROWS // 1000,
        ("KEY", None): ROWS // 500,
    }
    balance = Bench(people).balance("three", DAY)
    assert (balance["a"]["rows"], balance["a"]["duplicate"], balance["c"]["unusable"]) == (
        ROWS + ROWS // 1000,
        ROWS // 500,
        ROWS // 500,
    )


def test_flow(tmp_path: Path) -> None:
    context = replace(tiny_context(SITE, tmp_path), memory_limit="150MB")
    values = {
        "detail_no": "'MX' || i",
        "pool_region": "'99010' || (i % 40)",
        "insurance": "'110'",
        "unit_paid_fen": "i",
        "paid_status": "'1'",
    }
    everyone = f"SELECT i FROM range({ROWS}) AS r(i)"
    fill(context, "payment", "tax", values, everyone)
    other = values | {"unit_paid_fen": "CASE WHEN i % 400 = 40 THEN i + 1 ELSE i END"}
    fill(context, "payment", "sb", other, f"{everyone} WHERE i % 400 <> 80")
    assert len(digests(context, "flow")) == 1
    assert kinds(context, "flow") == {("AMT", "paid"): ROWS // 400, ("IN_TRANSIT", None): ROWS // 400, ("TOTAL", None): 1}
    balance = Bench(context).balance("flow", DAY)
    assert {name: balance[name]["in_transit"] for name in balance} == {"left": ROWS // 400, "right": 0}
    assert balance["left"]["rows_fen"] - balance["right"]["rows_fen"] == balance["left"]["in_transit_fen"] - ROWS // 400
