"""Brings findings partitions into PostgreSQL: DuckDB reads the lake and writes CSV, COPY streams it into the merge's tables.

Two passes keep a night cheap: first fingerprint and digest of every finding, then all attributes of only those that the ledger does not
know or knows with other values.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
from sqlalchemy import Connection

from hedui import engine
from hedui.context import Context
from hedui.errors import LakeError
from hedui.lake import Manifest, Partition

CASE_COLUMNS: Final = (
    "fingerprint",
    "rule",
    "kind",
    "severity",
    "dataset",
    "source",
    "agency",
    "subject_type",
    "subject_key",
    "region",
    "insurance",
    "period",
    "field",
    "side_values",
    "raw_values",
    "right_source",
    "amount_diff_fen",
    "origin_date",
)
"""Columns of findings that a case keeps. Evidence is left out: its row numbers change every night, and the lake holds it."""

TYPED: Final = ("amount_diff_fen", "origin_date")


def digest_sql() -> str:
    """SQL text of the digest over all kept columns; NULL and empty text differ."""
    parts = ", ".join(f"coalesce(cast({column} AS VARCHAR), chr(30))" for column in CASE_COLUMNS)
    return f"md5(concat_ws(chr(31), {parts}))"


@dataclass(frozen=True, kw_only=True)
class StagedPartition:
    """A findings partition opened for the merge: DuckDB tables ``findings`` (a view) and ``narrow`` (fingerprint, values_digest)."""

    duck: duckdb.DuckDBPyConnection
    folder: Path
    rows: int
    distinct: int

    def copy_narrow(self, connection: Connection, table: str) -> None:
        """COPYs fingerprint and values_digest of every finding into ``table``."""
        self._copy(connection, "SELECT fingerprint, values_digest FROM narrow", f"{table} (fingerprint, values_digest)")

    def copy_wide(self, connection: Connection, table: str, *, wanted: str | None, scope_id: int) -> None:
        """COPYs all kept columns into ``table``, which has CASE_COLUMNS, values_digest and scope_id.

        Args:
            connection: The merge's transaction.
            table: Where to.
            wanted: A SELECT in PostgreSQL of the fingerprints to take; None takes all.
            scope_id: Value of the column scope_id.
        """
        # PostgreSQL has no character NUL in text; everything else passes unchanged.
        columns = ", ".join(c if c in TYPED else f"replace(cast({c} AS VARCHAR), chr(0), '') AS {c}" for c in CASE_COLUMNS)
        # Equal fingerprints within a partition (a producer's slip) fold into the one with the smallest digest.
        unique = "DISTINCT" if self.rows != self.distinct else ""
        query = f"SELECT {unique} {columns}, values_digest, {int(scope_id)} FROM findings"
        if self.rows != self.distinct:
            query += " SEMI JOIN narrow USING (fingerprint, values_digest)"
        if wanted is not None:
            query += f" WHERE fingerprint IN (SELECT fingerprint FROM {self._fetch(connection, wanted)})"
        # In the order of the unique index, which then grows at its end instead of everywhere.
        self._copy(connection, f"{query} ORDER BY fingerprint", f"{table} ({', '.join(CASE_COLUMNS)}, values_digest, scope_id)")

    def _fetch(self, connection: Connection, select: str) -> str:
        path = self.folder / "wanted.csv"
        with path.open("wb") as file, _cursor(connection) as cursor:
            cursor.copy_expert(f"COPY ({select}) TO STDOUT (FORMAT csv)", file)
        # UUIDs come back with hyphens.
        columns = "header=false, columns={'u': 'VARCHAR'}"
        return f"(SELECT replace(u, '-', '') AS fingerprint FROM read_csv({engine.literal(str(path))}, {columns}))"

    def _copy(self, connection: Connection, query: str, target: str) -> None:
        path = self.folder / "rows.csv"
        self.duck.execute(f"COPY ({query}) TO {engine.literal(str(path))} (FORMAT csv, HEADER false)")
        with path.open("rb") as file, _cursor(connection) as cursor:
            cursor.copy_expert(f"COPY {target} FROM STDIN (FORMAT csv, ENCODING 'UTF8')", file, 1 << 20)
        path.unlink()


@contextmanager
def staged(context: Context, partition: Partition, manifest: Manifest) -> Iterator[StagedPartition]:
    """Opens a findings partition; its temporary files are readable by this user only and go with it.

    Raises:
        LakeError: The partition was replaced while it was read; running the step again helps.
    """
    files = [context.lake.full_path(partition, relative) for relative in manifest.files.get("data", [])]
    relation = engine.parquet(files) if files else f"(SELECT {', '.join(f'NULL AS {c}' for c in CASE_COLUMNS)} WHERE false)"
    with (
        tempfile.TemporaryDirectory(prefix="hedui-record-") as folder,
        engine.connect(memory_limit=context.memory_limit, threads=context.threads) as duck,
    ):
        try:
            duck.execute(f"CREATE TEMP VIEW findings AS SELECT *, {digest_sql()} AS values_digest FROM {relation}")
            duck.execute(
                "CREATE TEMP TABLE narrow AS SELECT fingerprint, min(values_digest) AS values_digest FROM findings GROUP BY 1"
            )
            rows, distinct = _counts(duck)
            yield StagedPartition(duck=duck, folder=Path(folder), rows=rows, distinct=distinct)
        except (duckdb.IOException, duckdb.HTTPException, FileNotFoundError):
            raise LakeError(f"Partition {partition.path} was replaced while it was read; run the step again.") from None


def _counts(duck: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    row = duck.execute("SELECT (SELECT count(*) FROM findings), (SELECT count(*) FROM narrow)").fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


@contextmanager
def _cursor(connection: Connection):  # type: ignore[no-untyped-def]  # psycopg2 has no types
    cursor = connection.connection.cursor()
    try:
        yield cursor
    finally:
        cursor.close()
