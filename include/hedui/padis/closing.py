"""Closing months: which are due, the zero report of a month without events, and what keeps a month open."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from hedui.ledger.database import begin
from hedui.padis.errors import PadisError
from hedui.padis.fields import Kind
from hedui.padis.office import Office
from hedui.padis.outgoing import pack_zero
from hedui.padis.people import close_month
from hedui.padis.windows import month_due, period_of

OPEN_MONTHS: Final = """
SELECT r.period FROM hedui.padis_record AS r
WHERE r.sender = :sender AND r.kind = :kind AND r.period <> '' AND r.period < :before
  AND NOT EXISTS (SELECT 1 FROM hedui.padis_period AS p WHERE p.sender = r.sender AND p.kind = r.kind AND p.period = r.period)
GROUP BY 1 ORDER BY 1
"""

CLOSED: Final = "SELECT EXISTS (SELECT 1 FROM hedui.padis_period WHERE sender = :sender AND kind = :kind AND period = :period)"


@dataclass(frozen=True, kw_only=True)
class Closing:
    """What became of the months that are due.

    Attributes:
        closed: Months that were closed now.
        kept: Months that something keeps open, with what it is.
    """

    closed: tuple[str, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()


def due_months(office: Office, kind: Kind, *, day: dt.date) -> list[str]:
    """Months that are to be closed on a day: last month from its due date on, and earlier ones that have records and are not closed."""
    calendar, workdays = office.profile.calendar, office.context.workdays
    last = period_of(day.replace(day=1) - dt.timedelta(days=1))
    own = {"sender": office.settings.sender, "kind": kind}
    with begin(office.ledger) as connection:
        found = set(connection.execute(text(OPEN_MONTHS), {**own, "before": period_of(day)}).scalars())
        if not connection.execute(text(CLOSED), {**own, "period": last}).scalar_one():
            found.add(last)
    return sorted(period for period in found if month_due(period, calendar=calendar, workdays=workdays) <= day)


def report_zero(office: Office, kind: Kind, *, day: dt.date) -> tuple[str, ...]:
    """Packs the zero reports of due months that have no records; the new batches' numbers."""
    made = (pack_zero(office, kind, period=period, report=day) for period in due_months(office, kind, day=day))
    return tuple(batch for batch in made if batch is not None)


def close_due(office: Office, kind: Kind, *, day: dt.date) -> Closing:
    """Closes the months that are due and that nothing keeps open."""
    closed, kept = [], []
    for period in due_months(office, kind, day=day):
        try:
            close_month(office, kind, period)
            closed.append(period)
        except PadisError as error:
            kept.append((period, str(error)))
    return Closing(closed=tuple(closed), kept=tuple(kept))
