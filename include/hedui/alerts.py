"""What monitors find amiss is told once, and once more when it is over.

What has been told is kept in the ledger; a run that is killed between sending and noting sends again rather than never.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import insert, select, update

from hedui.context import Context
from hedui.ledger.batches import FeedAlert
from hedui.ledger.database import begin
from hedui.notify import Notice, send_notice

LOCK_ALERTS: Final = 0x6865647504
"""Advisory lock: one run of the monitors at a time."""
NAMES: Final = {"feed": "接收监控", "channel": "渠道监控"}

Monitor = Literal["feed", "channel"]
Send = Callable[[Notice], object]


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What one run of a monitor did: how much is amiss, told for the first time, over."""

    amiss: int
    raised: int
    recovered: int


def tell(context: Context, monitor: Monitor, found: Mapping[str, str], now: dt.datetime, *, send: Send | None = None) -> Watch:
    """Notes what is amiss and what is over, and tells what has not been told.

    Args:
        context: The step's surroundings.
        monitor: Whose alerts these are; those of others stay as they are.
        found: Messages by subject, in Chinese, without personal data.
        now: The time, with its zone.
        send: Sends a message; by default to the site's recipients.

    Raises:
        LedgerError: The ledger cannot be reached. NotifyError: a message did not go out; the next run sends it again.
    """
    mine = FeedAlert.monitor == monitor
    with begin(context.ledger_url, lock=LOCK_ALERTS) as connection:
        alerts = connection.execute(select(FeedAlert.subject, FeedAlert.id).where(mine, FeedAlert.recovered_at.is_(None)))
        open_alerts = {subject: number for subject, number in alerts}  # noqa: C416 - rows are no pairs to the type checker
        for subject in sorted(found.keys() - open_alerts.keys()):
            connection.execute(insert(FeedAlert).values(monitor=monitor, subject=subject, message=found[subject], raised_at=now))
        over = sorted(open_alerts.keys() - found.keys())
        for subject in over:
            connection.execute(update(FeedAlert).where(FeedAlert.id == open_alerts[subject]).values(recovered_at=now))
        raised = connection.execute(
            select(FeedAlert.id, FeedAlert.message)
            .where(mine, FeedAlert.notified_at.is_(None), FeedAlert.recovered_at.is_(None))
            .order_by(FeedAlert.id)
        ).all()
        recovered = connection.execute(
            select(FeedAlert.id, FeedAlert.message)
            .where(
                mine,
                FeedAlert.notified_at.is_not(None),
                FeedAlert.recovered_at.is_not(None),
                FeedAlert.recovery_notified_at.is_(None),
            )
            .order_by(FeedAlert.id)
        ).all()
    if raised or recovered:
        (send or _sender(context))(_notice(context, monitor, [text for _, text in raised], [text for _, text in recovered]))
    with begin(context.ledger_url, lock=LOCK_ALERTS) as connection:
        for ids, column in (([i for i, _ in raised], "notified_at"), ([i for i, _ in recovered], "recovery_notified_at")):
            if ids:
                connection.execute(update(FeedAlert).where(FeedAlert.id.in_(ids)).values({column: now}))
    return Watch(amiss=len(found), raised=len(raised), recovered=len(recovered))


def _sender(context: Context) -> Send:
    return lambda notice: send_notice(notice, settings=context.site.notify, connection=context.connection)


def _notice(context: Context, monitor: Monitor, raised: list[str], recovered: list[str]) -> Notice:
    lines = [f"异常：{text}" for text in raised] + [f"已恢复：{text}" for text in recovered]
    parts = [f"新增 {len(raised)} 项" if raised else "", f"恢复 {len(recovered)} 项" if recovered else ""]
    return Notice(title=f"【{context.site.title}】{NAMES[monitor]}：{'，'.join(filter(None, parts))}", lines=tuple(lines))
