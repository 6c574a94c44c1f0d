"""Findings on presence learn of the suggestion that they take part in."""

from __future__ import annotations

import datetime as dt
from typing import Final

import duckdb

from hedui import engine
from hedui.compare.write import copy_out, fetch_one
from hedui.context import Context
from hedui.findings import FINDING_COLUMNS

PRESENCE_KINDS: Final = ("MISSING_TIER", "ONLY_LEFT", "ONLY_RIGHT")
"""Kinds of findings that say that a side lacks a key."""


def point(connection: duckdb.DuckDBPyConnection, context: Context, comparison: str, date: dt.date, *, rule: str) -> None:
    """Replaces the comparison's findings partition by itself with ``link`` in the evidence of suggested keys.

    Everything else of the partition stays as it is; where no evidence changes, the partition is left alone.

    Args:
        connection: Where the tables ``hits`` and ``findings`` of the linkage are.
        context: Where the lake is.
        comparison: The comparison's id.
        date: Business date.
        rule: Rule of pairs between sides.
    """
    lake, partition = context.lake, context.findings(comparison, date)
    manifest = lake.manifest(partition)
    files = lake.files(partition)
    if manifest is None or not files:
        return
    relation = engine.parquet(files)
    engine.run(connection, "linkage/pointed.sql", findings=relation, kinds=PRESENCE_KINDS, columns=list(FINDING_COLUMNS), rule=rule)
    changed = fetch_one(
        connection,
        f"SELECT count(*) FROM pointed AS p JOIN {relation} AS c ON c.fingerprint = p.fingerprint WHERE c.evidence <> p.evidence",
    )[0]
    if not changed:
        return
    with lake.writer(partition) as writer:
        copy_out(connection, writer, "pointed")
        for name in sorted(set(manifest.files) - {"data"}):
            for path in lake.files(partition, name):
                with lake.fs.open(path, "rb") as source, lake.fs.open(writer.new_file(name), "wb") as target:
                    while chunk := source.read(1 << 20):
                        target.write(chunk)
        writer.commit(manifest)
