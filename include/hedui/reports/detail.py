"""The full detail of a night, masked: a table in DuckDB, a Parquet file, a CSV file that Excel opens, and a stream for the workbook."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from hedui import engine
from hedui.reports.cells import INJECTION_SQL_PATTERN, PLAIN_NUMBER_SQL_PATTERN
from hedui.reports.content import Value
from hedui.reports.sections.details import COLUMNS
from hedui.security.masking_sql import SqlMasks, prepare_pseudonyms, pseudonym_sql

MONEY_RULES = ("C06", "C08", "C09")
"""Rules without a field whose value is an expression in fen."""

WORKBOOK_COLUMNS = {
    "number": "number",
    "severity": "severity_name",
    "kind": "kind_name",
    "rule": "rule_name",
    "scope": "scope_name",
    "subject": "subject",
    "region": "region_name",
    "insurance": "insurance_name",
    "period": "period",
    "field": "field_name",
    "first": "first_value",
    "second": "second_value",
    "third": "third_value",
    "right": "right_name",
    "diff": "amount_diff_fen",
    "age": "age",
    "agency": "agency_name",
    "state": "state_name",
    "rows": "source_rows",
    "case": "case_token",
}
"""Column of the table ``detail`` by key of the workbook's column; 处置 has none."""

FILE_COLUMNS = {"subject_token": "对象代号"}
"""Columns of the CSV file beyond those of the workbook."""

BATCH = 2_000


def make_detail(connection: duckdb.DuckDBPyConnection, date: dt.date) -> int:
    """Fills the table ``detail`` and returns its number of rows; needs ``classified`` and the names. Persons are masked as of ``date``."""
    prepare_pseudonyms(connection)
    masks = SqlMasks(at=date)
    query = (
        engine.render("reports/detail.sql", masks=masks, pseudonym=pseudonym_sql, money_rules=MONEY_RULES)
        .rstrip()
        .removesuffix(";")
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE detail AS {query}")
    return int((connection.execute("SELECT count(*) FROM detail").fetchone() or (0,))[0])


def detail_rows(connection: duckdb.DuckDBPyConnection, limit: int) -> Iterator[tuple[Value, ...]]:
    """The first ``limit`` rows in the workbook's column order."""
    columns = ", ".join(WORKBOOK_COLUMNS.get(column.key, "NULL") for column in COLUMNS)
    result = connection.execute(f"SELECT {columns} FROM detail WHERE number <= {int(limit)} ORDER BY number")
    while batch := result.fetchmany(BATCH):
        yield from batch


def write_parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Writes all rows with all columns; money in fen, codes beside their names."""
    with _whole(path) as temporary:
        target = engine.literal(str(temporary))
        connection.execute(f"COPY (SELECT * FROM detail ORDER BY number) TO {target} (FORMAT PARQUET, COMPRESSION ZSTD)")


def write_csv(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Writes all rows as UTF-8 with BOM under Chinese headings; money in yuan, nothing that a spreadsheet takes for a formula."""
    with _whole(path) as temporary, _whole(path.with_suffix(".body")) as body:
        columns = ",\n".join(_csv_column(column.key, column.title) for column in COLUMNS if column.key in WORKBOOK_COLUMNS)
        further = ", ".join(f"{_guarded(name)} AS {engine.ident(title)}" for name, title in FILE_COLUMNS.items())
        query = f"SELECT {columns}, {further} FROM detail ORDER BY number"
        connection.execute(f"COPY ({query}) TO {engine.literal(str(body))} (FORMAT CSV, HEADER TRUE, NULL '')")
        with temporary.open("wb") as target, body.open("rb") as source:
            target.write("\ufeff".encode())
            shutil.copyfileobj(source, target, 1 << 20)


def _csv_column(key: str, title: str) -> str:
    column = WORKBOOK_COLUMNS[key]
    if key == "diff":
        expression = f"CAST(CAST({column} AS DECIMAL(18, 2)) * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(20, 2))"
    else:
        expression = column if key in ("number", "age") else _guarded(column)
    return f"{expression} AS {engine.ident(title)}"


def _guarded(column: str) -> str:
    dangerous, number = engine.literal(INJECTION_SQL_PATTERN), engine.literal(PLAIN_NUMBER_SQL_PATTERN)
    test = f"regexp_matches({column}, {dangerous}) AND NOT regexp_matches({column}, {number})"
    return f"CASE WHEN {test} THEN '''' || {column} ELSE {column} END"


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A temporary file that takes the name ``path`` when the block ends well; files named ``.body`` only go away."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        if path.suffix != ".body":
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
