"""Snapshots of n sides compared in one pass.

The pass joins all sides on the key and compares a 64-bit digest of the compared fields per row, so that only keys and digests go
through the hash tables. What is not the same everywhere is then fetched with all its columns and compared value by value, exactly.
Duplicates show themselves in the pass: a row that was met twice has a counterpart with two rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import duckdb

from hedui import engine
from hedui.canonical.schemas import Dataset, dataset
from hedui.compare.authority import rights
from hedui.compare.balance import check_rows, prove_snapshot
from hedui.compare.keys import EQUAL_DIGITS, ZEROS
from hedui.compare.picking import narrowed
from hedui.compare.places import CODES
from hedui.compare.plan import SidePlan, side_plans
from hedui.compare.raws import load_raws
from hedui.compare.returning import change_column, returning
from hedui.compare.waiting import presence, waiting_columns
from hedui.compare.write import fetch_one, make_findings, who, write_findings
from hedui.context import Context
from hedui.lake import Manifest
from hedui.site.models import SnapshotComparison

SLACK = 1000
"""Rows that the pass may yield beyond all sides' rows together before duplicates count as a blow-up."""
KEY_HASH = "hash"
"""DuckDB's 64-bit hash over the keys."""
BLOCK = 256
"""Source rows that are counted together in the search for rows met twice."""


def compare_snapshot(context: Context, comparison: SnapshotComparison, date: dt.date) -> Manifest:
    """Compares the sides as of ``date`` and replaces the findings partition.

    Raises:
        ConservationError: The balance does not foot.
    """
    sides = side_plans(context, comparison, date)
    with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as connection:
        connection.execute("SET preserve_insertion_order = false")
        make_sides(connection, comparison, sides)
        check_rows(connection, comparison.id, sides)
        rows = [int(fetch_one(connection, f"SELECT count(*) FROM side_{side.index}")[0]) for side in sides]
        match(connection, comparison, sides, rows)
        balance = prove_snapshot(connection, comparison.id, sides, rows)
        count = raise_findings(connection, context, comparison, sides, date)
        connection.execute("SET preserve_insertion_order = true")
        meta = {"balance": balance, "inputs": {f"{side.dataset}/{side.source}": side.manifest.digest for side in sides}}
        meta |= region_version(sides)
        return write_findings(connection, context, scope=comparison.id, date=date, rows=count, meta=meta)


def region_version(sides: Sequence[SidePlan]) -> dict[str, Any]:
    """What the manifest says of the version that the sides' codes were compared in, and of what that has left open."""
    version = sides[0].region_version
    notes = [note for side in sides for note in side.region_notes]
    return ({"region_version": version.isoformat()} if version else {}) | ({"region_notes": notes} if notes else {})


def make_sides(connection: duckdb.DuckDBPyConnection, comparison: SnapshotComparison, sides: Sequence[SidePlan]) -> None:
    """Makes the view ``side_<i>`` of every side."""
    for side in sides:
        engine.run(connection, "compare/side.sql", **side_parameters(side, value_columns(comparison, side)))


def value_columns(comparison: SnapshotComparison, side: SidePlan) -> dict[str, str]:
    """Columns of a side's view: the compared fields that it delivers, the days of the last change and of first events, the region."""
    fields = {f"f_{field}": side.expression(field) for field in comparison.fields if field in side.mapped}
    return fields | change_column(comparison, side) | waiting_columns(comparison, side) | {"region": region(side)}


def pick_rows(connection: duckdb.DuckDBPyConnection, comparison: SnapshotComparison, side: SidePlan) -> None:
    """Makes ``rows_<i>``, the flagged rows of a side with what is compared, and ``unusable_<i>``, the names of those without a key.

    The rows are picked from the file before the view's expressions see them; those cost more than the reading. What names a row is
    unique text as a rule, the dearest column to read, and is read only where a row has no key.
    """
    i = side.index
    wanted = f"SELECT n{i} FROM flagged WHERE n{i} IS NOT NULL"
    engine.run(
        connection, "compare/snapshot_picked.sql", i=i, relation=narrowed(connection, side.relation, wanted, name=f"rows_{i}")
    )
    found = side_parameters(replace(side, relation=f"picked_{i}"), value_columns(comparison, side), view=f"found_{i}")
    engine.run(connection, "compare/side.sql", **found)
    engine.run(connection, "compare/snapshot_rows.sql", i=i)
    wanted = f"SELECT source_row FROM rows_{i} WHERE status = 'unusable'"
    relation = narrowed(connection, side.relation, wanted, name=f"unusable_{i}")
    named = side_parameters(replace(side, relation=relation), own_columns(side), view=f"named_{i}")
    engine.run(connection, "compare/side.sql", **named)
    engine.run(connection, "compare/snapshot_unusable.sql", i=i)


