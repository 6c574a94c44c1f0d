"""What packets with a known number change: the rows of an earlier version beside those of the later one, kept as Parquet."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Final

from hedui import engine
from hedui.batches.facts import PacketFact, raw_partition
from hedui.batches.judge import Verdict
from hedui.canonical.convert import prepare
from hedui.canonical.schemas import dataset as canonical_dataset
from hedui.context import Context
from hedui.lake import Manifest
from hedui.site.models import Source

CHANGES: Final = "_changes"
"""The raw partition of a source with what the packets of a date change."""


def write_changes(context: Context, source: Source, verdicts: Sequence[Verdict]) -> None:
    """Writes the differences of every packet that has another content than the version before; a date's own are replaced whole."""
    pairs: dict[dt.date, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        before = verdict.previous
        if before is not None and before.content != verdict.fact.content and before.dataset == verdict.fact.dataset:
            pairs[verdict.fact.date].append(verdict)
    lake = context.lake
    for day in set(lake.dates("raw", source.id, CHANGES)) - set(pairs):
        lake.remove(raw_partition(source.id, CHANGES, day))
    for day, mine in sorted(pairs.items()):
        token = [
            [_name(verdict.fact), verdict.fact.content, str(verdict.previous and verdict.previous.content)] for verdict in mine
        ]
        present = lake.manifest(raw_partition(source.id, CHANGES, day))
        if present is None or present.meta["pairs"] != token:
            _write(context, source, day, mine, token)


def _name(fact: PacketFact) -> str:
    return f"{fact.dataset}/{fact.number}"


def _relation(context: Context, source: Source, fact: PacketFact) -> tuple[str, list[str]]:
    """A packet's records in the raw partition of its own date, and their columns."""
    partition = raw_partition(source.id, fact.dataset, fact.date)
    manifest = context.lake.manifest(partition)
    if manifest is None:
        return "(SELECT CAST(NULL AS BIGINT) AS source_row WHERE FALSE)", []
    file = context.lake.full_path(partition, manifest.files["data"][0])
    where = f"source_row BETWEEN {fact.first_row} AND {fact.last_row}"
    return f"(SELECT * FROM {engine.parquet([file])} WHERE {where})", list(manifest.meta["columns"])


def _write(context: Context, source: Source, day: dt.date, verdicts: Sequence[Verdict], token: list[Any]) -> None:
    counts: dict[str, dict[str, int]] = {}
    rows = 0
    with (
        engine.connect(memory_limit=context.memory_limit, threads=context.threads) as connection,
        context.lake.writer(raw_partition(source.id, CHANGES, day)) as writer,
    ):
        prepare(connection, [])
        for verdict in verdicts:
            fact, before = verdict.fact, verdict.previous
            if before is None:
                continue
            (earlier, old), (later, new) = _relation(context, source, before), _relation(context, source, fact)
            columns = [name for name in new if name in old]
            spec = source.datasets[fact.dataset].columns
            mapped = (spec[name].column for name in canonical_dataset(fact.dataset).key if name in spec)
            keys = [column for column in mapped if column in columns]
            query = engine.render(
                "batches/changes.sql", packet=fact.key, before=earlier, after=later, keys=keys or columns, columns=columns
            )
            path = engine.literal(writer.new_file())
            connection.execute(f"COPY (\n{query}\n) TO {path} (FORMAT parquet, COMPRESSION zstd)")
            found = connection.execute(f"SELECT change, count(*) FROM read_parquet({path}) GROUP BY change").fetchall()
            counts[_name(fact)] = {"added": 0, "removed": 0, "changed": 0, **dict(found)}
            rows += sum(Counter(dict(found)).values())
        writer.commit(Manifest(rows=rows, meta={"pairs": token, "counts": counts}))


def counted_changes(context: Context, source: Source) -> dict[tuple[dt.date, str], dict[str, int]]:
    """Rows added, removed and changed, by date and packet."""
    found: dict[tuple[dt.date, str], dict[str, int]] = {}
    for day in context.lake.dates("raw", source.id, CHANGES):
        manifest = context.lake.manifest(raw_partition(source.id, CHANGES, day))
        if manifest is not None:
            found |= {(day, name): counts for name, counts in manifest.meta["counts"].items()}
    return found
