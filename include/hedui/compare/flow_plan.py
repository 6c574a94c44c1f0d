"""What a flow comparison compares, resolved from the site: names of columns, rules, who is right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hedui import engine
from hedui.canonical.schemas import dataset
from hedui.compare.authority import Right, rights_of
from hedui.compare.ladder import RungPlan, ladder_column, ladder_fields, reversal_column, rung_plan
from hedui.compare.places import CODES, PLACE_FIELDS
from hedui.compare.plan import SidePlan
from hedui.compare.snapshot import own_columns, side_parameters
from hedui.context import Context
from hedui.site.models import FlowComparison


@dataclass(frozen=True, kw_only=True)
class FlowPlan:
    """A flow comparison of one date.

    Attributes:
        comparison: The site's definition.
        sources: Sources: left, right.
        amounts: Names of the amount components.
        groups: Names of the totals' group fields.
        fields: Names of the compared fields that both sides deliver.
        subject: Positions of the key columns that make the subject key.
        columns: Columns of a row in residuals and pairs.
        rungs: The rungs of the key ladder after the first.
        extras: Fields beyond the first key by which rows are matched; ``x_<field>`` in SQL.
        mapped: Per side the ``x_`` column that its key map fills, or None.
        maps: Per side the rule of its key map, or None.
        compared: Amount columns and field columns of which values as received are kept.
        audit: Threshold of the audit sample, see ``flow_groups.sql``.
    """

    comparison: FlowComparison
    sources: tuple[str, str]
    amounts: tuple[str, ...]
    groups: tuple[str, ...]
    fields: tuple[str, ...]
    subject: tuple[int, ...]
    columns: tuple[str, ...]
    rungs: tuple[RungPlan, ...]
    extras: tuple[str, ...]
    mapped: tuple[str | None, ...]
    maps: tuple[str | None, ...]
    compared: tuple[str, ...]
    audit: str

    @property
    def carried(self) -> tuple[str, ...]:
        """Columns of a residual row, the values as received included."""
        return (*self.columns, *(f"w_{name}" for name in self.compared))

    @property
    def keys(self) -> int:
        """Number of key columns."""
        return len(self.comparison.key)

    @property
    def first_rule(self) -> str:
        """The name of the first rung."""
        return "+".join(self.comparison.key)

    def differs(self) -> str:
        """Expression over pairs (l_, r_ columns): whether an amount or a field deviates."""
        tolerance = self.comparison.tolerance_fen
        amounts = [f"abs(l_a_{name} - r_a_{name}) > {tolerance}" for name in self.amounts]
        different = engine.environment().get_template("compare/macros.sql").module.different  # type: ignore[attr-defined]
        tolerances = {name: CODES if name in self.codes else 0 for name in self.fields}
        return " OR ".join(amounts + [different(f"l_f_{name}", f"r_f_{name}", kind) for name, kind in tolerances.items()])

    @property
    def codes(self) -> tuple[str, ...]:
        """The compared fields that hold region or institution codes."""
        return tuple(name for name in self.fields if name in PLACE_FIELDS)

    @property
    def coded_columns(self) -> dict[str, str]:
        """The columns of a residual row with region or institution codes, with the field that each is of."""
        comparison = self.comparison
        named = {f"k{number}": name for number, name in enumerate(comparison.key)}
        named |= {f"g_{name}": pair[0] for name, pair in comparison.group.items()}
        named |= {f"x_{name}": name for name in self.extras} | {f"f_{name}": name for name in self.fields}
        return {column: name for column, name in named.items() if name in PLACE_FIELDS}


def flow_plan(context: Context, comparison: FlowComparison) -> FlowPlan:
    """The plan of a flow comparison."""
    left, right = comparison.left, comparison.right
    delivered = [set(context.site.source(side.source).datasets[side.dataset].columns) for side in (left, right)]
    fields = tuple(name for name in comparison.fields if all(name in names for names in delivered))
    amounts, groups = tuple(comparison.amounts), tuple(comparison.group)
    keys = tuple(f"k{number}" for number in range(len(comparison.key)))
    compared = (*(f"a_{name}" for name in amounts), *(f"f_{name}" for name in fields))
    extras = ladder_fields(comparison)
    maps = [next((m for m in comparison.key_maps if m.side == side.source), None) for side in (left, right)]
    share = comparison.audit_sample
    return FlowPlan(
        comparison=comparison,
        sources=(left.source, right.source),
        amounts=amounts,
        groups=groups,
        fields=fields,
        subject=tuple(number for number, name in enumerate(comparison.key) if name not in ("insurance", "period")),
        columns=(
            *(*keys, "subject", "insurance", "period", "region"),
            *(f"g_{name}" for name in groups),
            *(f"x_{name}" for name in extras),
            *("reversal", "total", *compared),
        ),
        rungs=tuple(rung_plan(rung) for rung in comparison.later_rungs),
        extras=extras,
        mapped=tuple(f"x_{m.to_field}" if m and m.to_field in extras else None for m in maps),
        maps=tuple(m.rule if m else None for m in maps),
        compared=compared,
        audit="g" if share >= 1 else (f"{int(share * 16**8):08x}" if share > 0 else ""),
    )


def side_columns(plan: FlowPlan, side: SidePlan) -> dict[str, str]:
    """The columns of a side's view: names → expressions."""
    comparison = plan.comparison
    schema = dataset(side.dataset)

    def total(fields: Iterable[str]) -> str:
        return " + ".join(
            f"{'-' if field.startswith('-') else ''}coalesce({side.expression(field.removeprefix('-'))}, 0)" for field in fields
        )

    def text(name: str) -> str:
        return side.expression(name) if name in schema.fields else "CAST(NULL AS VARCHAR)"

    amounts = {f"a_{name}": total(parts[side.index]) for name, parts in comparison.amounts.items()}
    groups = {f"g_{name}": side.grouping(pair[side.index]) for name, pair in comparison.group.items()}
    total_fen = " + ".join(f"({amount})" for amount in amounts.values())
    columns = amounts | {"total": total_fen, "reversal": reversal_column(comparison, side, f"({total_fen})")} | groups
    columns |= {f"x_{name}": ladder_column(side, name) for name in plan.extras}
    columns |= {f"f_{name}": side.expression(name) for name in plan.fields}
    own = own_columns(side)
    return (
        columns
        | {"insurance": text("insurance"), "period": text("period")}
        | {name: own[name] for name in ("own_key", "key_text", "region")}
    )


