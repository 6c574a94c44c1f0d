"""Writing what the agencies deliver: text files in their encodings, workbooks, and tables of a PostgreSQL database.

Ordinary rows are the same on every date, so they are rendered once by DuckDB and copied; the few rows that plants touch follow them.
All bytes depend only on the content: no times, no random names.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import duckdb
import psycopg
from psycopg import sql as pgsql
from sqlalchemy.engine import make_url

from hedui.demo.systems.spec import Table
from hedui.engine import literal

CHUNK: Final = 1 << 20
Cells = Sequence[str | None]


def render_rows(connection: duckdb.DuckDBPyConnection, query: str, path: Path, *, separator: str = ",") -> int:
    """Writes a query's rows as UTF-8 text without a header, NULL as nothing.

    Returns:
        Number of rows.
    """
    copy = f"COPY ({query}) TO {literal(str(path))} (FORMAT csv, HEADER false, DELIMITER {literal(separator)})"
    ((rows,),) = connection.execute(copy).fetchall()
    return int(rows)


def transcode(source: Path, target: Path, *, encoding: str) -> None:
    """Rewrites a UTF-8 file in another encoding, in pieces."""
    with source.open("r", encoding="utf-8", newline="") as reader, target.open("w", encoding=encoding, newline="") as writer:
        while chunk := reader.read(CHUNK * 4):
            writer.write(chunk)


def csv_text(rows: Iterable[Cells], *, separator: str = ",") -> str:
    """Rows as delimited text; an empty cell is nothing at all, as in :func:`render_rows`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator, lineterminator="\n")
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    return buffer.getvalue()


def write_text(path: Path, *, header: str, common: Path, rows: str, encoding: str) -> None:
    """Joins header, ordinary rows (a file already in ``encoding``) and touched rows into the file that the agency delivers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    plain = "utf-8" if encoding == "utf-8-sig" else encoding
    with partial.open("wb") as target:
        target.write(header.encode(encoding))
        with common.open("rb") as source:
            shutil.copyfileobj(source, target, CHUNK * 4)
        target.write(rows.encode(plain))
    os.replace(partial, path)


_XLSX_PARTS: Final = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
    '<Override PartName="/xl/styles.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>",
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/><Relationship Id="rId2" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    "<fonts><font/></fonts><fills><fill><patternFill/></fill></fills><borders><border/></borders><cellStyleXfs><xf/></cellStyleXfs>"
    '<cellXfs><xf xfId="0"/></cellXfs><cellStyles><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}


def write_xlsx(path: Path, *, sheet: str, rows: Iterable[Cells]) -> None:
    """A workbook of one sheet whose cells are all text, with a fixed time stamp so that the same rows give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    workbook = (
        '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
        f'<sheet name="{escape(sheet)}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    lines = "".join(_xlsx_row(number, row) for number, row in enumerate(rows, start=1))
    body = (
        f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{lines}</sheetData></worksheet>'
    )
    parts = {**_XLSX_PARTS, "xl/workbook.xml": workbook, "xl/worksheets/sheet1.xml": body}
    partial = path.with_name(path.name + ".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in parts.items():
            archive.writestr(_entry(name), '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + text)
    os.replace(partial, path)


def _entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info


def _xlsx_row(number: int, row: Cells) -> str:
    cells = "".join(
        f'<c r="{chr(65 + index)}{number}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
        for index, cell in enumerate(row)
        if cell is not None
    )
    return f'<row r="{number}">{cells}</row>'


def connect_postgres(url: str) -> psycopg.Connection[Any]:
    """A connection for a SQLAlchemy URL of any PostgreSQL driver, also with the socket's folder in ``?host=``."""
    parts = make_url(url)
    options = {key: value if isinstance(value, str) else value[-1] for key, value in parts.query.items()}
    known = {"host": parts.host, "port": parts.port, "user": parts.username, "password": parts.password, "dbname": parts.database}
    return psycopg.connect(**{**{key: value for key, value in known.items() if value}, **options})  # type: ignore[arg-type]


def recreate_schema(url: str, schema: str) -> None:
    """Drops the schema with its tables and makes it anew."""
    name = pgsql.Identifier(schema)
    with connect_postgres(url) as connection:
        connection.execute(pgsql.SQL("SET client_min_messages = warning"))
        connection.execute(pgsql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name))
        connection.execute(pgsql.SQL("CREATE SCHEMA {}").format(name))


VALIDITY: Final = (("ksrq", "date", "有效期起"), ("jsrq", "date", "有效期止（不含）"))
BATCH: Final = (("xgpc", "varchar(60)", "修改批次"),)
"""Which correction bundle has changed a row; empty in what is delivered."""


def load_table(url: str, table: Table, *, validity: bool, parts: Sequence[Path]) -> int:
    """Creates a table with its Chinese comments and copies CSV files into it.

    Returns:
        Number of rows.
    """
    delivered = [(column.name, column.type, column.label) for column in table.columns] + list(VALIDITY if validity else ())
    columns = delivered + list(BATCH if validity else ())
    name = pgsql.Identifier(table.source, table.name)
    definition = pgsql.SQL(", ").join(pgsql.Identifier(column) + pgsql.SQL(" " + kind) for column, kind, _ in columns)
    rows = 0
    with connect_postgres(url) as connection, connection.cursor() as cursor:
        cursor.execute(pgsql.SQL("CREATE TABLE {} ({})").format(name, definition))
        cursor.execute(pgsql.SQL("COMMENT ON TABLE {} IS {}").format(name, table.label))
        for column, _, label in columns:
            field = pgsql.Identifier(table.source, table.name, column)
            cursor.execute(pgsql.SQL("COMMENT ON COLUMN {} IS {}").format(field, label))
        for part in parts:
            listed = pgsql.SQL(", ").join(pgsql.Identifier(column) for column, _, _ in delivered)
            copying = pgsql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(name, listed)
            with cursor.copy(copying) as copy, part.open("rb") as source:
                while chunk := source.read(CHUNK):
                    copy.write(chunk)
            rows += cursor.rowcount
    return rows
