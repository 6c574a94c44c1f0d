"""Makes a source's canonical partitions agree with what the judge says of its packets, for every date that a packet touches.

The raw partitions are what was received and decide alone, so a run that was killed is put right by the next one. A resend of a later
date joins the raw partition of the date that its batch belongs to, as further files behind the date's own records, so that every
canonical row has its record in the raw partition of its own date.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hedui import engine
from hedui.batches.exchange import decisions_of, recorded_exchange
from hedui.batches.facts import GROUP, PacketFact, raw_partition, recorded_facts
from hedui.batches.judge import Verdict, judge
from hedui.canonical.convert import RawRelation, convert, prepare
from hedui.canonical.plan import code_entries, field_plans
from hedui.canonical.schemas import dataset as canonical_dataset
from hedui.context import Context
from hedui.errors import LakeError
from hedui.lake import Manifest, PartitionWriter
from hedui.site.models import Source

Place = tuple[PacketFact, int]
"""A packet whose rows count, and the number of its first record in the raw partition of the date that it belongs to."""


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What came of settling.

    Attributes:
        verdicts: What became of each packet.
        restated: Other dates whose rows changed.
    """

    verdicts: list[Verdict]
    restated: tuple[dt.date, ...] = ()


def verdicts_of(context: Context, source: Source, *, until: dt.date = dt.date.max) -> list[Verdict]:
    """What becomes of each packet by what was known on a date."""
    facts = [fact for fact in recorded_facts(context.lake, source) if fact.date <= until]
    exchange = recorded_exchange(context.lake, source)
    decisions = decisions_of(found for date, found in exchange.items() if date <= until)
    return judge(facts, decisions, source.batches, disabled=disabled_rules(context))


def disabled_rules(context: Context) -> frozenset[str]:
    """Rules that the site has switched off."""
    return frozenset(rule for rule, setting in context.site.rules.items() if not setting.enabled)


def settle(context: Context, source: Source, date: dt.date) -> Settled:
    """Writes the canonical partitions of ``date``, and of other dates where another set of packets counts than was written.

    Raises:
        ConservationError: Rows were lost.
    """
    verdicts = verdicts_of(context, source)
    restated = set()
    for name in source.datasets:
        for day in context.lake.dates("raw", source.id, name):
            job = _Day(context=context, source=source, dataset=name, date=day, verdicts=verdicts)
            if job.bring_up_to_date(force=day == date) and day != date:
                restated.add(day)
    return Settled(verdicts=verdicts, restated=tuple(sorted(restated)))


def places_of(counting: Sequence[PacketFact], date: dt.date, *, own_rows: int) -> list[Place]:
    """Where the packets that count for a date stand in its raw partition: its own as they came, those of later dates behind them."""
    places: list[Place] = [(fact, fact.first_row) for fact in counting if fact.date == date]
    first = own_rows + 1
    for fact in counting:
        if fact.date != date:
            places.append((fact, first))
            first += fact.rows
    return places


