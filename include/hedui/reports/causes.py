"""Root causes: patterns that explain many of the night's findings at once."""

from __future__ import annotations

import duckdb

from hedui import engine
from hedui.context import Context
from hedui.reports.dimensions import scope_name
from hedui.reports.night import Cause
from hedui.reports.sections.names import COMPONENTS, kind_name
from hedui.rules import rules
from hedui.security.masking import PERSON_FIELDS

SHOWN = 30
LEAST = 2
"""Findings that a pattern must explain to be shown."""


def night_causes(context: Context, connection: duckdb.DuckDBPyConnection) -> tuple[Cause, ...]:
    """The strongest patterns; values of personal fields are not shown, the field and the side that deviates are."""
    rows = engine.run(connection, "reports/causes.sql", personal=tuple(PERSON_FIELDS), least=LEAST).fetchmany(SHOWN)
    labels = {
        (dataset, field): name
        for dataset, field, name in connection.execute("SELECT dataset, field, name FROM field_names").fetchall()
    }
    sources = {source.id: source.name for source in context.site.sources}
    regions = {region.code: region.name for region in context.site.regions}
    causes = []
    for scope, kind, rule, field, source, dataset, before, after, region, findings, scope_findings, amount in rows:
        causes.append(
            Cause(
                comparison=scope_name(context, scope),
                field=labels.get((dataset, field)) or COMPONENTS.get(field or "", field or "—"),
                change=_change(
                    context, kind=kind, rule=rule, field=field, source=sources.get(source, source), before=before, after=after
                ),
                region=regions.get(region or "", region or ""),
                unit="",
                findings=findings,
                share=findings / scope_findings,
                amount_fen=amount,
            )
        )
    return tuple(causes)


def _change(
    context: Context, *, kind: str, rule: str, field: str | None, source: str, before: str | None, after: str | None
) -> str:
    """What happened in words: a rule that does not hold, who has more, or from which value to which on which side."""
    if kind == "RULE":
        catalogue = rules()
        return catalogue[rule].name if rule in catalogue else rule
    if kind == "AMT":
        return str(before)
    if before is None:
        return f"{kind_name(kind)}（{source}）"
    return f"{_named(context, field, before)} → {_named(context, field, after)}（{source}）"


def _named(context: Context, field: str | None, value: str | None) -> str:
    """A value with its name where the site's code table of that name has one."""
    label = next((row.label for row in context.site.codes.get(field or "", ()) if row.canonical == value and row.label), "")
    return f"{value} {label}".strip()
