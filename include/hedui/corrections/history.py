"""What the ledger remembers of cases: which bundles have or had them, what people decided about them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, text

from hedui.context import Context
from hedui.corrections.errors import CorrectionError
from hedui.corrections.model import Decision
from hedui.corrections.states import LIVE, CaseState
from hedui.ledger import corrections_models as models
from hedui.ledger.database import begin


@dataclass(frozen=True, kw_only=True)
class HumanDecision:
    """A person's word about a case; see :class:`hedui.ledger.corrections_models.CaseDecision`.

    Attributes:
        current: Whether the case is still as it was when the person looked at it.
    """

    decision: Decision
    basis: str
    value: str | None
    evidence: str
    decided_by: str
    current: bool


def taken_cases(context: Context) -> set[str]:
    """Fingerprints of the cases that an unfinished bundle has."""
    case = models.BundleCase
    with begin(context.ledger_url) as connection:
        return {item.hex for item in connection.execute(select(case.fingerprint).where(case.state.in_(LIVE))).scalars()}


def closed_cases(context: Context, target: str) -> dict[str, dt.datetime]:
    """Cases that bundles for a target have settled, by fingerprint, with when: an earlier night shows them as they were before."""
    case, bundle = models.BundleCase, models.Bundle
    query = (
        select(case.fingerprint, func.max(bundle.executed_at))
        .join(bundle, bundle.id == case.bundle_id)
        .where(bundle.target == target, bundle.executed_at.is_not(None), case.state == CaseState.CLOSED)
        .group_by(case.fingerprint)
    )
    with begin(context.ledger_url) as connection:
        return {fingerprint.hex: at for fingerprint, at in connection.execute(query) if at is not None}


def returned_cases(context: Context, bundle_id: str) -> set[str]:
    """Fingerprints of the cases that a bundle gave back.

    Raises:
        CorrectionError: There are none.
    """
    case = models.BundleCase
    query = select(case.fingerprint).where(case.bundle_id == bundle_id, case.state == CaseState.REOPENED)
    with begin(context.ledger_url) as connection:
        found = {item.hex for item in connection.execute(query).scalars()}
    if not found:
        raise CorrectionError(f"Bundle {bundle_id} has no cases that were returned or opened again; `hedui bundle show` tells.")
    return found


_PREVIOUS_SQL = text(
    """
    SELECT c.fingerprint, array_agg(b.id ORDER BY b.round DESC, b.created_at DESC, b.id DESC) AS bundles
    FROM hedui.bundle_case AS c JOIN hedui.bundle AS b ON b.id = c.bundle_id
    WHERE c.fingerprint = ANY(:named) AND b.target = :target AND b.state NOT IN ('VOID', 'REHEARSAL_FAILED')
    GROUP BY c.fingerprint
    """
)


def previous_bundles(context: Context, target: str, fingerprints: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Bundles for a target that have or had cases, by fingerprint, the latest first."""
    with begin(context.ledger_url) as connection:
        rows = connection.execute(_PREVIOUS_SQL, {"named": [uuid.UUID(name) for name in fingerprints], "target": target})
        return {fingerprint.hex: tuple(bundles) for fingerprint, bundles in rows}


_HUMAN_SQL = text(
    """
    SELECT d.fingerprint, d.decision, d.basis, d.value, d.evidence, d.decided_by, d.values_digest = c.values_digest AS current
    FROM hedui.case_decision AS d JOIN hedui.reconciliation_case AS c USING (fingerprint)
    WHERE d.decided_by <> '' AND d.fingerprint = ANY(:named)
    """
)


def human_decisions(context: Context, fingerprints: Sequence[str]) -> dict[str, HumanDecision]:
    """What people decided about cases, by fingerprint."""
    with begin(context.ledger_url) as connection:
        rows = connection.execute(_HUMAN_SQL, {"named": [uuid.UUID(name) for name in fingerprints]}).mappings()
        return {
            row["fingerprint"].hex: HumanDecision(
                decision=Decision(row["decision"]),
                basis=row["basis"],
                value=row["value"],
                evidence=row["evidence"],
                decided_by=row["decided_by"],
                current=bool(row["current"]),
            )
            for row in rows
        }
