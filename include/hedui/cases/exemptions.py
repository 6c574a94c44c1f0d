"""Exemptions: decisions that matching cases need no action until a date. Such cases stay visible and are counted apart."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, or_, select

from hedui.audit import append
from hedui.context import Context
from hedui.errors import LedgerError
from hedui.ledger.database import session
from hedui.ledger.models import Exemption
from hedui.rules import rule as catalogue_rule

ACTIVE_SQL: Final = "e.valid_from <= :d AND e.expires_on >= :d AND (e.withdrawn_on IS NULL OR e.withdrawn_on > :d)"
"""SQL condition: exemption ``e`` counts on the business date ``:d``."""

_FITS_SQL = """(e.rule IS NULL OR e.rule = c.rule) AND (e.region IS NULL OR e.region = c.region)
          AND (e.agency IS NULL OR e.agency = c.agency) AND (e.subject_key IS NULL OR e.subject_key = c.subject_key)"""

EXEMPTED_SQL: Final = f"""
    exempted AS (
        SELECT DISTINCT ON (case_id) case_id, reason, expires_on FROM (
            SELECT c.id AS case_id, e.reason, e.expires_on, e.id
            FROM hedui.exemption AS e JOIN hedui.reconciliation_case AS c ON c.fingerprint = e.fingerprint
            WHERE {ACTIVE_SQL} AND {_FITS_SQL}
            UNION ALL
            SELECT c.id, e.reason, e.expires_on, e.id
            FROM hedui.exemption AS e JOIN hedui.reconciliation_case AS c ON c.rule = e.rule
            WHERE e.fingerprint IS NULL AND {ACTIVE_SQL} AND {_FITS_SQL}
        ) AS fitting
        ORDER BY case_id, expires_on DESC, id
    )
"""
"""SQL common table expression: cases exempt on ``:d``; of several exemptions the one that lasts longest. A case fits when every
attribute that the exemption names is equal; by fingerprint and by rule apart, so that each branch has an index or a hash to join by."""


@dataclass(frozen=True, kw_only=True)
class NewExemption:
    """What is to be exempted, why, on whose word and until when.

    Attributes:
        reason: Why no action is needed.
        approver: Who decided.
        created_by: Who enters it.
        valid_from: First business date on which it counts.
        expires_on: Last business date on which it counts.
        fingerprint: One case (32 hex digits); or …
        rule: … every case of a rule, narrowed by the next three.
        region: Region code.
        agency: Responsible agency.
        subject_key: Person, unit or group.
    """

    reason: str
    approver: str
    created_by: str
    valid_from: dt.date
    expires_on: dt.date
    fingerprint: str | None = None
    rule: str | None = None
    region: str | None = None
    agency: str | None = None
    subject_key: str | None = None


def add_exemption(context: Context, exemption: NewExemption) -> int:
    """Enters an exemption.

    Returns:
        Its number.

    Raises:
        LedgerError: Reason, approver, author or match is missing, or the dates are the wrong way round.
        HeduiError: The catalogue has no such rule.
    """
    for name, value in (("reason", exemption.reason), ("approver", exemption.approver), ("created_by", exemption.created_by)):
        if not value.strip():
            raise LedgerError(f"An exemption needs a {name}; it is empty.")
    if exemption.fingerprint is None and exemption.rule is None:
        raise LedgerError("An exemption needs a fingerprint (one case) or a rule (a class of cases); both are missing.")
    if exemption.expires_on < exemption.valid_from:
        raise LedgerError(
            f"The exemption expires on {exemption.expires_on}, before it begins on {exemption.valid_from}; give a later date."
        )
    if exemption.rule is not None:
        catalogue_rule(exemption.rule)
    with session(context.ledger_url) as orm:
        row = Exemption(
            fingerprint=_uuid(exemption.fingerprint),
            rule=exemption.rule,
            region=exemption.region,
            agency=exemption.agency,
            subject_key=exemption.subject_key,
            reason=exemption.reason.strip(),
            approver=exemption.approver.strip(),
            valid_from=exemption.valid_from,
            expires_on=exemption.expires_on,
            created_by=exemption.created_by.strip(),
        )
        orm.add(row)
        orm.flush()
        details = {
            "rule": row.rule,
            "single": row.fingerprint is not None,
            "region": row.region,
            "agency": row.agency,
            "subject": row.subject_key is not None,
            "reason": row.reason,
            "approver": row.approver,
            "valid_from": row.valid_from.isoformat(),
            "expires_on": row.expires_on.isoformat(),
        }
        append(orm.connection(), actor=row.created_by, action="exemption.add", subject=f"豁免 {row.id}", details=details)
        return row.id


def withdraw_exemption(context: Context, exemption_id: int, *, on: dt.date, by: str, reason: str) -> None:
    """Ends an exemption: from the business date ``on`` it no longer counts. The row stays.

    Raises:
        LedgerError: There is no such exemption, it is withdrawn already, or who and why is missing.
    """
    if not by.strip() or not reason.strip():
        raise LedgerError("Withdrawing an exemption needs who does it and why; one of them is empty.")
    with session(context.ledger_url) as orm:
        row = orm.get(Exemption, exemption_id, with_for_update=True)
        if row is None:
            raise LedgerError(f"There is no exemption {exemption_id}; `hedui exemptions list` shows them.")
        if row.withdrawn_on is not None:
            raise LedgerError(f"Exemption {exemption_id} has been withdrawn on {row.withdrawn_on} already.")
        row.withdrawn_on = on
        row.withdrawn_by = by.strip()
        row.withdrawn_reason = reason.strip()
        row.withdrawn_at = func.now()
        append(
            orm.connection(),
            actor=row.withdrawn_by,
            action="exemption.withdraw",
            subject=f"豁免 {row.id}",
            details={"reason": row.withdrawn_reason, "on": on.isoformat()},
        )


def list_exemptions(context: Context, *, at: dt.date | None = None) -> list[Exemption]:
    """Exemptions in the order they were entered: all of them, or those that count on the business date ``at``."""
    query = select(Exemption).order_by(Exemption.id)
    if at is not None:
        query = query.where(
            Exemption.valid_from <= at,
            Exemption.expires_on >= at,
            or_(Exemption.withdrawn_on.is_(None), Exemption.withdrawn_on > at),
        )
    with session(context.ledger_url) as orm:
        return list(orm.scalars(query))


def _uuid(fingerprint: str | None) -> uuid.UUID | None:
    if fingerprint is None:
        return None
    try:
        return uuid.UUID(fingerprint)
    except ValueError:
        raise LedgerError(f'"{fingerprint}" is not a fingerprint; give the 32 hex digits of the case in the ledger.') from None
