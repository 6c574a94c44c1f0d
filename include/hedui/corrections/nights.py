"""Which night a bundle is about, and which one can show what became of it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select

from hedui.context import Context
from hedui.corrections.errors import CorrectionError
from hedui.corrections.ledger import Bundle
from hedui.corrections.select import scopes_of
from hedui.corrections.site import target_of
from hedui.ledger.database import begin
from hedui.ledger.models import RecordedNight, Scope


def latest_night(context: Context) -> dt.date:
    """The latest night that is in the ledger.

    Raises:
        CorrectionError: There is none yet.
    """
    with begin(context.ledger_url) as connection:
        found: dt.date | None = connection.execute(select(func.max(RecordedNight.business_date))).scalar_one()
    if found is None:
        raise CorrectionError("The ledger has no night yet, so there are no cases to correct; run a night first.")
    return found


def showing_night(context: Context, bundle: Bundle) -> dt.date | None:
    """The first later night of the target's comparisons that was read after the bundle was executed; None while there is none.

    Only its data can show what others have done in their system.
    """
    if bundle.executed_at is None:
        return None
    scopes = scopes_of(context, target_of(context, bundle.target))
    query = (
        select(func.min(RecordedNight.business_date))
        .join(Scope, Scope.id == RecordedNight.scope_id)
        .where(
            Scope.name.in_(scopes),
            RecordedNight.business_date > bundle.business_date,
            RecordedNight.recorded_at > bundle.executed_at,
        )
    )
    with begin(context.ledger_url) as connection:
        found: dt.date | None = connection.execute(query).scalar_one()
    return found