def side_parameters(side: SidePlan, columns: dict[str, str], *, view: str = "") -> dict[str, Any]:
    """Parameters of ``side.sql``."""
    return {
        "view": view or f"side_{side.index}",
        "relation": side.relation,
        "where": side.where,
        "keys": [f"CAST({side.grouping(key)} AS VARCHAR)" for key in side.keys],
        "refused": side.placeholders,
        "zeros": ZEROS,
        "equal_digits": EQUAL_DIGITS,
        "columns": columns,
        "key_map": side.key_map,
        "maps_key": side.maps_key,
        "map_optional": False,
        "translations": side.translations,
    }


def own_columns(side: SidePlan) -> dict[str, str]:
    """Columns that name a row whose key is unusable, with its region."""
    parts = ", ".join(f"coalesce(CAST(r.{engine.ident(field)} AS VARCHAR), '')" for field in side.own_key)
    keys = ", ".join(f"coalesce(CAST({side.expression(field)} AS VARCHAR), '')" for field in side.keys)
    null = "CAST(NULL AS VARCHAR)"
    return {
        "own_key": f"concat_ws('/', {parts})",
        "own_insurance": side.expression("insurance") if side.own_insurance else null,
        "own_period": side.expression("period") if side.own_period else null,
        "key_text": f"concat_ws('/', {keys})",
        "region": region(side),
    }


def region(side: SidePlan) -> str:
    """The SQL expression of a row's region."""
    return side.readable(side.region) if side.region else "CAST(NULL AS VARCHAR)"


def digests(comparison: SnapshotComparison, sides: Sequence[SidePlan]) -> list[dict[str, Any]]:
    """The compared fields grouped by the sides that deliver them; a field of fewer than two sides is not compared."""
    groups: dict[tuple[int, ...], list[str]] = {}
    for field in comparison.fields:
        groups.setdefault(tuple(side.index for side in sides if field in side.mapped), []).append(f"f_{field}")
    return [
        {"id": number, "members": members, "fields": names}
        for number, (members, names) in enumerate(groups.items())
        if len(members) > 1
    ]


def match(
    connection: duckdb.DuckDBPyConnection, comparison: SnapshotComparison, sides: Sequence[SidePlan], rows: Sequence[int]
) -> None:
    """Makes ``joined``, ``flagged``, ``rows_<i>``, ``dup_<i>`` and ``pairs``."""
    indexes, keys = [side.index for side in sides], len(comparison.key)
    hashed = any(len(digest["members"]) == len(sides) for digest in digests(comparison, sides))
    meet(connection, comparison, sides, rows, key_hash=KEY_HASH if hashed else None)
    if hashed:
        couples = list(combinations(indexes, 2))
        result = engine.run(connection, "compare/snapshot_collisions.sql", sides=indexes, couples=couples, keys=keys)
        if (result.fetchone() or (0,))[0]:  # once in a hundred thousand nights of ten million keys
            meet(connection, comparison, sides, rows, key_hash=None)
    engine.run(
        connection,
        "compare/snapshot_pairs.sql",
        sides=indexes,
        keys=keys,
        columns=[list(value_columns(comparison, side)) for side in sides],
        unmapped=[side.index for side in sides if side.key_map and not side.maps_key],
        deviations=fields_of(comparison, sides),
    )


