"""Sides that speak different versions of the region codes: all are brought to the newest one before anything is compared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hedui import engine
from hedui.canonical.schemas import dataset
from hedui.compare.deep_places import DeepCodes
from hedui.regions.filters import restrictions
from hedui.regions.spoken import ANY, INSTITUTION_FIELDS, REGION_FIELDS, Meaning, SiteCodes

if TYPE_CHECKING:
    import duckdb

    from hedui.compare.flow_plan import FlowPlan
    from hedui.compare.plan import SidePlan
    from hedui.context import Context

PLACE_FIELDS = (*REGION_FIELDS, *INSTITUTION_FIELDS)
CODES = "codes"
"""Stands for the tolerance of a field with codes: one of several possible codes is no deviation (see ``compare/macros.sql``)."""


@dataclass(frozen=True, kw_only=True)
class Translation:
    """A field's codes in the comparison's version, as a relation of the columns ``from_value``, ``to_value`` and ``group_value``."""

    relation: str


def translated(context: Context, sides: Sequence[SidePlan]) -> tuple[SidePlan, ...]:
    """The sides with their version and what they are restricted to in it; those that meet another version, with translations."""
    codes = context.site.codes_by_version
    if codes is None:
        return tuple(sides)
    spoken = [codes.of_manifest(side.manifest.meta, source=side.source, date=side.date) for side in sides]
    newest, oldest = max(spoken), min(spoken)
    made = [replace(side, region_version=newest) for side in restricted(codes, sides, spoken)]
    if newest == oldest:
        return tuple(made)
    deep = DeepCodes.of(codes, made, spoken)
    return tuple(
        replace(
            side,
            translations=_translations(codes, side, own, oldest=oldest, newest=newest, deep=deep),
            region_notes=(*side.region_notes, *deep.notes(side, own), *_institution_notes(codes, side, own, newest)),
        )
        for side, own in zip(made, spoken, strict=True)
    )


def restricted(codes: SiteCodes, sides: Sequence[SidePlan], spoken: Sequence[dt.date]) -> list[SidePlan]:
    """The sides with the codes of their ``where:`` in the table that each speaks, and notes of what that changes."""
    found = []
    for position, (side, own) in enumerate(zip(sides, spoken, strict=True)):
        where, notes = dict(side.where), list(side.region_notes)
        for field in (name for name in PLACE_FIELDS if name in side.where):
            made = restrictions(codes, field, side.where[field], spoken=spoken)[position]
            if made.values != tuple(side.where[field]):
                where[field] = made.values
                label = dataset(side.dataset).fields[field].label
                wider = f"；拆分合并使范围并入 {'、'.join(made.wider)}" if made.wider else ""
                written = "、".join(side.where[field])
                notes.append(f"{side.source}：条件 {label} {written} 按 {own} 版为 {'、'.join(made.values)}{wider}")
        found.append(replace(side, where=where, region_notes=tuple(notes)))
    return found


def _translations(
    codes: SiteCodes, side: SidePlan, own: dt.date, *, oldest: dt.date, newest: dt.date, deep: DeepCodes
) -> dict[str, Translation]:
    found = {}
    for field in (name for name in PLACE_FIELDS if name in side.mapped):
        meanings = codes.groups(field, of=oldest, to=newest) | codes.meanings(field, of=own, to=newest)
        meanings |= deep.meanings(side, field)
        if meanings:
            found[field] = Translation(relation=relation(meanings))
    return found


def _institution_notes(codes: SiteCodes, side: SidePlan, own: dt.date, newest: dt.date) -> list[str]:
    """What is not translated: institutions of split districts that the site's list does not name."""
    if own == newest or not any(field in side.mapped for field in INSTITUTION_FIELDS):
        return []
    split = [rule.old for rule in codes.translator.mapping(own, newest).moved() if rule.fate == "allocate"]
    if not split:
        return []
    listed = "其余经办机构代码保持原样" if codes.institutions(own, newest) else "没有经办机构对照，代码保持原样"
    return [f"{side.source}：{own} 版至 {newest} 版有拆分的区划，经办机构只按 institution_changes 换代码，{listed}"]


def relation(meanings: dict[str, Meaning]) -> str:
    """The meanings as a relation."""
    rows = ", ".join(engine.literal((old, new.code, new.group)) for old, new in sorted(meanings.items()))
    return f"(SELECT * FROM (VALUES {rows}) AS v(from_value, to_value, group_value))"


def single(expression: str, otherwise: str) -> str:
    """A code for people to read: where one of several is meant, the side's own."""
    return f"CASE WHEN strpos({expression}, {engine.literal(ANY)}) > 0 THEN {otherwise} ELSE {expression} END"


def bring(
    connection: duckdb.DuckDBPyConnection, context: Context, plan: FlowPlan, *, carried: str | None, arrived: str | None
) -> str | None:
    """Brings the tables ``carried`` and ``arrived`` of a flow's window to the newer one of their versions.

    Args:
        connection: Holds the tables.
        context: Its site knows the codes.
        plan: The flow comparison.
        carried: Version of the table ``carried``, as a manifest says it; None where nothing is known.
        arrived: That of ``arrived``.

    Returns:
        The version of both now.
    """
    codes = context.site.codes_by_version
    if codes is None or carried is None or arrived is None or carried == arrived:
        return arrived or carried
    table, of, to = ("carried", carried, arrived) if carried < arrived else ("arrived", arrived, carried)
    coded = []
    for column, field in plan.coded_columns.items():
        meanings = codes.meanings(field, of=dt.date.fromisoformat(of), to=dt.date.fromisoformat(to))
        if meanings:
            value = "to_value" if column.startswith("f_") else "group_value"
            coded.append({"column": column, "relation": relation(meanings), "value": value})
    if coded:
        engine.run(connection, "compare/flow_translated.sql", table=table, columns=plan.carried, coded=coded)
    return to
