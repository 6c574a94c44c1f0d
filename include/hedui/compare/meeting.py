"""One date of the window: what is open meets what arrives, rung by rung; then sums of several rows; then what stays open."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import duckdb

from hedui import engine
from hedui.canonical.schemas import dataset
from hedui.compare.flow import net, residual
from hedui.compare.flow_plan import FlowPlan, side_columns
from hedui.compare.plan import SidePlan, side_stubs
from hedui.context import Context


def meet(connection: duckdb.DuckDBPyConnection, plan: FlowPlan) -> None:
    """Makes ``pairs``, ``again``, ``bundled``, ``undecided``, ``nets`` and ``open_now`` from ``carried`` and ``arrived``."""
    engine.run(connection, "compare/flow_pool.sql", columns=plan.carried)
    engine.run(connection, "compare/flow_nothing.sql", nets=True, bundles=True)
    net(connection, plan, "pool", sides=False)
    engine.run(connection, "compare/flow_step.sql", keys=plan.keys, columns=plan.carried, rule=plan.first_rule)
    connection.execute("CREATE OR REPLACE TEMP TABLE unsure (match_rule VARCHAR, l_rows BIGINT, r_rows BIGINT)")
    for rung in plan.rungs:
        engine.run(
            connection,
            "compare/flow_rung.sql",
            rule=rung.rule,
            columns=rung.columns,
            near=rung.near,
            within=rung.within,
            most=rung.most,
        )
    bundles = plan.comparison.bundles
    if bundles:
        columns = [f"x_{name}" for name in bundles.key]
        engine.run(
            connection, "compare/flow_bundles.sql", columns=columns, most=bundles.most_rows, parts=bundles.most_parts
        )  # fmt: skip
    engine.run(connection, "compare/flow_settle.sql", columns=plan.carried)


def matching(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, int]]:
    """How many pairs each rung of the ladder made on the date, and how many rows it left because they were not alone with their key."""
    pairs = connection.execute("SELECT match_rule, count(*) FROM pairs GROUP BY match_rule ORDER BY match_rule").fetchall()
    unsure = connection.execute(
        "SELECT match_rule, CAST(sum(l_rows + r_rows) AS BIGINT) FROM unsure GROUP BY match_rule ORDER BY match_rule"
    ).fetchall()
    return {"pairs": dict(pairs), "not_alone": {rule: int(rows) for rule, rows in unsure if rows}}


def load_history(connection: duckdb.DuckDBPyConnection, context: Context, plan: FlowPlan, date: dt.date) -> None:
    """Makes ``history``: which rows that open reversals undo have been delivered up to the date, whether or not they are open still."""
    reversals = plan.comparison.reversals
    if reversals is None:
        return
    sides = side_stubs(context, plan.comparison, date)
    engine.run(
        connection,
        "compare/flow_history.sql",
        original=reversals.original,
        sides=[_delivered(connection, context, plan, side, date) for side in sides],
    )


def _delivered(
    connection: duckdb.DuckDBPyConnection, context: Context, plan: FlowPlan, side: SidePlan, date: dt.date
) -> dict[str, Any]:
    reversals = plan.comparison.reversals
    if reversals is None or reversals.serial not in dataset(side.dataset).fields:
        return {"relation": None, "serial": "", "total": ""}
    unmapped = replace(side, key_map=None)
    files = delivered_files(context, plan.comparison.id, side.dataset, side.source, date)
    return {
        "relation": engine.parquet(files) if files else None,
        "serial": unmapped.expression(reversals.serial),
        "total": side_columns(plan, unmapped)["total"],
    }


def delivered_files(context: Context, comparison: str, name: str, source: str, date: dt.date) -> list[str]:
    """The canonical files of a side for all dates of the comparison up to ``date``."""
    dates = [day for day in context.lake.dates("residual", comparison) if day <= date]
    days = [day for day in dates if context.lake.manifest(residual(comparison, day)) is not None]
    partitions = [context.canonical(name, source, day) for day in days]
    return [file for part in partitions if context.lake.manifest(part) is not None for file in context.lake.files(part)]