@dataclass(kw_only=True)
class _Day:
    """One dataset of one date."""

    context: Context
    source: Source
    dataset: str
    date: dt.date
    verdicts: Sequence[Verdict]
    facts: list[PacketFact] = field(init=False)
    counting: list[PacketFact] = field(init=False)

    def __post_init__(self) -> None:
        mine = [verdict for verdict in self.verdicts if verdict.fact.dataset == self.dataset]
        self.facts = [verdict.fact for verdict in mine if verdict.fact.date == self.date]
        self.counting = [verdict.fact for verdict in mine if verdict.state == "accepted" and verdict.belongs == self.date]
        self.refused = bool(self.facts) and all(
            verdict.state in ("rejected", "cancelled") for verdict in mine if verdict.fact.date == self.date
        )

    def bring_up_to_date(self, *, force: bool) -> bool:
        """Writes the canonical partition where it does not hold what counts; says whether it did."""
        lake, target = self.context.lake, self.context.canonical(self.dataset, self.source.id, self.date)
        present = lake.manifest(target)
        if self.refused and not self.counting:  # nothing usable came: there is nothing to compare with
            lake.remove(target)
            return present is not None
        wanted = [[fact.date.isoformat(), fact.number, fact.content] for fact in self.counting]
        if not force and present is not None and present.meta.get("packets") == wanted:
            return False
        raw, places = self._raw()
        self._convert(raw, places, wanted)
        return True

    def _raw(self) -> tuple[Manifest, list[Place]]:
        """The raw partition with the records that joined it from later dates."""
        lake, partition = self.context.lake, raw_partition(self.source.id, self.dataset, self.date)
        manifest = lake.manifest(partition)
        if manifest is None:
            raise LakeError(f"The lake lost {partition.path} while it was read; run the step again.")
        moved = [fact for fact in self.counting if fact.date != self.date]
        token = [[fact.date.isoformat(), fact.number, fact.content] for fact in moved]
        places = places_of(self.counting, self.date, own_rows=manifest.meta["own_rows"])
        if manifest.meta.get("joined", []) != token:
            with lake.writer(partition) as writer:
                manifest = self._join(manifest, writer, [place for place in places if place[0].date != self.date], token)
        return manifest, places

    def _join(self, manifest: Manifest, writer: PartitionWriter, moved: Sequence[Place], token: list[Any]) -> Manifest:
        lake, partition = self.context.lake, raw_partition(self.source.id, self.dataset, self.date)
        own = manifest.meta
        for group, count in (("data", 1), ("bad", 1 if own["own_unreadable"] else 0), (GROUP, 1)):
            for relative in manifest.files.get(group, [])[:count]:
                suffix = relative[relative.rindex(".") :]
                lake.fs.copy(lake.full_path(partition, relative), writer.new_file(group, suffix=suffix))
        records, unreadable = own["own_rows"] - own["own_unreadable"], own["own_unreadable"]
        for fact, first in moved:
            records += self._copy(fact, first, "data", lambda: writer.new_file("data"))
            unreadable += self._copy(fact, first, "bad", lambda: writer.new_file("bad"))
        meta = {**own, "source_rows": records + unreadable, "unreadable": unreadable, "joined": token}
        return writer.commit(Manifest(rows=records, rejected=unreadable, meta=meta))

    def _copy(self, fact: PacketFact, first: int, group: str, new_file: Callable[[], str]) -> int:
        """Copies a packet's records from the raw partition of its own date with numbers that fit in here."""
        lake, origin = self.context.lake, raw_partition(self.source.id, self.dataset, fact.date)
        manifest = lake.manifest(origin)
        if manifest is None or not fact.rows or (group == "bad" and not manifest.meta["own_unreadable"]):
            return 0
        count = 0
        path = lake.full_path(origin, manifest.files[group][0])
        with lake.fs.open(path, "rb") as source:
            file = pq.ParquetFile(source)
            writer = None
            for batch in file.iter_batches():
                table = pa.Table.from_batches([batch])
                rows = table["source_row"]
                table = table.filter(pc.and_(pc.greater_equal(rows, fact.first_row), pc.less_equal(rows, fact.last_row)))
                if not table.num_rows:
                    continue
                index = table.schema.get_field_index("source_row")
                table = table.set_column(index, "source_row", pc.add(table["source_row"], first - fact.first_row))
                if writer is None:
                    target = lake.fs.open(new_file(), "wb")
                    writer = pq.ParquetWriter(target, table.schema, compression="zstd")
                writer.write_table(table)
                count += table.num_rows
            if writer is not None:
                writer.close()
                target.close()
        return count

    def _convert(self, raw: Manifest, places: Sequence[Place], wanted: list[list[Any]]) -> None:
        lake, source, spec = self.context.lake, self.source, self.source.datasets[self.dataset]
        partition, dataset = raw_partition(source.id, self.dataset, self.date), canonical_dataset(self.dataset)
        data, bad = ([lake.full_path(partition, name) for name in raw.files.get(group, [])] for group in ("data", "bad"))
        only = " OR ".join(f"source_row BETWEEN {first} AND {first + fact.rows - 1}" for fact, first in places if fact.rows)
        only = (only or "FALSE") if self.facts or places else "TRUE"
        codes = code_entries(codes=self.context.site.codes, source=source.id, date=self.date)
        target = self.context.canonical(self.dataset, source.id, self.date)
        with (
            engine.connect(memory_limit=self.context.memory_limit, threads=self.context.threads) as connection,
            lake.writer(target) as writer,
        ):
            prepare(connection, codes)
            records = connection.execute(f"SELECT count(*) FROM {engine.parquet(data)} WHERE {only}").fetchone()
            counting = sum(fact.rows for fact, _ in places) if self.facts or places else raw.meta["source_rows"]
            relation = RawRelation(
                data=data, bad=bad, columns=raw.meta["columns"], records=int(records[0]) if records else 0,
                source_rows=counting, only=only,
            )  # fmt: skip
            plans = field_plans(dataset=dataset, spec=spec, columns=raw.meta["columns"], codes=self.context.site.codes)
            converted = convert(
                connection=connection, lake=lake, writer=writer, dataset=dataset, plans=plans, raw=relation
            )  # fmt: skip
            meta = {
                "raw_columns": {name: column.column for name, column in spec.columns.items() if column.column is not None},
                "source_rows": raw.meta["source_rows"],
                "set_aside": raw.meta["source_rows"] - counting,
                "delivery": raw.meta["delivery"],
                "packets": wanted,
            } | self.context.site.region_version(source.id, self.date)
            writer.commit(
                Manifest(rows=converted.rows, rejected=converted.rejected, control_totals=converted.control_totals, meta=meta)
            )
