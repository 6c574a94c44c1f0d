"""Bundles as the ledger knows them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from hedui.context import Context
from hedui.corrections.model import DECISION_LABELS, Decision
from hedui.corrections.states import STATE_LABELS, Act, CaseState, State
from hedui.errors import LedgerError
from hedui.ledger import corrections_models as models
from hedui.ledger.database import begin


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to a bundle; attributes as in :class:`hedui.ledger.corrections_models.BundleEvent`."""

    number: int
    at: dt.datetime
    actor: str
    act: Act | None
    from_state: State | None
    to_state: State
    note: str
    details: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A bundle as the ledger knows it; attributes as in :class:`hedui.ledger.corrections_models.Bundle`.

    Attributes:
        figures: ``cases``, ``rows``, ``people``, ``before_fen``, ``after_fen``, ``moved_fen``.
        cases: Number of cases by state.
        events: What happened, in order; only where one bundle is read.
    """

    id: str
    parent: str | None
    round: int
    run: str
    number: int
    target: str
    tier: str
    mode: str
    business_date: dt.date
    decision: Decision
    key_field: bool
    state: State
    figures: Mapping[str, int]
    rules: tuple[str, ...]
    selection: Mapping[str, Any]
    proposer: str
    created_at: dt.datetime
    state_since: dt.datetime
    executed_at: dt.datetime | None
    digest: str | None
    folder: str | None
    note: str
    cases: Mapping[CaseState, int] = field(default_factory=dict)
    events: tuple[Event, ...] = ()

    @property
    def label(self) -> str:
        """What users read for the state."""
        return STATE_LABELS[self.state]

    @property
    def decision_label(self) -> str:
        """What users read for the decision."""
        return DECISION_LABELS[self.decision]


def read_bundle(context: Context, bundle_id: str) -> Bundle:
    """A bundle with its cases by state and its events.

    Raises:
        LedgerError: The ledger has no such bundle.
    """
    with begin(context.ledger_url) as connection:
        return bundle_of(connection, bundle_id)


def bundle_of(connection: Connection, bundle_id: str) -> Bundle:
    """As :func:`read_bundle`, in the caller's transaction."""
    row = bundle_row(connection, bundle_id)
    events = connection.execute(
        select(*models.BundleEvent.__table__.columns)
        .where(models.BundleEvent.bundle_id == bundle_id)
        .order_by(models.BundleEvent.number)
    ).mappings()
    return _bundle(row, _cases_by_state(connection, [bundle_id]), tuple(_event(dict(event)) for event in events))


def list_bundles(
    context: Context, *, states: Sequence[State] = (), targets: Sequence[str] = (), run: str | None = None
) -> list[Bundle]:
    """Bundles by id, without their events; each argument that is given narrows the list."""
    query = select(*models.Bundle.__table__.columns).order_by(models.Bundle.business_date, models.Bundle.id)
    if states:
        query = query.where(models.Bundle.state.in_(states))
    if targets:
        query = query.where(models.Bundle.target.in_(targets))
    if run is not None:
        query = query.where(models.Bundle.run == run)
    with begin(context.ledger_url) as connection:
        rows = connection.execute(query).mappings().all()
        cases = _cases_by_state(connection, [row["id"] for row in rows])
        return [_bundle(dict(row), cases) for row in rows]


def cases_of(connection: Connection, bundle_id: str) -> dict[str, models.BundleCase]:
    """A bundle's cases by fingerprint (32 hex digits)."""
    with Session(bind=connection, expire_on_commit=False) as orm:
        rows = orm.scalars(select(models.BundleCase).where(models.BundleCase.bundle_id == bundle_id))
        return {row.fingerprint.hex: row for row in rows}


def bundle_row(connection: Connection, bundle_id: str, *, lock: bool = False) -> Mapping[str, Any]:
    """The row of a bundle, locked until the transaction ends where asked for.

    Raises:
        LedgerError: The ledger has no such bundle.
    """
    query = select(*models.Bundle.__table__.columns).where(models.Bundle.id == bundle_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise LedgerError(f'The ledger has no bundle "{bundle_id}"; `hedui bundle list` shows them.')
    return dict(row)


def _cases_by_state(connection: Connection, bundles: Sequence[str]) -> dict[str, dict[CaseState, int]]:
    case = models.BundleCase
    rows = connection.execute(
        select(case.bundle_id, case.state, func.count()).where(case.bundle_id.in_(bundles)).group_by(case.bundle_id, case.state)
    )
    found: dict[str, dict[CaseState, int]] = {}
    for bundle_id, state, count in rows:
        found.setdefault(bundle_id, {})[CaseState(state)] = count
    return found


def _bundle(row: Mapping[str, Any], cases: Mapping[str, dict[CaseState, int]], events: tuple[Event, ...] = ()) -> Bundle:
    values = dict(row)
    values.update(decision=Decision(row["decision"]), state=State(row["state"]), rules=tuple(row["rules"]))
    return Bundle(**values, cases=cases.get(row["id"], {}), events=events)


def _event(row: Mapping[str, Any]) -> Event:
    values = {name: value for name, value in row.items() if name != "bundle_id"}
    values["act"] = Act(values["act"]) if values["act"] else None
    values["from_state"] = State(values["from_state"]) if values["from_state"] else None
    values["to_state"] = State(values["to_state"])
    return Event(**values)
