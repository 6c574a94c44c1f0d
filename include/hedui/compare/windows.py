"""Items in transit, carried from date to date: a pure function of the residual partitions up to a date.

What is open at the end of a date follows from what was open before and the date's residual. The findings partition keeps the open
items (file group ``open``) with a chain digest over all residuals up to its date, so that an evaluation starts from the last partition
whose chain is still true, and a date that was filled or changed later makes exactly the later dates that it affects be evaluated again.
The order in which dates are run therefore never matters.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import duckdb

from hedui import engine, standing
from hedui.canonical.schemas import dataset
from hedui.compare.authority import rights_of
from hedui.compare.balance import prove_window
from hedui.compare.flow import pair_hits, residual
from hedui.compare.flow_plan import FlowPlan, flow_plan, missing_rules, rule_ids
from hedui.compare.meeting import load_history, matching, meet
from hedui.compare.originals import judge_originals
from hedui.compare.places import bring
from hedui.compare.plan import SidePlan, side_stubs
from hedui.compare.statement import make_statement
from hedui.compare.write import copy_out, make_findings, who
from hedui.context import Context
from hedui.errors import LakeError
from hedui.lake import Manifest, Partition
from hedui.site.models import FlowComparison


def chains(context: Context, comparison: str) -> dict[dt.date, str]:
    """Per date with a residual: the digest over the residuals up to it."""
    chain, result = "", {}
    for date in context.lake.dates("residual", comparison):
        manifest = context.lake.manifest(residual(comparison, date))
        if manifest is not None:
            said = [chain, date.isoformat(), manifest.digest, *filter(None, [manifest.meta.get("region_version")])]
            chain = hashlib.sha256("|".join(said).encode()).hexdigest()
            result[date] = chain
    return result


def restate(connection: duckdb.DuckDBPyConnection, context: Context, comparison: FlowComparison, date: dt.date) -> list[dt.date]:
    """Evaluates ``date`` (where it has a residual) and every date whose findings rest on other residuals than the lake's.

    Returns:
        The dates whose findings partitions were replaced.
    """
    plan = flow_plan(context, comparison)
    expected = chains(context, comparison.id)
    recorded = {day: _recorded(context, comparison.id, day) for day in expected}
    # Earlier dates too: a night that was killed half-way is made whole before anything is built upon it.
    stale = [day for day, chain in expected.items() if day == date or recorded[day] != chain]
    if not stale:
        return []
    base = max((day for day, chain in expected.items() if day < stale[0] and recorded[day] == chain), default=None)
    spoken = _start(connection, context, plan, base)
    standing.start(connection, context, comparison.id, base)
    for day in (day for day in expected if base is None or day > base):
        if day > stale[-1]:
            break
        spoken = _step(connection, context, plan, day, spoken)
        if day in stale:
            _evaluate(connection, context, plan, day, expected[day], spoken)
        else:
            standing.start(connection, context, comparison.id, day)
        connection.execute("CREATE OR REPLACE TEMP TABLE carried AS SELECT * FROM open_now")
    return stale


def _recorded(context: Context, comparison: str, date: dt.date) -> str:
    manifest = context.lake.manifest(context.findings(comparison, date))
    return "" if manifest is None else str(manifest.meta.get("chain", ""))


def _relation(context: Context, partition: Any, name: str) -> str:
    files = context.lake.files(partition, name)
    if not files:
        raise LakeError(f"Partition {partition.path} has no {name} file; run the comparison of {partition.date} again.")
    return engine.parquet(files)


def _start(connection: duckdb.DuckDBPyConnection, context: Context, plan: FlowPlan, base: dt.date | None) -> str | None:
    """Makes ``carried``: what was open at the end of ``base``, or nothing; returns the version of its region codes."""
    comparison = plan.comparison.id
    if base is not None:
        relation = _relation(context, context.findings(comparison, base), "open")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE carried AS SELECT * FROM {relation}")
        return _version(context, context.findings(comparison, base))
    first = context.lake.dates("residual", comparison)[0]
    _arrive(connection, context, plan, first)
    connection.execute("CREATE OR REPLACE TEMP TABLE carried AS SELECT * FROM arrived WHERE FALSE")
    return None


def _version(context: Context, partition: Partition) -> str | None:
    """The region table whose codes a partition carries."""
    manifest = context.lake.manifest(partition)
    return manifest.meta.get("region_version") if manifest else None


def _arrive(connection: duckdb.DuckDBPyConnection, context: Context, plan: FlowPlan, date: dt.date) -> None:
    partition = residual(plan.comparison.id, date)
    left, right = (_relation(context, partition, name) for name in ("left", "right"))
    engine.run(connection, "compare/flow_arrived.sql", date=date, left=left, right=right, columns=plan.carried)


def _step(connection: duckdb.DuckDBPyConnection, context: Context, plan: FlowPlan, date: dt.date, spoken: str | None) -> str | None:
    """One date of the window; ``spoken`` is the version of what is carried, the version of what stays open comes back."""
    _arrive(connection, context, plan, date)
    spoken = bring(connection, context, plan, carried=spoken, arrived=_version(context, residual(plan.comparison.id, date)))
    meet(connection, plan)
    return spoken


def _evaluate(
    connection: duckdb.DuckDBPyConnection, context: Context, plan: FlowPlan, date: dt.date, chain: str, spoken: str | None
) -> None:
    """Writes the findings partition of ``date`` from the tables of its step and its residual partition."""
    comparison = plan.comparison
    sides = side_stubs(context, comparison, date)
    partition = residual(comparison.id, date)
    manifest = context.lake.manifest(partition)
    if manifest is None:
        raise LakeError(f"The lake has no partition {partition.path}; run the comparison of that date again.")
    _hits(connection, context, plan, sides, date)
    judge_originals(connection, context, plan, sides, date)
    hits = _relation(context, partition, "hits")
    names = (hits, "hits_pairs", "hits_window", "hits_totals", "hits_originals")
    parts = " UNION ALL ".join(f"SELECT * FROM {name}" for name in names)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE hits AS {parts}")
    balance = prove_window(
        connection, comparison.id, plan.sources, date, manifest.meta["balance"], window=comparison.window, differs=plan.differs()
    )
    rows = make_findings(
        connection,
        scope=comparison.id,
        date=date,
        subject_type=dataset(comparison.left.dataset).subject,
        people=who(context, rule_ids(comparison), sides),
        origin="h.origin",
    )
    own, rows = rows, standing.inherit(connection, date)
    make_statement(connection, plan, date, balance, own=_relation(context, partition, "statement"))
    engine.run(connection, "compare/flow_links.sql", own=_relation(context, partition, "nets"), differs=plan.differs())
    meta = {"balance": balance, "inputs": manifest.meta["inputs"], "chain": chain, "own": own, "matching": matching(connection)}
    meta |= {"region_version": spoken} if spoken else {}
    meta |= {"region_notes": manifest.meta["region_notes"]} if manifest.meta.get("region_notes") else {}
    with context.lake.writer(context.findings(comparison.id, date)) as writer:
        copy_out(connection, writer, "findings")
        copy_out(connection, writer, "totals", name="totals", order="ALL")
        copy_out(connection, writer, "statement", name="statement", order="ALL")
        copy_out(connection, writer, "links", name="links", order="ALL")
        copy_out(connection, writer, "open_now", name="open", order="side, origin, source_row")
        writer.commit(Manifest(rows=rows, meta=meta))


def _hits(
    connection: duckdb.DuckDBPyConnection, context: Context, plan: FlowPlan, sides: tuple[SidePlan, ...], date: dt.date
) -> None:
    comparison = plan.comparison
    pair_hits(connection, context, plan, sides, date)
    origins = [row[0] for row in connection.execute("SELECT DISTINCT origin FROM open_now ORDER BY origin").fetchall()]
    ages = [(origin, context.workdays.age(origin, date)) for origin in origins] or [(date, 0)]
    load_history(connection, context, plan, date)
    engine.run(
        connection,
        "compare/flow_window_hits.sql",
        sides=plan.sources,
        ages=ages,
        window=comparison.window,
        rules=comparison.rules,
        missing=missing_rules(comparison),
        kinds=(comparison.kinds.left, comparison.kinds.right),
        orphans=comparison.reversals,
        bundle_rule=comparison.bundles.rule if comparison.bundles else None,
        date=date,
    )
    engine.run(
        connection,
        "compare/flow_total_hits.sql",
        sides=plan.sources,
        amounts=plan.amounts,
        groups=plan.groups,
        own=_relation(context, residual(comparison.id, date), "totals"),
        subject=[name for name in plan.groups if name not in ("insurance", "period")],
        region=next((name for name in ("pool_region", "region") if name in plan.groups), None),
        rules=comparison.rules,
        right=rights_of(context.site.authority, sides, (), date),
        date=date,
    )
