"""The register's entries: each bundle with who did what, how long it has been under way and whether its term has passed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from hedui.cases.query import AGE_BUCKETS
from hedui.context import Context
from hedui.corrections.ledger import Bundle, list_bundles, read_bundle
from hedui.corrections.site import needed_settings
from hedui.corrections.states import ENDED, Act, CaseState, State
from hedui.site.corrections import Target

TIERS: Final = {"local": "本地", "city": "市级", "province": "省级", "nation": "国家级"}
"""Levels with their Chinese names, from below."""
WAITING: Final = (State.PENDING, State.PENDING_LEADER)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the register.

    Attributes:
        bundle: The bundle.
        system: Chinese name of the target.
        level: Chinese name of its level.
        opened: Day it was proposed, in the site's time zone.
        since: Day of its present state.
        age: Working days from proposed to ended, or to the register's day.
        bucket: Label of the age.
        term: Day by which the present state is to end; None where it has no term.
        late: Whether that day has passed.
        who: User names by act.
    """

    bundle: Bundle
    system: str
    level: str
    opened: dt.date
    since: dt.date
    age: int
    bucket: str
    term: dt.date | None
    late: bool
    who: Mapping[Act, str]

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be done."""
        return self.bundle.state in ENDED

    @property
    def given_back(self) -> int:
        """Cases that were given back or opened again."""
        return self.bundle.cases.get(CaseState.REOPENED, 0)


def entries(context: Context, day: dt.date) -> tuple[Entry, ...]:
    """All bundles as of now, their ages counted up to a day.

    Raises:
        CorrectionError: The site corrects nothing. LedgerError: the ledger cannot be reached.
    """
    targets = {target.id: target for target in needed_settings(context).targets}
    zone = ZoneInfo(context.site.timezone)
    return tuple(
        _entry(context, read_bundle(context, bundle.id), targets.get(bundle.target), zone, day) for bundle in list_bundles(context)
    )


def _entry(context: Context, bundle: Bundle, target: Target | None, zone: ZoneInfo, day: dt.date) -> Entry:
    opened, since = bundle.created_at.astimezone(zone).date(), bundle.state_since.astimezone(zone).date()
    age = context.workdays.age(opened, since if bundle.state in ENDED else day)
    term = _term(context, bundle, target, since, zone)
    return Entry(
        bundle=bundle,
        system=target.name if target is not None else bundle.target,
        level=TIERS.get(bundle.tier, bundle.tier),
        opened=opened,
        since=since,
        age=age,
        bucket=next(label for label, (low, high) in AGE_BUCKETS.items() if low <= age and (high is None or age <= high)),
        term=term,
        late=term is not None and term < day,
        who={event.act: event.actor for event in bundle.events if event.act is not None},
    )


def _term(context: Context, bundle: Bundle, target: Target | None, since: dt.date, zone: ZoneInfo) -> dt.date | None:
    if target is None:
        return None
    if bundle.state in WAITING:
        return (bundle.state_since + dt.timedelta(hours=target.sla.approve_hours)).astimezone(zone).date()
    if bundle.state in (State.DISPATCHED, State.ACCEPTED):
        return context.workdays.add(since, target.sla.receipt_days)
    return context.workdays.add(since, target.sla.review_days) if bundle.state is State.EXECUTED else None
