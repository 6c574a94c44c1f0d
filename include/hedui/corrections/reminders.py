"""Reminders: bundles that wait for a decision, a receipt or a review, near their term and past it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo

from hedui.context import Context
from hedui.corrections.dispatch import book
from hedui.corrections.dispatch.follow import remind
from hedui.corrections.dispatch.send import today
from hedui.corrections.ledger import Bundle, list_bundles
from hedui.corrections.site import target_of
from hedui.corrections.states import STATE_LABELS, State
from hedui.ledger.database import begin

STEPS: Final[dict[State, str]] = {
    State.PENDING: "approve",
    State.PENDING_LEADER: "approve",
    State.ROLLBACK_PENDING: "approve",
    State.DISPATCHED: "receipt",
    State.ACCEPTED: "receipt",
    State.EXECUTED: "review",
}
"""What a bundle waits for in a state, as the ledger stores reminders of it."""


def remind_all(context: Context, *, day: dt.date | None = None) -> int:
    """Reminds of every bundle that is near its term or past it, once a day each.

    Args:
        context: The step's surroundings.
        day: Today; by default as the site's time zone has it.

    Returns:
        Messages that went out.
    """
    now = day or today(context)
    sent = 0
    for bundle, due in _waiting(context):
        sla = target_of(context, bundle.target).sla
        label = f"{STATE_LABELS[bundle.state]}（{bundle.figures.get('cases', 0):,} 个案件）"
        sent += remind(
            context, bundle.id, step=STEPS[bundle.state], label=label, due=due, today=now, remind_days=sla.remind_days
        )  # fmt: skip
    return sent


def _waiting(context: Context) -> Iterator[tuple[Bundle, dt.date]]:
    for bundle in list_bundles(context, states=tuple(STEPS)):
        due = _due(context, bundle)
        if due is not None:
            yield bundle, due


def _due(context: Context, bundle: Bundle) -> dt.date | None:
    """The day by which a bundle must have gone on."""
    zone, sla = ZoneInfo(context.site.timezone), target_of(context, bundle.target).sla
    step = STEPS[bundle.state]
    if step == "approve":
        return (bundle.state_since + dt.timedelta(hours=sla.approve_hours)).astimezone(zone).date()
    if step == "review":
        return context.workdays.add(bundle.state_since.astimezone(zone).date(), sla.review_days)
    with begin(context.ledger_url) as connection:
        sent = book.dispatched(connection, bundle.id)
    return sent.due if sent else None
