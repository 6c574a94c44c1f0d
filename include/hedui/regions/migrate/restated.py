"""Closed statistics in later codes: as they were, restated, and what no weight distributes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from hedui.regions.codes import significant
from hedui.regions.migrate.checks import Check, restatable
from hedui.regions.migrate.plan import Plan
from hedui.regions.migrate.records import Measure
from hedui.regions.weights import Restated, restate
from hedui.site.regions import Target


def closed_totals(target: Target, measures: Iterable[Measure]) -> dict[str, dict[str, int]]:
    """Rows and fen of closed periods by figure and county; codes below a county count for theirs.

    Args:
        target: The target.
        measures: Its measures.

    Returns:
        By figure (``行数`` or the amount column): total by code.
    """
    closed = [item for item in measures if item.closed and item.code]
    found: dict[str, dict[str, int]] = {name: defaultdict(int) for name in ("行数", *target.amounts)}
    for item in closed:
        for name, value in zip(found, (item.rows, *item.fen), strict=True):
            found[name][significant(item.code or "")[:6]] += value
    return {name: dict(values) for name, values in found.items()} if closed else {}


def restated_totals(plan: Plan, target: Target, measures: Iterable[Measure]) -> list[tuple[str, dict[str, int], Restated]]:
    """Each figure of closed periods as it was, and in the codes of the later table."""
    if target.kind == "institution":
        return []
    return [(name, was, restate(was, plan.mapping, plan.weights)) for name, was in closed_totals(target, measures).items()]


def restated_checks(plan: Plan, measures: Mapping[str, Sequence[Measure]]) -> list[Check]:
    """Per figure of closed rows: nothing is lost or made up by restating."""
    return [
        restatable(target.label, figure, was, now.totals, now.residual)
        for target in plan.settings.targets
        for figure, was, now in restated_totals(plan, target, measures[target.id])
    ]
