"""The step ``extract``: one source as of one business date becomes raw batches, canonical partitions and an arrival finding."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import ExitStack
from dataclasses import asdict, dataclass

import duckdb

from hedui import engine
from hedui.batches.facts import PacketFact, write_facts
from hedui.batches.follow import follow, in_packets
from hedui.batches.receive import packet_facts
from hedui.canonical.convert import Converted, RawRelation, convert, prepare
from hedui.canonical.plan import code_entries, field_plans
from hedui.canonical.schemas import dataset as canonical_dataset
from hedui.context import Context
from hedui.errors import ConservationError, SourceMissingError
from hedui.findings import fingerprint_sql
from hedui.lake import Manifest, Partition, PartitionWriter
from hedui.site.models import Source
from hedui.sources.base import Delivery, Snapshot
from hedui.sources.raw import RawBatchFiles, write_raw
from hedui.sources.registry import open_reader
from hedui.sources.retry import read_again
from hedui.steps import StepSummary


@dataclass(frozen=True, kw_only=True)
class _Extracted:
    """A dataset whose partitions are written and not committed yet; packets become canonical rows once they have been judged."""

    dataset: str
    raw: RawBatchFiles
    raw_writer: PartitionWriter
    canonical: Converted | None
    canonical_writer: PartitionWriter | None
    delivery: Delivery
    raw_columns: dict[str, str]
    facts: list[PacketFact]


def extract_source(context: Context, source_id: str, date: dt.date) -> StepSummary:
    """Reads one source as of ``date`` into the lake; see :func:`hedui.steps.extract`.

    All datasets are read from one snapshot and written before the first is committed: where reading breaks off, the lake stays as it
    was, and where the database says that another try can succeed, the whole source is read again; see :mod:`hedui.sources.retry`.
    Packets are judged once their records and what they say of themselves are in the lake; only those that count become canonical rows.

    Raises:
        SourceError: The source cannot be read now. SourceFormatError: what it delivered is not in its declared format.
        ConservationError: Records read are not canonical rows plus rejected records plus records of packets that do not count.
    """
    source = context.site.source(source_id)
    missing = None
    try:
        extracted = read_again(lambda: _read_and_commit(context, source, date), source=source_id)
    except SourceMissingError as error:
        missing, extracted = error, []
        _remove(context, source, date)
    _write_arrival(context, source, date, missing=missing is not None, reason=str(missing or ""))
    followed = follow(context, source, date)
    if missing is not None:
        return StepSummary(
            step="extract", subject=source_id, business_date=date, state="missing", reason=f"{source.name}未提供本日数据",
            counts=followed,
        )  # fmt: skip
    return _summary(context, source, date, extracted, followed)


def _read_and_commit(context: Context, source: Source, date: dt.date) -> list[_Extracted]:
    """One whole try: all datasets from one snapshot, or nothing."""
    with ExitStack() as stack:
        extracted = _read(context, source, date, stack)
        for one in extracted:
            _commit(one, context.site.region_version(source.id, date))
    return extracted


def _summary(context: Context, source: Source, date: dt.date, extracted: list[_Extracted], followed: dict[str, int]) -> StepSummary:
    counts: dict[str, int] = {}
    paths: dict[str, str] = {}
    totals = dict.fromkeys(("source_rows", "rows", "rejected"), 0)
    for one in extracted:
        partition = context.canonical(one.dataset, source.id, date)
        manifest = context.lake.manifest(partition) or Manifest(
            rows=0, meta={"source_rows": one.raw.source_rows, "set_aside": one.raw.source_rows}
        )
        figures = {"source_rows": manifest.meta["source_rows"], "rows": manifest.rows, "rejected": manifest.rejected}
        set_aside = manifest.meta.get("set_aside", 0)
        if manifest.rows + manifest.rejected + set_aside != figures["source_rows"]:
            raise ConservationError(
                f"{source.id} {one.dataset}: {figures['source_rows']} records were received, but {manifest.rows} canonical rows, "
                f"{manifest.rejected} rejected records and {set_aside} records of packets that do not count were found."
            )
        counts |= {f"{one.dataset}_rows": manifest.rows, f"{one.dataset}_rejected": manifest.rejected}
        for name, value in figures.items():
            totals[name] += value
        if one.facts:
            totals["set_aside"] = totals.get("set_aside", 0) + set_aside
        if manifest.files:
            paths[one.dataset] = context.lake.full_path(partition)
    counts |= totals | followed
    if extracted and not paths:
        return StepSummary(
            step="extract", subject=source.id, business_date=date, state="missing", counts=counts,
            reason=f"{source.name}本日报文全部被退回",
        )  # fmt: skip
    return StepSummary(step="extract", subject=source.id, business_date=date, counts=counts, paths=paths)


def _read(context: Context, source: Source, date: dt.date, stack: ExitStack) -> list[_Extracted]:
    with (
        open_reader(context, source).open(date) as snapshot,
        engine.connect(memory_limit=context.memory_limit, threads=context.threads) as connection,
    ):
        prepare(connection, code_entries(codes=context.site.codes, source=source.id, date=date))
        extracted = [_extract(context, source, date, name, snapshot, connection, stack) for name in source.datasets]
    if source.reader.type == "sql" and not any(one.raw.source_rows for one in extracted):
        raise SourceMissingError(f"Source {source.id}: none of its tables holds a row as of {date}.")
    return extracted


def _extract(
    context: Context,
    source: Source,
    date: dt.date,
    name: str,
    snapshot: Snapshot,
    connection: duckdb.DuckDBPyConnection,
    stack: ExitStack,
) -> _Extracted:
    packets = in_packets(source)
    raw_writer = stack.enter_context(context.lake.writer(_raw_partition(source, name, date)))
    raw = write_raw(
        lake=context.lake,
        writer=raw_writer,
        batches=snapshot.read(name),
        progress=lambda done: context.progress(f"{source.id} {name}", done, None),
        packets=packets,
    )
    dataset, spec = canonical_dataset(name), source.datasets[name]
    plans = field_plans(dataset=dataset, spec=spec, columns=raw.columns, codes=context.site.codes)
    facts: list[PacketFact] = []
    converted = canonical_writer = None
    if packets:
        facts = packet_facts(
            connection, date=date, dataset=name, packets=snapshot.packets(name), raw=raw, plans=plans, settings=source.batches
        )
        write_facts(context.lake, raw_writer, facts)
    else:
        canonical_writer = stack.enter_context(context.lake.writer(context.canonical(name, source.id, date)))
        relation = RawRelation(
            data=[raw.data], bad=[raw.bad] if raw.bad else [], columns=raw.columns, records=raw.records, source_rows=raw.source_rows
        )
        converted = convert(
            connection=connection, lake=context.lake, writer=canonical_writer, dataset=dataset, plans=plans, raw=relation
        )
    return _Extracted(
        dataset=name,
        raw=raw,
        raw_writer=raw_writer,
        canonical=converted,
        canonical_writer=canonical_writer,
        delivery=snapshot.delivery(name),
        raw_columns={field: column.column for field, column in spec.columns.items() if column.column is not None},
        facts=facts,
    )


def _commit(one: _Extracted, version: dict[str, str]) -> None:
    """Raw first: a canonical partition never stands without the batch that it was made from."""
    delivery = asdict(one.delivery)
    raw = one.raw
    meta = {"columns": raw.columns, "source_rows": raw.source_rows, "unreadable": raw.unreadable, "delivery": delivery}
    own = {"own_rows": raw.source_rows, "own_unreadable": raw.unreadable}
    one.raw_writer.commit(Manifest(rows=raw.records, rejected=raw.unreadable, meta=meta | own))
    if one.canonical is not None and one.canonical_writer is not None:
        one.canonical_writer.commit(
            Manifest(
                rows=one.canonical.rows,
                rejected=one.canonical.rejected,
                control_totals=one.canonical.control_totals,
                meta={"raw_columns": one.raw_columns, "source_rows": raw.source_rows, "delivery": delivery} | version,
            )
        )


def _raw_partition(source: Source, dataset: str, date: dt.date) -> Partition:
    return Partition(layer="raw", parts=(source.id, dataset), date=date)


def _remove(context: Context, source: Source, date: dt.date) -> None:
    """Nothing of an earlier extraction stays: it would be compared as if the source had delivered it again."""
    for name in source.datasets:
        context.lake.remove(context.canonical(name, source.id, date))
        context.lake.remove(_raw_partition(source, name, date))


def _write_arrival(context: Context, source: Source, date: dt.date, *, missing: bool, reason: str = "") -> None:
    """The finding B12, or none; a source that is expected on working days only is not missed on other days."""
    site = context.site
    expected = source.expected.days == "daily" or context.workdays.is_workday(date)
    arrived = not missing
    missing = missing and expected and site.rule_setting("B12").enabled
    scope = f"arrival:{source.id}"
    evidence = json.dumps({"reason": reason, "expected_by": source.expected.by}, ensure_ascii=False, sort_keys=True)
    query = engine.render(
        "canonical/arrival.sql",
        date=date,
        source=source.id,
        agency=site.rule_agency("B12", source.id),
        severity=site.rule_severity("B12"),
        missing=missing,
        evidence=evidence,
        fingerprint=fingerprint_sql(
            scope=engine.literal(scope),
            rule="'B12'",
            subject_key=engine.literal(source.id),
            insurance="NULL",
            period="NULL",
            field="NULL",
        ),
    )
    lake = context.lake
    with lake.writer(context.findings(scope, date)) as writer, engine.connect(threads=1) as connection:
        prepare(connection, [])
        connection.execute(f"COPY (\n{query}\n) TO {engine.literal(writer.new_file())} (FORMAT parquet, COMPRESSION zstd)")
        writer.commit(Manifest(rows=int(missing), meta={"source": source.id, "arrived": arrived, "inputs": {}}))
