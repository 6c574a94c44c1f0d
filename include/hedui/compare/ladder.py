"""The rungs of a flow comparison's key ladder after the first, and what else looks at more than the key: as columns of its rows."""

from __future__ import annotations

from dataclasses import dataclass, field

from hedui import engine
from hedui.canonical.schemas import dataset
from hedui.compare.keys import EQUAL_DIGITS, ZEROS, is_placeholder_field
from hedui.compare.plan import SidePlan
from hedui.site.comparisons import FuzzyRung, Rung
from hedui.site.models import FlowComparison


@dataclass(frozen=True, kw_only=True)
class RungPlan:
    """A rung after the first.

    Attributes:
        rule: Its name, which findings and links carry as ``match_rule``.
        columns: Columns that are equal.
        near: Columns that may differ by so many edits.
        within: Fen by which totals may differ (loose rungs).
        most: Rows of a side with equal columns that are searched; None: the row must be alone.
    """

    rule: str
    columns: tuple[str, ...]
    near: dict[str, int] = field(default_factory=dict)
    within: int = 0
    most: int | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns without which a row cannot be matched by the rung."""
        return (*self.columns, *self.near)


def rung_plan(rung: Rung) -> RungPlan:
    """A rung as columns."""
    if not isinstance(rung, FuzzyRung):
        return RungPlan(rule="+".join(rung), columns=tuple(f"x_{name}" for name in rung))
    fuzzy = rung.fuzzy
    return RungPlan(
        rule="fuzzy:" + "+".join((*fuzzy.equal, *fuzzy.near)),
        columns=tuple(f"x_{name}" for name in fuzzy.equal),
        near={f"x_{name}": edits for name, edits in fuzzy.near.items()},
        within=fuzzy.amount_within_fen,
        most=fuzzy.most,
    )


def ladder_fields(comparison: FlowComparison) -> tuple[str, ...]:
    """The fields beyond the first key by which rows are matched, each once."""
    names: list[str] = []
    for rung in comparison.later_rungs:
        names += [*rung.fuzzy.equal, *rung.fuzzy.near] if isinstance(rung, FuzzyRung) else rung
    if comparison.bundles:
        names += comparison.bundles.key
    if comparison.reversals:
        names += [comparison.reversals.serial, comparison.reversals.original, *comparison.reversals.key]
    return tuple(dict.fromkeys(names))


def ladder_column(side: SidePlan, name: str) -> str:
    """The expression of a ladder field as text: NULL where it is empty, a placeholder, or not in the side's dataset."""
    if name not in dataset(side.dataset).fields:
        return "CAST(NULL AS VARCHAR)"
    text = f"nullif(CAST({side.grouping(name)} AS VARCHAR), '')"
    if not is_placeholder_field(name):
        return text
    refused = " OR ".join(f"{text} = {engine.literal(digits)}" for digits in EQUAL_DIGITS)
    return f"CASE WHEN {refused} OR regexp_matches({text}, {engine.literal(ZEROS)}) THEN NULL ELSE {text} END"


def reversal_column(comparison: FlowComparison, side: SidePlan, total: str) -> str:
    """The expression that says whether a row undoes another one."""
    reversals = comparison.reversals
    if reversals is None or reversals.flag not in dataset(side.dataset).fields:
        return "FALSE"
    return f"coalesce({side.expression(reversals.flag)} IN {engine.literal(reversals.values)}, FALSE) AND {total} < 0"
