"""The way back of changes (回流): which deviations are changes made upstream that the local system has not received yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from hedui.compare.plan import SidePlan
from hedui.site.models import SnapshotComparison
from hedui.workdays import Workdays


def returning(
    comparison: SnapshotComparison, sides: Sequence[SidePlan], date: dt.date, workdays: Workdays
) -> dict[str, Any] | None:
    """The comparison's return flow as parameters of its SQL; None where it has none, or no upper side says when a row was changed."""
    flow = comparison.return_flow
    if flow is None:
        return None
    local = next(side.index for side in sides if side.source == flow.local)
    upper = [side.index for side in sides if side.index != local and flow.field in side.mapped]
    if not upper or flow.field not in sides[local].mapped:
        return None
    return {"rule": flow.rule, "local": local, "upper": upper, "since": window_start(date, flow.window, workdays)}


def window_start(date: dt.date, window: int, workdays: Workdays) -> dt.date:
    """The earliest day whose changes may still be on their way on ``date``."""
    start = date
    while workdays.age(start - dt.timedelta(days=1), date) <= window:
        start -= dt.timedelta(days=1)
    return start


def change_column(comparison: SnapshotComparison, side: SidePlan) -> dict[str, str]:
    """The further column of a side's view that says when its rows were changed, where the comparison asks for it."""
    flow = comparison.return_flow
    return {"changed": side.expression(flow.field)} if flow is not None and flow.field in side.mapped else {}