def meet(
    connection: duckdb.DuckDBPyConnection,
    comparison: SnapshotComparison,
    sides: Sequence[SidePlan],
    rows: Sequence[int],
    *,
    key_hash: str | None,
) -> None:
    """Makes ``joined``, ``flagged``, ``rows_<i>`` and ``dup_<i>``; ``key_hash``: see ``snapshot_join.sql``."""
    indexes, keys = [side.index for side in sides], len(comparison.key)
    limit = sum(rows) + SLACK
    parameters: dict[str, Any] = {"sides": indexes, "keys": keys, "digests": digests(comparison, sides), "row_limit": limit}
    parameters |= {"hash_function": "hash", "key_hash": key_hash}
    engine.run(connection, "compare/snapshot_join.sql", **parameters, without=False)
    blown_up = fetch_one(connection, "SELECT count(*) FROM joined")[0] >= limit
    if blown_up:  # keys that several sides have many times over: count them first and leave them out of the pass
        for i in indexes:
            engine.run(connection, "compare/duplicates.sql", i=i, keys=keys, relation=f"side_{i}")
        engine.run(connection, "compare/snapshot_join.sql", **parameters, without=True)
    met = fetch_one(connection, "SELECT " + ", ".join(f"count(n{i})" for i in indexes) + " FROM joined")
    repeated = [] if blown_up else [i for i in indexes if met[i] > rows[i]]
    engine.run(connection, "compare/snapshot_flagged.sql", sides=indexes, repeated=repeated, block=BLOCK)
    for side in sides:
        pick_rows(connection, comparison, side)
        if not blown_up:
            engine.run(connection, "compare/duplicates.sql", i=side.index, keys=keys, relation=f"rows_{side.index}")


def fields_of(comparison: SnapshotComparison, sides: Sequence[SidePlan]) -> list[dict[str, Any]]:
    """The compared fields with the sides that deliver them."""
    result = []
    for name, rule in comparison.fields.items():
        members = [side.index for side in sides if name in side.mapped]
        if len(members) > 1:
            couples = list(combinations(members, 2))
            money = field_type(sides, name) == "fen" and not any(side.digested for side in sides)
            coded = any(name in side.translations for side in sides)
            tolerance: Any = CODES if coded else rule.tolerance_fen if money else 0
            result.append(
                {
                    "name": name,
                    "rule": rule.rule,
                    "kind": rule.kind,
                    "severity": rule.severity,
                    "members": members,
                    "couples": couples,
                }
                | {"tolerance": tolerance, "money": money}
            )
    return result


def field_type(sides: Sequence[SidePlan], name: str) -> str:
    """Canonical type of a compared field, from the first side whose dataset has it."""
    return next((dataset(side.dataset).fields[name].type for side in sides if name in dataset(side.dataset).fields), "text")


def raise_findings(
    connection: duckdb.DuckDBPyConnection,
    context: Context,
    comparison: SnapshotComparison,
    sides: Sequence[SidePlan],
    date: dt.date,
) -> int:
    """Makes the table ``findings``; returns their number."""
    fields = fields_of(comparison, sides)
    names = {field["name"]: field["name"] for field in fields}
    raws = {
        side.index: load_raws(
            connection,
            context,
            side,
            fields=names,
            wanted=f"SELECT n{side.index} FROM pairs WHERE differs AND n{side.index} IS NOT NULL",
        )
        for side in sides
    }
    for field in fields:
        field["raws"] = [i for i, known in raws.items() if field["name"] in known]
        field["right"] = rights(context.site.authority, sides, field["name"], date)
    key = comparison.key
    described = [
        {
            "index": side.index,
            "source": side.source,
            "presence": presence(comparison, sides, side, date),
            "duplicate": comparison.duplicate_rule,
            "unusable": comparison.unusable_rule,
            "keymap": side.key_map.rule if side.key_map else None,
        }
        for side in sides
    ]
    schema: Dataset = dataset(sides[0].dataset)
    flow = returning(comparison, sides, date, context.workdays)
    if flow is not None:
        engine.run(connection, "compare/snapshot_returning.sql", flow=flow, sides=[side.index for side in sides], fields=fields)
    engine.run(
        connection,
        "compare/snapshot_hits.sql",
        sides=described,
        keys=len(key),
        key=[number for number, name in enumerate(key) if name not in ("insurance", "period")],
        insurance=key.index("insurance") if "insurance" in key else None,
        period=key.index("period") if "period" in key else None,
        regions=[side.index for side in sides if side.region],
        fields=fields,
        flow=flow,
    )
    return make_findings(
        connection, scope=comparison.id, date=date, subject_type=schema.subject, people=who(context, rule_ids(comparison), sides)
    )


def rule_ids(comparison: SnapshotComparison) -> list[str]:
    """All rules that the comparison may raise; its linkage's are not among them."""
    named = [rule.rule for rule in comparison.fields.values()] + [rule.rule for rule in comparison.presence]
    named += [key_map.rule for key_map in comparison.key_maps]
    named += [comparison.duplicate_rule, comparison.unusable_rule]
    return named + ([comparison.return_flow.rule] if comparison.return_flow else [])
