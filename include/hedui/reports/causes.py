"""Root causes of the night: the patterns of all comparisons that ran, in words."""

from __future__ import annotations

import datetime as dt

import duckdb

from hedui.canonical.schemas import dataset
from hedui.compare.causes import RootCause, root_causes
from hedui.compare.plan import sides_of
from hedui.context import Context
from hedui.reports.night import Cause
from hedui.reports.partitions import NightPartitions, version_of
from hedui.reports.regions import RegionView
from hedui.reports.sections.names import COMPONENTS, kind_name
from hedui.site.models import Comparison

SHOWN = 30
LEAST = 2
"""Findings that a pattern must explain to be shown."""


def night_causes(
    context: Context, connection: duckdb.DuckDBPyConnection, partitions: NightPartitions, view: RegionView
) -> tuple[Cause, ...]:
    """The strongest patterns; values of personal fields are not shown, the field and the side that deviates are."""
    causes = [
        _cause(context, comparison, found, view, of=version_of(partitions.tonight[comparison.id]))
        for comparison in context.site.comparisons
        if comparison.id in partitions.tonight
        for found in root_causes(connection, context, comparison, partitions.date, most=SHOWN)
        if found.findings >= LEAST
    ]
    return tuple(sorted(causes, key=lambda cause: -cause.findings)[:SHOWN])


def _cause(context: Context, comparison: Comparison, found: RootCause, view: RegionView, *, of: dt.date | None) -> Cause:
    was = found.region or ""
    region = view.restated("region", [was], of=of).get(was, was)
    return Cause(
        comparison=comparison.name,
        field=_field(comparison, found.field),
        change=_change(context, found),
        region=view.names.get(region, region),
        unit=found.unit or "",
        findings=found.findings,
        share=found.share,
        amount_fen=found.amount_fen,
    )


def _field(comparison: Comparison, field: str | None) -> str:
    if field is None:
        return "—"
    fields = dataset(sides_of(comparison)[0].dataset).fields
    return fields[field].label if field in fields else COMPONENTS.get(field, field)


def _change(context: Context, found: RootCause) -> str:
    """What happened in words: from which value to which on which side, or what kind of difference."""
    source = context.site.source(found.source).name
    if found.before is None and found.after is None:
        return f"{kind_name(found.kind)}（{source}）"
    return f"{_named(context, found.field, found.before)} → {_named(context, found.field, found.after)}（{source}）"


def _named(context: Context, field: str | None, value: str | None) -> str:
    """A value with its name where the site's code table of that name has one."""
    if not value:
        return "（空）"
    label = next((row.label for row in context.site.codes.get(field or "", ()) if row.canonical == value and row.label), "")
    return f"{value} {label}".strip()
