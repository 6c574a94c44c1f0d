"""Converts a raw batch into canonical rows and rejects, set by set in the engine."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from hedui import engine
from hedui.canonical import functions
from hedui.canonical.plan import BLANKS, CodeEntry, FieldPlan
from hedui.canonical.schemas import Dataset
from hedui.errors import ConservationError
from hedui.lake import Lake, PartitionWriter

CODE_SCHEMA = pa.schema([(name, pa.string()) for name in ("table_name", "insurance", "code", "canonical")])


@dataclass(frozen=True, kw_only=True)
class RawRelation:
    """A raw batch as the engine reads it.

    Attributes:
        data: Parquet files of the records.
        bad: Parquet files of the unreadable records.
        columns: The raw columns.
        records: Number of records in ``data``.
        source_rows: All records that the source delivered.
        only: SQL condition on source_row that picks the records that count; ``records`` and ``source_rows`` are of them.
    """

    data: list[str]
    bad: list[str]
    columns: list[str]
    records: int
    source_rows: int
    only: str | None = None

    def relation(self, files: list[str]) -> str:
        """The records that count of some files."""
        everything = engine.parquet(files)
        return f"(SELECT * FROM {everything} WHERE {self.only})" if self.only else everything


@dataclass(frozen=True, kw_only=True)
class Converted:
    """What became of a raw batch.

    Attributes:
        rows: Canonical rows.
        rejected: Records that became none.
        control_totals: Sum of the canonical rows in fen, by amount.
    """

    rows: int
    rejected: int
    control_totals: dict[str, int]


def prepare(connection: duckdb.DuckDBPyConnection, codes: list[CodeEntry]) -> None:
    """Makes functions and the code tables known to a connection."""
    functions.register(connection)
    connection.register("codes", pa.Table.from_pylist([asdict(entry) for entry in codes], schema=CODE_SCHEMA))


def convert(
    *,
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    writer: PartitionWriter,
    dataset: Dataset,
    plans: list[FieldPlan],
    raw: RawRelation,
) -> Converted:
    """Writes the canonical partition of one raw batch.

    Args:
        connection: A connection that :func:`prepare` has seen.
        lake: The lake.
        writer: Writer of the canonical partition; not committed here.
        dataset: The canonical dataset.
        plans: How its fields are filled.
        raw: The raw batch.

    Raises:
        ConservationError: Canonical rows and rejected records are not all records.
    """
    engine.run(
        connection, "canonical/cleaned.sql", relation=raw.relation(raw.data), fields=plans, columns=raw.columns, blanks=BLANKS
    )
    engine.run(connection, "canonical/typed.sql", fields=plans, columns=raw.columns, insurance=_insurance(plans))
    data = writer.new_file("data")
    # the engine passes a file's rows on in their order; sorting them would cost memory that grows with them
    _copy(connection, engine.render("canonical/data.sql", fields=plans, ordered=False), data)
    if not _in_order(lake, data):
        _copy(connection, engine.render("canonical/data.sql", fields=plans, ordered=True), data)
    rows = _count(lake, data)
    rejects = writer.new_file("rejects")
    _copy(connection, _rejects(plans if rows < raw.records else [], raw), rejects)
    rejected = _rejected(connection, rejects)
    if rows + rejected != raw.source_rows:
        raise ConservationError(
            f"{dataset.name}: {raw.source_rows} records were received, but {rows} canonical rows and {rejected} rejected records "
            f"make {rows + rejected}."
        )
    return Converted(rows=rows, rejected=rejected, control_totals=_totals(connection, dataset, data))


def _insurance(plans: list[FieldPlan]) -> str:
    """SQL expression of the row's canonical insurance, for code tables that depend on it."""
    plan = next((plan for plan in plans if plan.name == "insurance"), None)
    if plan is None or (plan.column is None and plan.const is None):
        return "NULL"
    if plan.const is not None:
        return engine.literal(plan.const)
    return f"{engine.ident('k_insurance')}.canonical" if plan.codes is not None else f"cleaned.{engine.ident('t_insurance')}"


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: str) -> None:
    connection.execute(f"COPY (\n{query}\n) TO {engine.literal(path)} (FORMAT parquet, COMPRESSION zstd)")


def _rejects(plans: list[FieldPlan], raw: RawRelation) -> str:
    parts = []
    refusable = [plan for plan in plans if plan.column is not None and (plan.fallible or plan.required)]
    if refusable:
        parts.append(engine.render("canonical/rejects.sql", fields=refusable, columns=raw.columns))
    if raw.bad:
        parts.append(engine.render("canonical/unreadable.sql", relation=raw.relation(raw.bad)))
    if not parts:
        # nothing can be refused: the same columns without a row
        empty = engine.render("canonical/unreadable.sql", relation="(SELECT 0 AS line, 0 AS source_row, '' AS reason, '' AS text)")
        parts.append(f"{empty} WHERE FALSE")
    union = "\nUNION ALL\n".join(f"SELECT * FROM (\n{part}\n)" for part in parts)
    return f"{union}\nORDER BY source_row, field"


def _count(lake: Lake, path: str) -> int:
    """Rows of a Parquet file, from the file itself."""
    with lake.fs.open(path, "rb") as handle:
        return int(pq.read_metadata(handle).num_rows)


def _in_order(lake: Lake, path: str) -> bool:
    """Whether the rows of a canonical file are in the order in which they were received."""
    last = 0
    with lake.fs.open(path, "rb") as handle, pq.ParquetFile(handle) as file:
        for batch in file.iter_batches(columns=["source_row"]):
            rows = batch.column(0).to_numpy()
            if len(rows) and (rows[0] <= last or (rows[1:] <= rows[:-1]).any()):
                return False
            last = rows[-1] if len(rows) else last
    return True


def _rejected(connection: duckdb.DuckDBPyConnection, path: str) -> int:
    row = connection.execute(f"SELECT count(DISTINCT source_row) FROM {engine.parquet([path])}").fetchone()
    return int(row[0]) if row is not None else 0


def _totals(connection: duckdb.DuckDBPyConnection, dataset: Dataset, path: str) -> dict[str, int]:
    amounts = [field.name for field in dataset.fields.values() if field.type == "fen"]
    if not amounts:
        return {}
    row = engine.run(connection, "canonical/totals.sql", relation=engine.parquet([path]), amounts=amounts).fetchone()
    return {name: int(value) for name, value in zip(amounts, row or [], strict=True)}
