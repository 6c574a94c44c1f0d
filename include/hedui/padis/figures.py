"""A month's upload in figures, from the ledger: collected, sent, accepted, refused, waiting, late, corrected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text

from hedui.ledger.database import begin
from hedui.padis.fields import Kind
from hedui.padis.office import Office
from hedui.padis.windows import month_due

FIGURES: Final = """
WITH sent AS (
  SELECT batch_id, min(at) AS first_at FROM hedui.padis_event WHERE event = 'sending' GROUP BY 1
), version AS (
  SELECT r.*, v.state AS shown, CAST(s.first_at AT TIME ZONE :zone AS date) AS sent_on
  FROM hedui.padis_record AS r JOIN hedui.padis_record_view AS v ON v.id = r.id LEFT JOIN sent AS s ON s.batch_id = r.batch_id
  WHERE r.sender = :sender AND r.kind = :kind AND r.period = :period
), record AS (
  SELECT business_key, min(sent_on) AS first_sent, min(event_date) AS event_date FROM version GROUP BY 1
)
SELECT (SELECT count(*) FROM record) AS records,
       (SELECT count(*) FROM record WHERE first_sent IS NOT NULL) AS sent,
       count(*) FILTER (WHERE shown = 'ACCEPTED' AND action <> 'withdraw') AS accepted,
       count(*) FILTER (WHERE shown = 'ACCEPTED' AND action = 'withdraw') AS withdrawn,
       count(*) FILTER (WHERE shown IN ('REJECTED', 'FIXING') AND by_receiver) AS refused,
       count(*) FILTER (WHERE shown IN ('REJECTED', 'FIXING') AND NOT by_receiver) AS held_back,
       count(*) FILTER (WHERE shown IN ('READY', 'VALIDATED', 'PACKED', 'SENT', 'UNKNOWN', 'QUERY')) AS pending,
       count(*) FILTER (WHERE action = 'change' AND state IN ('ACCEPTED', 'SUPERSEDED', 'WITHDRAWN')) AS corrections,
       (SELECT count(*) FROM record WHERE coalesce(first_sent, :today) > :due) AS late,
       (SELECT count(*) FROM record WHERE coalesce(first_sent, :today) > event_date + CAST(:card_days AS int)) AS card_late
FROM (SELECT *, jsonb_path_exists(problems, '$[*].code') AS by_receiver FROM version) AS v
"""

BATCHES: Final = """
SELECT b.id, b.kind, b.purpose, b.rows, b.state, b.tries, b.sm3, b.created_at,
       count(r.id) FILTER (WHERE r.state IN ('ACCEPTED', 'WITHDRAWN', 'SUPERSEDED')) AS good,
       count(r.id) FILTER (WHERE r.state IN ('REJECTED', 'FIXING')) AS bad
FROM hedui.padis_batch AS b LEFT JOIN hedui.padis_record AS r ON r.batch_id = b.id
WHERE b.sender = :sender AND b.period = :period GROUP BY b.id ORDER BY b.id
"""


@dataclass(frozen=True, kw_only=True)
class Month:
    """A kind's month.

    Attributes:
        kind: Which records.
        period: Month of their events.
        due: By when they were due.
        records: Numbers that were collected.
        sent: Of them, numbers that have gone out in a file at least once.
        accepted: Records that stand at the receiver.
        withdrawn: Records whose withdrawal the receiver has accepted.
        refused: Records that the receiver has refused and that wait for a correction.
        held_back: Records that our own checks hold back.
        pending: Versions that wait to be sent or for a receipt.
        corrections: Changes of records that the receiver had.
        late: Numbers that went out after the due date, or have not gone out and it is past.
        card_late: Numbers that went out more than the calendar's days after the event.
        closed_at: When the month was closed.
    """

    kind: Kind
    period: str
    due: dt.date
    records: int
    sent: int
    accepted: int
    withdrawn: int
    refused: int
    held_back: int
    pending: int
    corrections: int
    late: int
    card_late: int
    closed_at: dt.datetime | None = None


@dataclass(frozen=True, kw_only=True)
class BatchLine:
    """A file of a month: what it held and what became of it."""

    id: str
    kind: str
    purpose: str
    rows: int
    state: str
    tries: int
    sm3: str
    created_at: dt.datetime
    good: int
    bad: int


def month_figures(office: Office, kind: Kind, period: str) -> Month:
    """The figures of a kind's month as they stand now."""
    calendar = office.profile.calendar
    due = month_due(period, calendar=calendar, workdays=office.context.workdays)
    own: dict[str, Any] = {"sender": office.settings.sender, "kind": kind, "period": period}
    more = {"zone": office.context.site.timezone, "today": office.today(), "due": due, "card_days": calendar.card_days}
    closed = "SELECT closed_at FROM hedui.padis_period WHERE sender = :sender AND kind = :kind AND period = :period"
    with begin(office.ledger) as connection:
        counts = connection.execute(text(FIGURES), {**own, **more}).mappings().one()
        closed_at = connection.execute(text(closed), own).scalar_one_or_none()
    return Month(kind=kind, period=period, due=due, closed_at=closed_at, **{name: int(value) for name, value in counts.items()})


def month_batches(office: Office, period: str) -> Iterator[BatchLine]:
    """The files of a month."""
    with begin(office.ledger) as connection:
        for row in connection.execute(text(BATCHES), {"sender": office.settings.sender, "period": period}).mappings():
            yield BatchLine(**row)
