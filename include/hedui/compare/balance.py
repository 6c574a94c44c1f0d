"""Conservation: each row (and each fen) of each side is in exactly one class, proved by counting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import duckdb

from hedui import engine
from hedui.compare.plan import SidePlan
from hedui.compare.write import fetch_one
from hedui.errors import ConservationError

FLOW_CLASSES = ("matched", "different", "one_sided", "in_transit", "duplicate", "unusable", "keymap", "reversed")
OWN_CLASSES = ("matched", "different", "residual", "duplicate", "unusable", "keymap", "reversed")
FLOW_PARTS = ("bundled", "tolerated")
"""Rows of the class ``matched`` that are worth knowing: settled by a sum of several rows; amounts not quite equal."""

SNAPSHOT_CLASSES = ("matched", "different", "one_sided", "duplicate", "unusable", "keymap")


def check_rows(connection: duckdb.DuckDBPyConnection, comparison: str, sides: Sequence[SidePlan]) -> None:
    """Proves that the canonical files hold the rows that their manifests name.

    Raises:
        ConservationError: They do not.
    """
    for side in sides:
        found = fetch_one(connection, f"SELECT count(*) FROM {side.relation} AS r")[0]
        if found != side.manifest.rows:
            raise ConservationError(
                f"{comparison}: canonical {side.dataset} of {side.source} on {side.date} holds {found} rows, "
                f"its manifest says {side.manifest.rows}; extract the source again."
            )


def prove_snapshot(
    connection: duckdb.DuckDBPyConnection, comparison: str, sides: Sequence[SidePlan], rows: Sequence[int]
) -> dict[str, dict[str, int]]:
    """The balance per source in rows.

    Raises:
        ConservationError: A side's classes do not add up to its rows.
    """
    result = engine.run(connection, "compare/snapshot_balance.sql", sides=[side.index for side in sides])
    balance: dict[str, dict[str, int]] = {}
    for side, row in zip(sides, _rows(result), strict=True):
        total = sum(row[name] for name in SNAPSHOT_CLASSES)
        if total != rows[side.index]:
            figures = ", ".join(f"{name} {row[name]}" for name in SNAPSHOT_CLASSES)
            raise ConservationError(f"{comparison}: {side.source} has {rows[side.index]} rows, but {figures} make {total}.")
        balance[side.source] = {"rows": rows[side.index], "rejected": side.manifest.rejected} | {
            name: row[name] for name in SNAPSHOT_CLASSES
        }
    return balance


def check_control_totals(connection: duckdb.DuckDBPyConnection, comparison: str, sides: Sequence[SidePlan]) -> None:
    """Proves that the canonical files hold the fen that their manifests name.

    Raises:
        ConservationError: They do not.
    """
    for side in sides:
        wanted = {name: total for name, total in side.manifest.control_totals.items() if name in side.mapped}
        if not wanted:
            continue
        sums = ", ".join(f"coalesce(sum({engine.ident(name)}), 0)" for name in wanted)
        found = fetch_one(connection, f"SELECT {sums} FROM {side.relation} AS r")
        for (name, total), value in zip(wanted.items(), found, strict=True):
            if int(value) != total:
                raise ConservationError(
                    f"{comparison}: {name} of canonical {side.dataset} of {side.source} on {side.date} adds up to {value} fen, "
                    f"its manifest says {total}; extract the source again."
                )


def prove_own_rows(connection: duckdb.DuckDBPyConnection, comparison: str, sides: Sequence[SidePlan]) -> dict[str, dict[str, int]]:
    """The balance of one date's own rows per side of a flow comparison, in rows and fen.

    Raises:
        ConservationError: A side's classes do not add up to its rows or fen.
    """
    balance = {}
    for side, row in zip(sides, _rows(engine.run(connection, "compare/flow_own_balance.sql")), strict=True):
        rows, fen = fetch_one(connection, f"SELECT count(*), coalesce(sum(total), 0) FROM side_{side.index}")
        _foot(f"{comparison}: {side.source}", row, OWN_CLASSES, int(rows), int(fen))
        balance[("left", "right")[side.index]] = {"rows": int(rows), "rows_fen": int(fen), "rejected": side.manifest.rejected} | row
    return balance


def prove_window(
    connection: duckdb.DuckDBPyConnection,
    comparison: str,
    sources: Sequence[str],
    date: dt.date,
    own: dict[str, dict[str, int]],
    *,
    window: int,
    differs: str,
) -> dict[str, dict[str, int]]:
    """The whole balance of a date per side (``left``, ``right``): its own rows and the items carried in, in rows and fen.

    Raises:
        ConservationError: A side's classes do not add up to rows + carried_in.
    """
    balance = {}
    for name, source, row in zip(
        ("left", "right"),
        sources,
        _rows(engine.run(connection, "compare/flow_window_balance.sql", window=window, differs=differs)),
        strict=True,
    ):
        mine = own[name]
        merged = {key: row.get(key, 0) + mine.get(key, 0) for part in FLOW_CLASSES for key in (part, f"{part}_fen")}
        merged |= {key: row.get(key, 0) + mine.get(key, 0) for key in FLOW_PARTS}
        merged |= {key: row[key] for key in ("carried_in", "carried_in_fen")}
        rows, fen = mine["rows"] + row["carried_in"], mine["rows_fen"] + row["carried_in_fen"]
        _foot(f"{comparison} on {date}: {source}", merged, FLOW_CLASSES, rows, fen)
        balance[name] = {key: mine[key] for key in ("rows", "rows_fen", "rejected")} | merged
    return balance


def _rows(result: duckdb.DuckDBPyConnection) -> list[dict[str, int]]:
    names = [column[0] for column in result.description or ()]
    rows = [dict(zip(names, (int(value) for value in values), strict=True)) for values in result.fetchall()]
    return [{name: value for name, value in row.items() if name != "side"} for row in sorted(rows, key=lambda row: row["side"])]


def _foot(what: str, row: dict[str, int], classes: Sequence[str], rows: int, fen: int) -> None:
    count, money = sum(row[name] for name in classes), sum(row[f"{name}_fen"] for name in classes)
    if (count, money) != (rows, fen):
        figures = ", ".join(f"{name} {row[name]} ({row[f'{name}_fen']} fen)" for name in classes)
        raise ConservationError(f"{what} has {rows} rows with {fen} fen, but {figures} make {count} rows with {money} fen.")
