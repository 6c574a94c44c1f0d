"""Rows of intermediate databases: those that wait too long, and those that are marked as passed on and were never received.

The mark is no evidence. What has been received is what the raw partitions hold.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

import duckdb
import pyarrow as pa

from hedui import engine
from hedui.batches.exchange import StagedFact
from hedui.batches.facts import raw_partition
from hedui.canonical.convert import prepare
from hedui.context import Context
from hedui.errors import HeduiError
from hedui.site.batches import Staging
from hedui.site.models import Source, SqlReader
from hedui.sources.sql import Session, SqlSource

MOST: Final = 1000
"""Rows of one day that are named one by one; more of them are one fact with their number."""


def staged_rows(context: Context, source: Source, date: dt.date) -> Iterator[StagedFact]:
    """What is wrong as of a night with the rows that a source's tables stage.

    Raises:
        HeduiError: The column that names a row is not read from the table.
        SourceError: The database cannot be read.
    """
    staging = {name: spec.staging for name, spec in source.datasets.items() if spec.staging is not None}
    if not staging or not isinstance(source.reader, SqlReader):
        return
    with SqlSource(context=context, source=source)._session() as session:
        for name, columns in staging.items():
            yield from _waiting(session, source, name, columns, date)
            yield from _unreceived(context, session, source, name, columns, date)


def _query(
    session: Session, source: Source, dataset: str, columns: Staging, items: list[str], date: dt.date, *, passed: bool
) -> str:
    table = source.datasets[dataset].table
    kinds = session.kinds(
        table, [*items, columns.status] if columns.arrived_at in items else [*items, columns.status, columns.arrived_at]
    )
    kind = kinds[columns.arrived_at]
    before = date - dt.timedelta(days=columns.days)
    since = session.day("since", (date - dt.timedelta(days=columns.look_back)).isoformat(), kind) if passed else None
    return engine.render(
        "batches/staged.sql",
        items=[session.item(name, kinds[name]) for name in items],
        table=session.quote_table(table),
        status=session.quote(columns.status),
        done=session.day("done", columns.done, kinds[columns.status]),
        passed=passed,
        arrived=session.quote(columns.arrived_at),
        before=session.day("before", before.isoformat(), kind),
        since=since,
    )


def _day(text: str | None) -> dt.date:
    digits = (text or "").replace("-", "").replace("/", "")[:8]
    try:
        return dt.datetime.strptime(digits, "%Y%m%d").date()
    except ValueError:
        return dt.date.min


def waiting_rows(session: Session, source: Source, dataset: str, columns: Staging, date: dt.date) -> Counter[dt.date]:
    """Rows that have not been passed on, by the day on which they were put there."""
    days: Counter[dt.date] = Counter()
    query = _query(session, source, dataset, columns, [columns.arrived_at], date, passed=False)
    for (arrived,) in session.stream(query, [columns.arrived_at]):
        for item in arrived.value_counts().to_pylist():
            days[_day(item["values"])] += item["counts"]
    return days


def waiting(context: Context, source: Source, date: dt.date) -> dict[str, Counter[dt.date]]:
    """Rows that wait longer than they should as of a date, by dataset and the day on which they were put there.

    Raises:
        SourceError: The database cannot be read.
    """
    with SqlSource(context=context, source=source)._session() as session:
        return {
            name: waiting_rows(session, source, name, spec.staging, date)
            for name, spec in source.datasets.items()
            if spec.staging is not None
        }


def _waiting(session: Session, source: Source, dataset: str, columns: Staging, date: dt.date) -> Iterator[StagedFact]:
    for day, rows in sorted(waiting_rows(session, source, dataset, columns, date).items()):
        yield StagedFact(date=date, dataset=dataset, rule="B15", arrived=day, rows=rows)


def _unreceived(
    context: Context, session: Session, source: Source, dataset: str, columns: Staging, date: dt.date
) -> Iterator[StagedFact]:
    items = [columns.key, columns.arrived_at]
    query = _query(session, source, dataset, columns, items, date, passed=True)
    found: dict[dt.date, list[str]] = {}
    with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as connection:
        _register_received(context, connection, source, dataset, columns, date)
        for keys, arrived in session.stream(query, items):
            connection.register("staged", pa.table({"key": keys, "arrived": arrived}))
            rows = connection.execute(
                "SELECT s.key, s.arrived FROM staged AS s LEFT JOIN received AS r ON r.key = s.key WHERE r.key IS NULL"
            ).fetchall()
            for key, text in rows:
                found.setdefault(_day(text), []).append(str(key))
    for day, names in sorted(found.items()):
        if len(names) > MOST:
            yield StagedFact(date=date, dataset=dataset, rule="B17", arrived=day, rows=len(names))
            continue
        for key in sorted(names):
            yield StagedFact(date=date, dataset=dataset, rule="B17", arrived=day, key=key)


def _register_received(
    context: Context, connection: duckdb.DuckDBPyConnection, source: Source, dataset: str, columns: Staging, date: dt.date
) -> None:
    mapped = {column.column for column in source.datasets[dataset].columns.values()}
    if columns.key not in mapped:
        raise HeduiError(
            f'Source {source.id}: staging.key "{columns.key}" of {dataset} fills no canonical field, so what was received cannot be '
            "told by it; name a column that is read."
        )
    prepare(connection, [])
    first = date - dt.timedelta(days=columns.look_back)
    files = [
        file
        for day in context.lake.dates("raw", source.id, dataset)
        if first <= day <= date
        for file in context.lake.files(raw_partition(source.id, dataset, day))
    ]
    relation = engine.parquet(files) if files else "(SELECT CAST(NULL AS VARCHAR) AS nothing WHERE FALSE)"
    key = engine.ident(columns.key) if files else "nothing"
    connection.execute(f"CREATE TEMP TABLE received AS SELECT DISTINCT {key} AS key FROM {relation} WHERE {key} IS NOT NULL")


def still_unreceived(context: Context, source: Source, facts: Iterable[StagedFact], date: dt.date) -> list[StagedFact]:
    """Facts of a night without the rows that older dates, read since, have shown to be received."""
    kept: list[StagedFact] = []
    by_dataset: dict[str, list[StagedFact]] = {}
    for fact in facts:
        if fact.rule == "B17" and fact.key:
            by_dataset.setdefault(fact.dataset, []).append(fact)
        else:
            kept.append(fact)
    for dataset, mine in by_dataset.items():
        columns = source.datasets[dataset].staging
        if columns is None:
            continue
        with engine.connect(threads=1) as connection:
            _register_received(context, connection, source, dataset, columns, date)
            connection.register("staged", pa.table({"key": [fact.key for fact in mine]}))
            query = "SELECT s.key FROM staged AS s LEFT JOIN received AS r ON r.key = s.key WHERE r.key IS NULL"
            absent = {key for (key,) in connection.execute(query).fetchall()}
        kept += [fact for fact in mine if fact.key in absent]
    return kept
