"""One date of a flow comparison on its own: totals per group, details of the groups that differ, what stays unmatched.

The result is the residual partition of the date, a pure function of that date's canonical partitions: unmatched rows (``left``,
``right``), what was found within the date (``hits``), the groups' figures (``totals``), their lines of the reconciliation statement
(``statement``), the rows that undo each other (``nets``) and the balance of the date's own rows. What
the window makes of it, over several dates, is :mod:`hedui.compare.windows`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb

from hedui import engine
from hedui.compare.balance import check_control_totals, check_rows, prove_own_rows
from hedui.compare.flow_plan import FlowPlan, amount_parts, field_parts, flow_plan, raw_fields, view_parameters
from hedui.compare.plan import SidePlan, side_plans
from hedui.compare.raws import load_raws
from hedui.compare.snapshot import region_version
from hedui.compare.write import copy_out
from hedui.context import Context
from hedui.lake import Manifest, Partition
from hedui.site.models import FlowComparison


def residual(comparison: str, date: dt.date) -> Partition:
    """Address of a flow comparison's residual partition."""
    return Partition(layer="residual", parts=(comparison,), date=date)


def match_own_date(connection: duckdb.DuckDBPyConnection, context: Context, comparison: FlowComparison, date: dt.date) -> None:
    """Compares the rows of ``date`` with each other and replaces the date's residual partition.

    Raises:
        ConservationError: Rows or fen of a side do not add up.
    """
    plan = flow_plan(context, comparison)
    sides = side_plans(context, comparison, date)
    for side in sides:
        engine.run(connection, "compare/side.sql", **view_parameters(plan, side))
    own_nets(connection, plan, date)
    kept = "kept" if comparison.reversals else "side"
    for side in sides:
        engine.run(connection, "compare/duplicates.sql", i=side.index, keys=plan.keys, relation=f"{kept}_{side.index}")
        engine.run(connection, "compare/flow_live.sql", i=side.index, keys=plan.keys, nets=bool(comparison.reversals))
    check_rows(connection, comparison.id, sides)
    check_control_totals(connection, comparison.id, sides)
    _totals_and_details(connection, plan)
    _deviations(connection, context, plan, sides, date)
    balance = prove_own_rows(connection, comparison.id, sides)
    inputs = {f"{side.dataset}/{side.source}": side.manifest.digest for side in sides}
    _write(connection, context, comparison, date, {"balance": balance, "inputs": inputs} | region_version(sides))


def _totals_and_details(connection: duckdb.DuckDBPyConnection, plan: FlowPlan) -> None:
    names: dict[str, Any] = {"keys": plan.keys, "amounts": plan.amounts, "groups": plan.groups, "fields": plan.fields}
    engine.run(connection, "compare/flow_groups.sql", **names, hash_function="hash", audit=plan.audit)
    engine.run(connection, "compare/flow_join.sql", **names, codes=plan.codes, tolerance=plan.comparison.tolerance_fen)
    rungs = [rung.needs for rung in plan.rungs]
    engine.run(connection, "compare/flow_rows.sql", keys=plan.keys, subject=plan.subject, rungs=rungs, mapped=plan.mapped)
    engine.run(connection, "compare/flow_statement_own.sql", amounts=plan.amounts, groups=plan.groups)


def own_nets(connection: duckdb.DuckDBPyConnection, plan: FlowPlan, date: dt.date) -> None:
    """Makes ``nets`` and ``netted``: rows of one date and side that undo each other."""
    if plan.comparison.reversals is None:
        engine.run(connection, "compare/flow_nothing.sql", nets=True, bundles=False)
        return
    names = ", ".join(("source_row", "reversal", *(f"a_{name}" for name in plan.amounts), *(f"x_{name}" for name in plan.extras)))
    day = engine.literal(date)
    rows = " UNION ALL ".join(f"SELECT {i} AS side, {day} AS origin, {names} FROM side_{i}" for i in (0, 1))
    net(connection, plan, f"({rows})", sides=True)


def net(connection: duckdb.DuckDBPyConnection, plan: FlowPlan, relation: str, *, sides: bool) -> None:
    """Makes ``nets`` and ``netted`` of a relation of both sides' rows, by the comparison's reversals."""
    reversals = plan.comparison.reversals
    if reversals is None:
        return
    engine.run(
        connection,
        "compare/flow_nets.sql",
        relation=relation,
        serial=reversals.serial,
        original=reversals.original,
        by_columns=[f"x_{name}" for name in reversals.key],
        amounts=plan.amounts,
    )
    engine.run(connection, "compare/flow_netted.sql", sides=sides)


def _deviations(
    connection: duckdb.DuckDBPyConnection, context: Context, plan: FlowPlan, sides: tuple[SidePlan, ...], date: dt.date
) -> None:
    raws = [load_raws(connection, context, side, fields=raw_fields(plan, side), wanted=_wanted(side.index)) for side in sides]
    common: dict[str, Any] = {"columns": plan.columns, "known": plan.compared}
    for side in sides:
        engine.run(connection, "compare/flow_residual.sql", i=side.index, raws=raws[side.index], **common)
    engine.run(connection, "compare/flow_pairs.sql", raws=raws, date=date, rule=plan.first_rule, **common)
    pair_hits(connection, context, plan, sides, date)
    engine.run(
        connection,
        "compare/flow_aside_hits.sql",
        sides=plan.sources,
        keys=plan.keys,
        subject=plan.subject,
        maps=plan.maps,
        duplicate=plan.comparison.rules.duplicate,
        unusable=plan.comparison.rules.unusable,
        date=date,
    )
    engine.run(connection, "compare/flow_totals.sql", amounts=plan.amounts, groups=plan.groups)
    connection.execute("CREATE OR REPLACE TEMP TABLE hits AS SELECT * FROM hits_pairs UNION ALL SELECT * FROM hits_aside")


def _wanted(i: int) -> str:
    return f"SELECT source_row FROM rows_{i} UNION ALL SELECT source_row FROM aside_{i} WHERE place = 'residual'"


def pair_hits(
    connection: duckdb.DuckDBPyConnection, context: Context, plan: FlowPlan, sides: tuple[SidePlan, ...], date: dt.date
) -> None:
    """Makes ``hits_pairs`` from ``pairs``."""
    engine.run(
        connection,
        "compare/flow_pair_hits.sql",
        sides=plan.sources,
        amounts=amount_parts(context, plan, sides, date),
        fields=field_parts(context, plan, sides, date),
    )


def _write(
    connection: duckdb.DuckDBPyConnection, context: Context, comparison: FlowComparison, date: dt.date, meta: dict[str, Any]
) -> None:
    with context.lake.writer(residual(comparison.id, date)) as writer:
        copy_out(connection, writer, "residual_0", name="left", order="source_row")
        copy_out(connection, writer, "residual_1", name="right", order="source_row")
        copy_out(connection, writer, "hits", name="hits", order="ALL")
        copy_out(connection, writer, "totals_own", name="totals", order="ALL")
        copy_out(connection, writer, "statement_own", name="statement", order="ALL")
        copy_out(connection, writer, "nets", name="nets", order="ALL")
        rows = sum(side["residual"] for side in meta["balance"].values())
        writer.commit(Manifest(rows=rows, meta=meta))
