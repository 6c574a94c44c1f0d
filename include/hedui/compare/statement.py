"""未达账项调节表: both sides' balances per group, what is in transit or wrong on each, and the adjusted balances, which are equal."""

from __future__ import annotations

import datetime as dt

import duckdb

from hedui import engine
from hedui.compare.flow_plan import FlowPlan
from hedui.compare.write import fetch_one
from hedui.errors import ConservationError


def make_statement(
    connection: duckdb.DuckDBPyConnection, plan: FlowPlan, date: dt.date, balance: dict[str, dict[str, int]], *, own: str
) -> None:
    """Makes the table ``statement`` of a date.

    Args:
        connection: Has the tables of the date's step.
        plan: The comparison.
        date: Business date.
        balance: The date's balance per side.
        own: Relation of the date's own lines.

    Raises:
        ConservationError: A group's adjusted balances differ, or the balances are not those of the rows.
    """
    window, differs = plan.comparison.window, plan.differs()
    engine.run(connection, "compare/flow_statement.sql", groups=plan.groups, own=own, window=window, differs=differs)
    groups, left, right, off = fetch_one(
        connection,
        "SELECT count(*), coalesce(sum(left_balance), 0), coalesce(sum(right_balance), 0), "
        "count(*) FILTER (WHERE left_adjusted <> right_adjusted) FROM statement",
    )
    where = f"{plan.comparison.id} on {date}"
    if off:
        raise ConservationError(f"{where}: the reconciliation statement does not foot in {off} of {groups} groups; report this.")
    for name, found in (("left", left), ("right", right)):
        wanted = balance[name]["rows_fen"] + balance[name]["carried_in_fen"]
        if int(found) != wanted:
            raise ConservationError(
                f"{where}: the statement's {name} balance is {found} fen, the rows amount to {wanted}; report this."
            )
