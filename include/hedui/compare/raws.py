"""Values as received: looked up in the raw partitions by ``source_row``, only for the rows that findings are about."""

from __future__ import annotations

import duckdb

from hedui import engine
from hedui.compare.plan import SidePlan
from hedui.context import Context
from hedui.lake import Partition


def raw_columns(side: SidePlan, fields: tuple[str, ...]) -> dict[str, str]:
    """Per field the raw column it came from; fields without one (constants, older manifests) are left out.

    A field that a key map fills shows the side's own number.
    """
    known: dict[str, str] = side.manifest.meta.get("raw_columns", {})
    columns = {}
    for field in fields:
        own = side.key_map.from_field if side.key_map and field == side.key_map.to_field else field
        if field in side.mapped and known.get(own):
            columns[field] = known[own]
    return columns


def load_raws(
    connection: duckdb.DuckDBPyConnection, context: Context, side: SidePlan, *, fields: tuple[str, ...], wanted: str
) -> tuple[str, ...]:
    """Makes the table ``raw_<i>`` with the raw values (``w_<field>``) of the rows that the query ``wanted`` names.

    Returns:
        The fields whose raw values are known.
    """
    columns = raw_columns(side, fields)
    partition = Partition(layer="raw", parts=(side.source, side.dataset), date=side.date)
    files = context.lake.files(partition) if columns and context.lake.manifest(partition) is not None else []
    relation = engine.parquet(files) if files else None
    engine.run(connection, "compare/raws.sql", i=side.index, relation=relation, columns=columns if relation else {}, wanted=wanted)
    return tuple(columns) if relation else ()
