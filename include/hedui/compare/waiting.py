"""Keys that a side need not have yet: whom a comparison gives days, counted from a date of the side that has the key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from hedui.compare.plan import SidePlan
from hedui.site.models import PresenceRule, SnapshotComparison


def presence(comparison: SnapshotComparison, sides: Sequence[SidePlan], side: SidePlan, date: dt.date) -> dict[str, Any]:
    """Rule and kind of a key that ``side`` lacks; ``waits``: the columns whose first date must lie before ``before``, or none."""
    rule = _rule(comparison, side)
    kind = "MISSING_TIER" if len(sides) > 2 else ("ONLY_RIGHT" if side.index == 0 else "ONLY_LEFT")
    found: dict[str, Any] = {"rule": rule.rule, "kind": kind, "waits": []}
    if rule.after is not None:
        found["waits"] = [f"v{other.index}_{_column(rule.after.field)}" for other in sides if rule.after.field in other.mapped]
        found["before"] = date - dt.timedelta(days=rule.after.days)
    return found


def waiting_columns(comparison: SnapshotComparison, side: SidePlan) -> dict[str, str]:
    """The further columns of a side's view that days are counted from."""
    fields = {rule.after.field for rule in comparison.presence if rule.after is not None}
    return {_column(field): side.expression(field) for field in sorted(fields) if field in side.mapped}


def _column(field: str) -> str:
    return f"since_{field}"


def _rule(comparison: SnapshotComparison, side: SidePlan) -> PresenceRule:
    own = next((rule for rule in comparison.presence if rule.missing == side.source), None)
    return own or next((rule for rule in comparison.presence if rule.missing is None), comparison.presence[0])
