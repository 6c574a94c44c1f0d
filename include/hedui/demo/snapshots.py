"""Rendering of master data: the ordinary rows once, the touched rows per time slot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

import duckdb
import pyarrow as pa

from hedui.demo.planting import ALL, Planting, Row
from hedui.demo.systems.spec import SNAPSHOT_FIELDS, Table

ARROW_TYPES: Final = {"BIGINT": pa.int64(), "VARCHAR": pa.string(), "DATE": pa.date32()}
SLOT_STARTS: Final = ("2020-01-01", "2026-06-03", "2026-06-04", "2026-06-05", "2026-06-06")
OPEN_END: Final = "9999-12-31"

Written = tuple[str | None, ...]


def arrow_rows(rows: Iterable[dict[str, Any]], fields: dict[str, str]) -> pa.Table:
    """Rows as an Arrow table with the columns and DuckDB types of ``fields``."""
    schema = pa.schema([(name, ARROW_TYPES[kind]) for name, kind in fields.items()])
    return pa.Table.from_pylist([{name: row.get(name) for name in fields} for row in rows], schema=schema)


def ordinary_sql(table: Table, planting: Planting, *, validity: bool) -> str:
    """SELECT of the written rows that no plant touches, for validity tables with an open period."""
    key, kind = ("u", "unit") if table.dataset in ("unit", "unit_map") else ("i", "person")
    touched = ", ".join(str(subject.number) for subject in planting.subjects[kind]) or "-1"
    relation = f"({table.ideal}) WHERE {key} NOT IN ({touched}) AND {table.ordinary}"
    query = table.render(relation)
    if not validity:
        return query
    return f"SELECT *, DATE '{SLOT_STARTS[0]}' AS ksrq, DATE '{OPEN_END}' AS jsrq FROM ({query})"


def touched_rows(connection: duckdb.DuckDBPyConnection, table: Table, planting: Planting) -> list[dict[int, Written]]:
    """The written cells of each touched row by time slot; a slot in which the row does not exist is absent."""
    rows: list[Row] = [
        row
        for subjects in planting.subjects.values()
        for subject in subjects
        for row in subject.rows.get((table.source, table.dataset), ())
    ]
    fields = {"_n": "BIGINT", "_slot": "BIGINT", **SNAPSHOT_FIELDS[table.dataset]}
    ideal = (row.at(slot) | {"_n": number, "_slot": slot} for number, row in enumerate(rows) for slot in ALL if slot in row.shown)
    connection.register("touched", arrow_rows(ideal, fields))
    written: dict[int, dict[int, Written]] = defaultdict(dict)
    names = [column.name for column in table.columns]
    for number, slot, *cells in connection.execute(table.render("touched", extra="_n, _slot, ")).fetchall():
        texts = {name: None if cell is None else str(cell) for name, cell in zip(names, cells, strict=True)}
        written[number][slot] = tuple((texts | rows[number].raw_at(slot)).values())
    connection.unregister("touched")
    return [written[number] for number in range(len(rows))]


def in_slot(rows: list[dict[int, Written]], slot: int) -> Iterator[Written]:
    """The rows that a file of the slot's date holds."""
    return (row[slot] for row in rows if slot in row)


def versions(rows: list[dict[int, Written]]) -> Iterator[Written]:
    """The rows of a validity table: equal consecutive slots are one version with its period."""
    ends = (*SLOT_STARTS[1:], OPEN_END)
    for row in rows:
        slot = 0
        while slot < len(ALL):
            if slot not in row:
                slot += 1
                continue
            last = slot
            while row.get(last + 1) == row[slot]:
                last += 1
            yield (*row[slot], SLOT_STARTS[slot], ends[last])
            slot = last + 1
