"""Two tables of rows become pairs: Splink scores what the blocks bring together, then each row gets at most one partner."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from hedui import engine
from hedui.compare.write import fetch_one
from hedui.linkage.model import Model

LEFT, RIGHT = "link_left", "link_right"
"""The tables that are linked."""


def score(
    connection: duckdb.DuckDBPyConnection, model: Model, *, fields: Sequence[str], threshold: float, within: bool = False
) -> int:
    """Makes the tables ``scored`` and ``picked`` (empty) from :data:`LEFT` and :data:`RIGHT`.

    Args:
        connection: Where the tables are.
        model: The linkage model.
        fields: Compared fields.
        threshold: Probability from which a pair counts.
        within: Both tables are of one side.

    Returns:
        The number of pairs from the threshold on.
    """
    from splink import DuckDBAPI, Linker  # a second's import, only for those who link

    database = DuckDBAPI(connection=connection)
    tables = [database.register(name, dataset_display_name=name, table_name=f"input_{name}") for name in (LEFT, RIGHT)]
    linker = Linker(tables, model.settings(fields), log_level=None)
    predicted = linker.inference.predict(threshold_match_probability=threshold, warning_mode="never")
    names = [field.name for field in model.chosen(fields)]
    engine.run(connection, "linkage/scored.sql", predicted=predicted.physical_name, comparisons=names, within=within)
    database.delete_tables_created_by_splink_from_db()  # type: ignore[no-untyped-call]
    return int(fetch_one(connection, "SELECT count(*) FROM scored")[0])


def pick(connection: duckdb.DuckDBPyConnection) -> None:
    """Moves pairs from ``scored`` to ``picked``, the best first, so that no row is in two of them.

    A round picks at least the best pair that is left, as a rule nearly all; a handful of rounds is the common case.
    """
    while engine.run(connection, "linkage/round.sql").fetchall()[0][0]:
        pass
