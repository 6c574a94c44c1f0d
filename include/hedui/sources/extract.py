"""The step ``extract``: one source as of one business date becomes raw batches, canonical partitions and an arrival finding."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import ExitStack
from dataclasses import asdict, dataclass

import duckdb

from hedui import engine
from hedui.canonical.convert import Converted, RawRelation, convert, prepare
from hedui.canonical.plan import code_entries, field_plans
from hedui.canonical.schemas import dataset as canonical_dataset
from hedui.context import Context
from hedui.errors import SourceMissingError
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
    """A dataset whose partitions are written and not committed yet."""

    dataset: str
    raw: RawBatchFiles
    raw_writer: PartitionWriter
    canonical: Converted
    canonical_writer: PartitionWriter
    delivery: Delivery
    raw_columns: dict[str, str]


def extract_source(context: Context, source_id: str, date: dt.date) -> StepSummary:
    """Reads one source as of ``date`` into the lake; see :func:`hedui.steps.extract`.

    All datasets are read from one snapshot and written before the first is committed: where reading breaks off, the lake stays as it
    was, and where the database says that another try can succeed, the whole source is read again; see :mod:`hedui.sources.retry`.

    Raises:
        SourceError: The source cannot be read now. SourceFormatError: what it delivered is not in its declared format.
        ConservationError: Records read are not canonical rows plus rejected records.
    """
    source = context.site.source(source_id)
    try:
        extracted = read_again(lambda: _read_and_commit(context, source, date), source=source_id)
    except SourceMissingError as error:
        _remove(context, source, date)
        _write_arrival(context, source, date, missing=True, reason=str(error))
        return StepSummary(
            step="extract", subject=source_id, business_date=date, state="missing", reason=f"{source.name}未提供本日数据"
        )
    _write_arrival(context, source, date, missing=False)
    counts = {f"{one.dataset}_rows": one.canonical.rows for one in extracted}
    counts |= {f"{one.dataset}_rejected": one.canonical.rejected for one in extracted}
    counts |= {
        "source_rows": sum(one.raw.source_rows for one in extracted),
        "rows": sum(one.canonical.rows for one in extracted),
        "rejected": sum(one.canonical.rejected for one in extracted),
    }
    paths = {one.dataset: context.lake.full_path(context.canonical(one.dataset, source_id, date)) for one in extracted}
    return StepSummary(step="extract", subject=source_id, business_date=date, counts=counts, paths=paths)


def _read_and_commit(context: Context, source: Source, date: dt.date) -> list[_Extracted]:
    """One whole try: all datasets from one snapshot, or nothing."""
    with ExitStack() as stack:
        extracted = _read(context, source, date, stack)
        for one in extracted:
            _commit(one)
    return extracted


def _read(context: Context, source: Source, date: dt.date, stack: ExitStack) -> list[_Extracted]:
    with (
        open_reader(context, source).open(date) as snapshot,
        engine.connect(memory_limit=context.memory_limit, threads=context.threads) as connection,
    ):
        prepare(connection, context.lake, code_entries(codes=context.site.codes, source=source.id, date=date))
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
    raw_writer = stack.enter_context(context.lake.writer(_raw_partition(source, name, date)))
    canonical_writer = stack.enter_context(context.lake.writer(context.canonical(name, source.id, date)))
    raw = write_raw(
        lake=context.lake,
        writer=raw_writer,
        batches=snapshot.read(name),
        progress=lambda done: context.progress(f"{source.id} {name}", done, None),
    )
    dataset, spec = canonical_dataset(name), source.datasets[name]
    converted = convert(
        connection=connection,
        lake=context.lake,
        writer=canonical_writer,
        dataset=dataset,
        plans=field_plans(dataset=dataset, spec=spec, columns=raw.columns, codes=context.site.codes),
        raw=RawRelation(
            data=[raw.data], bad=[raw.bad] if raw.bad else [], columns=raw.columns, records=raw.records, source_rows=raw.source_rows
        ),
    )
    return _Extracted(
        dataset=name,
        raw=raw,
        raw_writer=raw_writer,
        canonical=converted,
        canonical_writer=canonical_writer,
        delivery=snapshot.delivery(name),
        raw_columns={field: column.column for field, column in spec.columns.items() if column.column is not None},
    )


def _commit(one: _Extracted) -> None:
    """Raw first: a canonical partition never stands without the batch that it was made from."""
    delivery = asdict(one.delivery)
    meta = {"columns": one.raw.columns, "source_rows": one.raw.source_rows, "unreadable": one.raw.unreadable, "delivery": delivery}
    one.raw_writer.commit(Manifest(rows=one.raw.records, rejected=one.raw.unreadable, meta=meta))
    one.canonical_writer.commit(
        Manifest(
            rows=one.canonical.rows,
            rejected=one.canonical.rejected,
            control_totals=one.canonical.control_totals,
            meta={"raw_columns": one.raw_columns, "source_rows": one.raw.source_rows, "delivery": delivery},
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
        prepare(connection, lake, [])
        connection.execute(f"COPY (\n{query}\n) TO {engine.literal(writer.new_file())} (FORMAT parquet, COMPRESSION zstd)")
        writer.commit(Manifest(rows=int(missing), meta={"source": source.id, "arrived": arrived, "inputs": {}}))