def view_parameters(plan: FlowPlan, side: SidePlan) -> dict[str, Any]:
    """Parameters of ``side.sql`` for a side."""
    return side_parameters(side, side_columns(plan, side)) | {"map_optional": True}


def raw_fields(plan: FlowPlan, side: SidePlan) -> dict[str, str]:
    """Per compared column the canonical field whose value as received stands for it (components of one field only)."""
    amounts = plan.comparison.amounts
    singles = {
        f"a_{name}": parts[side.index][0].removeprefix("-") for name, parts in amounts.items() if len(parts[side.index]) == 1
    }
    return singles | {f"f_{name}": name for name in plan.fields}


def amount_parts(context: Context, plan: FlowPlan, sides: tuple[SidePlan, ...], date: dt.date) -> list[dict[str, Any]]:
    """The amount components with rule, tolerance and authority."""
    comparison = plan.comparison
    return [
        {
            "name": name,
            "rule": comparison.amount_rule,
            "severity": None,
            "tolerance": comparison.tolerance_fen,
            "right": rights_of(context.site.authority, sides, {field.removeprefix("-") for field in (*parts[0], *parts[1])}, date),
        }
        for name, parts in comparison.amounts.items()
    ]


def field_parts(context: Context, plan: FlowPlan, sides: tuple[SidePlan, ...], date: dt.date) -> list[dict[str, Any]]:
    """The compared fields with rule, kind, severity and authority."""
    parts = []
    for name in plan.fields:
        rule = plan.comparison.fields[name]
        right: list[Right] = rights_of(context.site.authority, sides, {name}, date)
        tolerance = CODES if name in plan.codes else 0
        shown = {"name": name, "rule": rule.rule, "kind": rule.kind, "severity": rule.severity}
        parts.append(shown | {"tolerance": tolerance, "right": right})
    return parts


def rule_ids(comparison: FlowComparison) -> list[str]:
    """All rules that the comparison may raise."""
    rules = comparison.rules
    named = [rules.only_left, rules.only_right, rules.in_transit, rules.late, rules.cutoff, rules.total, rules.count]
    named += [rules.duplicate, rules.unusable, comparison.amount_rule, *(key_map.rule for key_map in comparison.key_maps)]
    named += [part.rule for part in (comparison.reversals, comparison.bundles) if part]
    if comparison.originals:
        named += [comparison.originals.missing, comparison.originals.exceeds]
    return named + [rule.rule for rule in comparison.fields.values()]


def missing_rules(comparison: FlowComparison) -> tuple[str, str]:
    """Rules of what has no counterpart when the window has passed: of the left side (only_left where it is not late), of the right."""
    rules = comparison.rules
    return (rules.late if comparison.kinds.left == "LATE" else rules.only_left, rules.only_right)
