"""Refunds against the payments that they give back: no original (C17), more given back than was paid (C16)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import duckdb

from hedui import engine
from hedui.compare.flow_plan import FlowPlan
from hedui.compare.meeting import delivered_files
from hedui.compare.plan import SidePlan
from hedui.context import Context


def judge_originals(
    connection: duckdb.DuckDBPyConnection, context: Context, plan: FlowPlan, sides: tuple[SidePlan, ...], date: dt.date
) -> None:
    """Makes ``hits_originals``: what is wrong with the refunds of ``date``, by all refunds and payments up to it."""
    originals = plan.comparison.originals
    if originals is None:
        connection.execute("CREATE OR REPLACE TEMP TABLE hits_originals AS SELECT * FROM hits_pairs WHERE FALSE")
        return
    side = sides[0]
    refunds = delivered_files(context, plan.comparison.id, side.dataset, side.source, date)
    payments = [
        file
        for day in context.lake.dates("canonical", originals.dataset, originals.source)
        if day <= date
        for file in context.lake.files(context.canonical(originals.dataset, originals.source, day))
    ]
    own = context.lake.files(context.canonical(side.dataset, side.source, date))
    days = context.lake.dates("canonical", originals.dataset, originals.source)
    engine.run(
        connection,
        "compare/flow_originals.sql",
        own=engine.parquet(own) if own else None,
        refunds=engine.parquet(refunds) if refunds else None,
        payments=engine.parquet(payments) if payments else None,
        by=originals.by,
        where=side.where,
        refunded=_sum(originals.refunded),
        paid=_sum(originals.paid),
        paid_on=originals.paid_on,
        stated=originals.stated,
        since=min(days, default=date),
        subject=_subject(side),
        region=side.region,
        source=side.source,
        missing=originals.missing,
        exceeds=originals.exceeds,
        date=date,
    )


def _sum(fields: Iterable[str]) -> str:
    return " + ".join(f"coalesce(r.{engine.ident(field)}, 0)" for field in fields)


def _subject(side: SidePlan) -> str:
    parts = ", ".join(f"coalesce(CAST(r.{engine.ident(field)} AS VARCHAR), '')" for field in side.own_key)
    return f"concat_ws('/', {parts})"
