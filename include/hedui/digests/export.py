"""Export: one side of a comparison as digests, ready to be handed to the other agency."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from hedui import engine
from hedui.compare.plan import SidePlan, side_plan, side_stubs
from hedui.compare.run import find_comparison
from hedui.compare.snapshot import side_parameters
from hedui.context import Context
from hedui.digests.columns import Column, exported, view_columns
from hedui.digests.files import FORMAT, NORMALISER, ROWS, Exchange, file_digest, write_manifest
from hedui.digests.keys import ALGORITHMS, Secret
from hedui.errors import HeduiError
from hedui.site.models import SnapshotComparison

BATCH: Final = 100_000
"""Rows that are digested together: each value of them once."""

REMEMBERED: Final = 10_000
"""Values of a field whose digests are kept from batch to batch: codes and units recur, names of persons hardly."""


def export_side(context: Context, comparison_id: str, source: str, date: dt.date, *, secret: Secret, out: Path) -> Exchange:
    """Writes the digests of one side's rows into ``out``; only that side's canonical partition is needed.

    Args:
        context: The site and the lake.
        comparison_id: A snapshot comparison.
        source: One of its sides.
        date: Business date.
        secret: The common secret.
        out: A folder that does not exist yet, or is empty.

    Raises:
        HeduiError: The comparison or the side does not exist, is no snapshot, has tolerances, or ``out`` has files in it.
    """
    comparison = snapshot_comparison(context, comparison_id)
    side = exporting_side(context, comparison, source, date)
    columns = exported(comparison, side)
    _empty_folder(out)
    with (
        engine.connect(memory_limit=context.memory_limit, threads=context.threads) as connection,
        tempfile.TemporaryDirectory(prefix=".digests-", dir=out) as scratch,
    ):
        side_view(connection, comparison, side)
        plain = Path(scratch) / "digested.parquet"
        rows = digest_rows(context, connection, columns, digesters(secret, comparison_id, columns), target=plain)
        names = [column.name for column in columns]
        query = engine.render("digests/shuffled.sql", relation=engine.parquet([str(plain)]), columns=names).strip().rstrip(";")
        path = engine.literal(str(out / ROWS))
        connection.execute(f"COPY ({query}) TO {path} (FORMAT parquet, COMPRESSION zstd)")
    exchange = Exchange(
        format=FORMAT,
        normaliser=NORMALISER,
        algorithm=ALGORITHMS[secret.algorithm],
        key_fingerprint=secret.fingerprint,
        comparison=comparison_id,
        source=source,
        dataset=side.dataset,
        business_date=date.isoformat(),
        key=list(comparison.key),
        columns={column.name: column.purpose for column in columns},
        map_from=side.key_map.from_field if side.key_map else "",
        map_to=side.key_map.to_field if side.key_map else "",
        rows=rows,
        rejected=side.manifest.rejected,
        sha256=file_digest(out / ROWS),
    )
    exchange = replace(exchange, seal=exchange.sealed_by(secret))
    write_manifest(out, exchange)
    return exchange


def snapshot_comparison(context: Context, comparison_id: str) -> SnapshotComparison:
    """The comparison with the id.

    Raises:
        HeduiError: There is none, or it is one of flows.
    """
    comparison = find_comparison(context, comparison_id)
    if not isinstance(comparison, SnapshotComparison):
        raise HeduiError(f"{comparison_id} compares flows, whose amounts are added up; only snapshots can be compared by digests.")
    return comparison


def exporting_side(context: Context, comparison: SnapshotComparison, source: str, date: dt.date) -> SidePlan:
    """The plan of the side that is exported.

    Raises:
        HeduiError: The source is no side. LakeError: its canonical partition is missing.
    """
    for stub in side_stubs(context, comparison, date):
        if stub.source == source:
            return side_plan(context, comparison, stub)
    sides = ", ".join(side.source for side in comparison.sides)
    raise HeduiError(f'"{source}" is no side of {comparison.id}; its sides are {sides}.')


def side_view(connection: duckdb.DuckDBPyConnection, comparison: SnapshotComparison, side: SidePlan) -> None:
    """Makes the view ``exported`` of a side's rows, in the clear."""
    engine.run(connection, "compare/side.sql", **side_parameters(side, view_columns(comparison, side), view="exported"))


def digesters(secret: Secret, comparison_id: str, columns: tuple[Column, ...]) -> dict[str, Callable[[str], str]]:
    """Per column that is digested the digest of one value."""
    return {
        column.name: secret.keyed(comparison_id, column.purpose, column.field).hex_of
        for column in columns
        if column.purpose != "clear"
    }


def digest_rows(
    context: Context,
    connection: duckdb.DuckDBPyConnection,
    columns: tuple[Column, ...],
    keyed: dict[str, Callable[[str], str]],
    *,
    target: Path,
) -> int:
    """Streams the view's rows through the digests into a file; returns their number."""
    query = engine.render("digests/rows.sql", view="exported", columns={column.name: column.sql for column in columns})
    reader = connection.execute(query).to_arrow_reader(BATCH)
    schema = pa.schema([(column.name, pa.string()) for column in columns])
    known: dict[str, dict[str, str]] = {name: {} for name in keyed}
    done = 0
    with pq.ParquetWriter(target, schema, compression="none") as writer:
        for batch in reader:
            arrays = [
                digested(batch.column(name), keyed[name], known[name]) if name in keyed else batch.column(name).cast(pa.string())
                for name in schema.names
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
            done += batch.num_rows
            context.progress("摘要", done, None)
    return done


def digested(values: pa.Array, keyed: Callable[[str], str], known: dict[str, str]) -> pa.Array:
    """The digests of a column; each different value is digested once, NULL stays NULL.

    Args:
        values: Texts.
        keyed: Digest of one.
        known: Digests from earlier batches; filled as long as it is small.
    """
    encoded = values.dictionary_encode()
    results = []
    for value in encoded.dictionary.to_pylist():
        result = known.get(value) or keyed(value)
        if len(known) < REMEMBERED:
            known[value] = result
        results.append(result)
    return pa.array(results, pa.string()).take(encoded.indices)


def _empty_folder(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise HeduiError(f"{out} exists and is not an empty folder; name a new one, so that no earlier export is mixed with this.")
    out.mkdir(parents=True, exist_ok=True)
