"""What is counted once and kept in the lake: figures of a report, and relations that several reports count from."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import duckdb

from hedui import engine
from hedui.context import Context
from hedui.lake import Manifest, Partition
from hedui.site.statistics import StatisticsSettings
from hedui.statistics.definitions import sql_of
from hedui.statistics.inputs import Inputs, register_inputs
from hedui.statistics.model import Definition
from hedui.statistics.periods import Period
from hedui.statistics.restating import Restating


def partition_of(name: str, period: Period, given: Restating | None) -> Partition:
    """Where a report's figures or a shared relation of a period are kept, in these region codes."""
    codes = f"{given.table:%Y%m%d}" if given else "as_was"
    return Partition(layer="statistics", parts=(name, period.cycle, codes), date=period.end)


def basis_of(sql: str, inputs: Inputs, given: Restating | None) -> str:
    """SHA-256 over all that decides the rows: the SQL with its parameters, the content that it reads, the mappings of codes."""
    lines = [sql, *(f"{item.dataset}|{item.source}|{item.date}|{item.digest}|{item.version}" for item in inputs.found)]
    lines += [f"{version}|{mapping.digest}" for version, mapping in sorted((given.mappings if given else {}).items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def is_current(context: Context, partition: Partition, basis: str) -> bool:
    """Whether what is kept rests on this basis."""
    kept = context.lake.manifest(partition)
    return kept is not None and kept.meta.get("basis") == basis


def parameters_of(settings: StatisticsSettings, period: Period) -> dict[str, Any]:
    """What the SQL of reports, lists and shared relations may name."""
    return {"start": period.start, "end": period.end, "residents": settings.residents, "flexible": settings.flexible}


def shared_sql(definition: Definition, settings: StatisticsSettings, period: Period) -> dict[str, str]:
    """The SQL of the relations that a report shares with others, by name."""
    return {name: engine.render(sql_of(name), **parameters_of(settings, period)) for name in definition.shares}


def register_relations(
    connection: duckdb.DuckDBPyConnection,
    context: Context,
    definition: Definition,
    settings: StatisticsSettings,
    inputs: Inputs,
    given: Restating | None,
) -> None:
    """Makes the relations that a report's SQL names: the datasets that it reads, and the relations that it shares with other reports.

    A shared relation is the last statement of ``include/sql/statistics/<name>.sql``; it is computed by the first report that names it
    and kept until what it reads changes.
    """
    register_inputs(connection, context.lake, inputs, definition.reads, mappings=given.mappings if given else {})
    for name, sql in shared_sql(definition, settings, inputs.period).items():
        own = replace(inputs, found=tuple(item for item in inputs.found if item.dataset in definition.shares[name]))
        partition, basis = partition_of(name, inputs.period, given), basis_of(sql, own, given)
        if not is_current(context, partition, basis):
            _keep(connection, context, sql, partition, basis)
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {engine.ident(name)} AS FROM {engine.parquet(context.lake.files(partition))}"
        )


def _keep(connection: duckdb.DuckDBPyConnection, context: Context, sql: str, partition: Partition, basis: str) -> None:
    *before, statement = engine.statements(sql)
    for each in before:
        connection.execute(each)
    with context.lake.writer(partition) as writer:
        connection.execute("SET preserve_insertion_order = false")  # groups need no order, and keeping one holds all rows in memory
        file = engine.literal(writer.new_file())
        copied = connection.execute(f"COPY ({statement.rstrip(';')}) TO {file} (FORMAT PARQUET, COMPRESSION ZSTD)").fetchone()
        connection.execute("SET preserve_insertion_order = true")
        if not is_current(context, partition, basis):  # another report may have been faster; its readers' file stays
            writer.commit(Manifest(rows=int(copied[0]) if copied else 0, meta={"basis": basis}))
