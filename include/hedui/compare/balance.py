"""Conservation: each row (and each fen) of each side is in exactly one class, proved by counting."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from hedui import engine
from hedui.compare.plan import SidePlan
from hedui.compare.write import fetch_one
from hedui.errors import ConservationError

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
    names = [column[0] for column in result.description or ()]
    balance: dict[str, dict[str, int]] = {}
    for values in result.fetchall():
        row = dict(zip(names, (int(value) for value in values), strict=True))
        side = sides[row.pop("side")]
        total = sum(row[name] for name in SNAPSHOT_CLASSES)
        if total != rows[side.index]:
            figures = ", ".join(f"{name} {row[name]}" for name in SNAPSHOT_CLASSES)
            raise ConservationError(f"{comparison}: {side.source} has {rows[side.index]} rows, but {figures} make {total}.")
        balance[side.source] = {"rows": rows[side.index], "rejected": side.manifest.rejected} | {
            name: row[name] for name in SNAPSHOT_CLASSES
        }
    return balance
