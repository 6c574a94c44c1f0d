"""Values as received: looked up in the raw partitions by ``source_row``, only for the rows that findings are about."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from hedui import engine
from hedui.compare.picking import narrowed
from hedui.compare.plan import SidePlan
from hedui.context import Context
from hedui.lake import Partition


def raw_columns(side: SidePlan, fields: Mapping[str, str]) -> dict[str, str]:
    """Per name the raw column that its canonical field came from; constants and fields that are not delivered are left out.

    A field that a key map fills shows the side's own number.
    """
    known: dict[str, str] = side.manifest.meta.get("raw_columns", {})
    columns = {}
    for name, field in fields.items():
        own = side.key_map.from_field if side.key_map and field == side.key_map.to_field else field
        if field in side.mapped and known.get(own):
            columns[name] = known[own]
    return columns


def load_raws(
    connection: duckdb.DuckDBPyConnection, context: Context, side: SidePlan, *, fields: Mapping[str, str], wanted: str
) -> tuple[str, ...]:
    """Makes the table ``raw_<i>`` with the raw values (``w_<name>``) of the rows that the query ``wanted`` names.

    Args:
        connection: The comparison's connection.
        context: Where the lake is.
        side: The side.
        fields: Name of the column → canonical field.
        wanted: Query for the ``source_row`` of the rows.

    Returns:
        The names whose raw values are known.
    """
    columns = raw_columns(side, fields)
    partition = Partition(layer="raw", parts=(side.source, side.dataset), date=side.date)
    files = context.lake.files(partition) if columns and context.lake.manifest(partition) is not None else []
    relation = narrowed(connection, engine.parquet(files), wanted, name=f"raw_{side.index}") if files else None
    engine.run(connection, "compare/raws.sql", i=side.index, relation=relation, columns=columns if relation else {}, wanted=wanted)
    return tuple(columns) if relation else ()
