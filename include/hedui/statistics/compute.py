"""Runs a report's SQL over a period; the result is kept in the lake and counted anew only where its input or its SQL has changed."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from hedui import engine
from hedui.context import Context
from hedui.errors import HeduiError
from hedui.lake import Manifest, Partition
from hedui.site.statistics import FILE, StatisticsSettings, load_statistics
from hedui.statistics.definitions import awaits, definition_of, sql_of
from hedui.statistics.errors import NothingThereError, StatisticsError
from hedui.statistics.figures import Cells, Figures
from hedui.statistics.foot import check_footing
from hedui.statistics.inputs import Inputs, find_inputs
from hedui.statistics.kept import basis_of, is_current, parameters_of, partition_of, register_relations, shared_sql
from hedui.statistics.model import Definition
from hedui.statistics.periods import Period
from hedui.statistics.restating import distribute, restating

KEYS: Final = ("row_key", "sheet_key")


def settings_of(context: Context) -> StatisticsSettings:
    """The site's statistics.yaml.

    Raises:
        StatisticsError: The site has none. SiteError: it has mistakes.
    """
    settings = load_statistics(context.site)
    if settings is None:
        raise StatisticsError(
            f"The site {context.site.id} has no {FILE}: it says whose data statistics count; see docs/reports.md."
        )
    return settings


def figures(context: Context, report: str, period: Period, *, restated: dt.date | None = None) -> Figures:
    """The figures of a report.

    Args:
        context: The step's context.
        report: Name of the report.
        period: What it is about.
        restated: Date of the region table whose codes it is to be shown in; None: codes as they were.

    Raises:
        StatisticsError: There is no such report, or it waits for a dataset. NothingThereError: the lake has nothing of the period.
        FootingError: Totals do not foot. RegionError: it cannot be restated.
    """
    definition, settings = definition_of(report), settings_of(context)
    if awaits(definition):
        raise StatisticsError(
            f"The report {report} waits for the dataset {', '.join(awaits(definition))}, which is not canonical yet."
        )
    inputs = find_inputs(context, settings, definition.reads, period)
    if not inputs.found:
        raise NothingThereError(
            f"The lake has nothing of {', '.join(definition.reads)} between {period.start} and {period.end}; extract those dates first."
        )
    cells, estimated = _counted(context, report, definition, settings, inputs, restated)
    prior: dict[str, Cells | None] = {}
    compared: dict[str, dt.date] = {}
    for back in definition.back:
        other = find_inputs(context, settings, definition.reads, period.before if back == "period" else period.year_before)
        if not other.found:
            prior[back] = None
            continue
        table = restated or _later_table(inputs, other)
        prior[back] = _counted(context, report, definition, settings, other, table)[0]
        if table and not restated:
            compared[back] = table
    return Figures(
        report=report,
        definition=definition,
        inputs=inputs,
        cells=cells,
        prior=prior,
        restated=restated,
        estimated=estimated,
        compared=compared,
    )


def _later_table(inputs: Inputs, other: Inputs) -> dt.date | None:
    """The region table that an earlier period is brought to, so that it is compared in the codes of this one; None: they are its own."""
    table = max(inputs.versions, default=None)
    return table if table and other.versions and min(other.versions) < table and max(other.versions) <= table else None


def _counted(
    context: Context, report: str, definition: Definition, settings: StatisticsSettings, inputs: Inputs, restated: dt.date | None
) -> tuple[Cells, frozenset[str]]:
    given = restating(context, inputs, restated) if restated else None
    sql = engine.render(sql_of(report), **parameters_of(settings, inputs.period))
    shared = shared_sql(definition, settings, inputs.period)
    partition, basis = partition_of(report, inputs.period, given), basis_of("\n".join([sql, *shared.values()]), inputs, given)
    if not is_current(context, partition, basis):
        with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as connection:
            try:
                register_relations(connection, context, definition, settings, inputs, given)
                _count(connection, context, partition, sql, definition, basis)
            except duckdb.OutOfRangeException as error:
                raise StatisticsError(
                    f"{report} of {inputs.period.id}: a number does not fit ({error}). There may be at most 62 insurances or types of unit "
                    "in a period; look for codes that should have been rejected or translated."
                ) from error
    cells = _read(context, partition, definition)
    check_footing(report, definition, cells)
    return distribute(cells, given) if given else (cells, frozenset())


def _count(
    connection: duckdb.DuckDBPyConnection, context: Context, partition: Partition, sql: str, definition: Definition, basis: str
) -> None:
    keys = [*KEYS, *(measure.key for measure in definition.counted)]
    (statement,) = engine.statements(sql)
    result = connection.execute(statement).to_arrow_table()
    lacking = [key for key in keys if key not in result.column_names]
    if lacking:
        raise StatisticsError(f"{partition.parts[0]}: the SQL gives no column {', '.join(lacking)}, which the YAML names.")
    table = pa.table({key: result[key].cast(pa.string() if key in KEYS else pa.int64()) for key in keys})
    with context.lake.writer(partition) as writer:
        pq.write_table(table, writer.new_file(), filesystem=context.lake.fs)
        writer.commit(Manifest(rows=table.num_rows, meta={"basis": basis}))


def _read(context: Context, partition: Partition, definition: Definition) -> Cells:
    (file,) = context.lake.files(partition)
    rows: list[dict[str, Any]] = pq.read_table(file, filesystem=context.lake.fs).to_pylist()
    measures = [measure.key for measure in definition.counted]
    cells = {(str(row["row_key"]), str(row["sheet_key"])): {key: int(row[key] or 0) for key in measures} for row in rows}
    if len(cells) != len(rows):
        raise HeduiError(f"{partition.parts[0]}: the SQL gives a row and sheet twice; every place is one line.")
    return cells
