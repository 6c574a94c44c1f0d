"""The list behind a report, masked, streamed into the workbook by the engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

import pyarrow as pa

from hedui import engine
from hedui.context import Context
from hedui.reports.content import Column, Kind, LongTable
from hedui.reports.dimensions import insurance_names
from hedui.reports.fast_rows import fast_rows
from hedui.reports.regions import region_view
from hedui.security.masking_sql import SqlMasks
from hedui.site.statistics import StatisticsSettings
from hedui.statistics.figures import Figures
from hedui.statistics.kept import parameters_of, register_relations
from hedui.statistics.restating import Restating

PER_SHEET: Final = 1_000_000
"""Excel takes 1,048,576 rows a sheet."""
KINDS: Final[dict[str, Kind]] = {"money": "money", "date": "date", "int": "int", "code": "code"}


@contextmanager
def listed(context: Context, settings: StatisticsSettings, figures: Figures, given: Restating | None) -> Iterator[LongTable | None]:
    """The report's list, as long as the block lasts; None where the report has none."""
    spec = figures.definition.details
    if spec is None:
        yield None
        return
    columns = tuple(
        Column(key=item.key, title=item.label, kind=KINDS.get(item.kind, "text"), width=item.width) for item in spec.columns
    )
    with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as connection:
        register_relations(connection, context, figures.definition, settings, figures.inputs, given)
        regions = region_view(context, figures.inputs.period.end, restated=None).names
        names = {"region": dict(regions), "insurance": insurance_names(context)}
        for kind, known in names.items():
            table = pa.table({"code": pa.array(list(known), pa.string()), "name": pa.array(list(known.values()), pa.string())})
            connection.register(f"{kind}_names", table)
        period = figures.inputs.period
        query = engine.render(spec.sql, masks=SqlMasks(at=period.end), **parameters_of(settings, period))
        named = [(item.key, item.kind if item.kind in names else "") for item in spec.columns]
        engine.run(connection, "statistics/listed.sql", query=query.rstrip().removesuffix(";"), columns=named)
        count = int((connection.execute("SELECT count(*) FROM listed").fetchone() or (0,))[0])
        yield LongTable(
            name=spec.title,
            title=f"{figures.definition.title}：{spec.title}",
            lead="第 {first} 至 {last} 条；个人信息已脱敏。",
            columns=columns,
            count=count,
            rows=lambda: iter(()),
            xml=partial(fast_rows, connection, "listed", columns),
            per_sheet=PER_SHEET,
            empty="本期没有",
            summary=f"{count:,} 条",
        )
