"""Who is right about a case: the authority matrix, or a person where the matrix does not say."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from hedui import audit
from hedui.canonical.schemas import Field
from hedui.canonical.schemas import dataset as canonical_dataset
from hedui.context import Context
from hedui.corrections import whole_rows
from hedui.corrections.errors import CorrectionError
from hedui.corrections.history import HumanDecision
from hedui.corrections.model import DECISION_LABELS, Decision, Operation, Reason
from hedui.corrections.right import Right, Undecided, is_local
from hedui.corrections.select import CaseRow, dataset_of
from hedui.corrections.states import SYSTEM
from hedui.corrections.wellformed import form_of, well_formed
from hedui.findings import KINDS
from hedui.ledger import corrections_models as models
from hedui.ledger.database import begin
from hedui.ledger.models import Case
from hedui.security.logs import scrub
from hedui.security.masking import pseudonym
from hedui.site import Site
from hedui.site.corrections import CorrectionSettings, Target
from hedui.site.models import SnapshotComparison

CORRECTING: Final = frozenset({Decision.LOCAL_RIGHT, Decision.UPPER_RIGHT, Decision.BOTH_WRONG})
"""Decisions after which something is changed."""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What is to become of a case for one target.

    Attributes:
        case: The case.
        reason: The decision and what it rests on.
        value: The right canonical value, as text; None where nothing is to be changed, and for whole rows.
        evidence: Reference of the proof, where a person gave one.
        key_field: Whether the field goes one person at a time.
        operation: What is done; a case about a whole record adds or deletes a row.
        right_source: For a record that is added: whose record is right.
    """

    case: CaseRow
    reason: Reason
    value: str | None = None
    evidence: str = ""
    key_field: bool = False
    operation: Operation = Operation.UPDATE
    right_source: str | None = None


def judge(case: CaseRow, *, site: Site, settings: CorrectionSettings, target: Target, date: dt.date) -> Judgement | None:
    """What is to become of a case for a target; None where the target is right, so that the case is none of its business.

    In this order: explained kinds and exemptions; a person's word, if the case is still as it was; the authority matrix. A key field
    needs evidence whoever decides.
    """
    dataset = dataset_of(site, target, case)
    if case.field is not None:
        key_field = settings.is_key_field(dataset, case.field)
    else:
        key_field = bool(whole_rows.key_fields(case, site, settings, target, dataset))

    def reasoned(decision: Decision, basis: str, decided_by: str = "", **given: Any) -> Judgement:
        reason = Reason(
            case=case.fingerprint, rule=case.rule, kind=case.kind, decision=decision, basis=basis, decided_by=decided_by
        )
        return Judgement(case=case, reason=reason, key_field=key_field, **given)

    explained = _explained(case, settings)
    if explained is not None:
        return reasoned(Decision.EXPLAINED, explained)
    human = case.human
    if human is not None and human.current and human.decision not in CORRECTING:
        return reasoned(human.decision, human.basis, human.decided_by)
    try:
        right = _right(case, site=site, target=target, date=date, dataset=dataset)
    except Undecided as undecided:
        return reasoned(Decision.MANUAL, str(undecided))
    if right is None:
        return None
    if key_field and not right.evidence:
        return reasoned(Decision.MANUAL, "关键字段须逐人核查并附证据编号")
    return reasoned(
        right.decision, right.basis, right.decided_by,
        value=right.value, evidence=right.evidence, operation=right.operation, right_source=right.source,
    )  # fmt: skip


def _right(case: CaseRow, *, site: Site, target: Target, date: dt.date, dataset: str) -> Right | None:
    """What is right for a target; None where the target is.

    Raises:
        Undecided: Nobody has said so.
    """
    human = case.human
    if human is not None and not human.current:
        raise Undecided(f"{human.decided_by}判定后差异内容已变化，须重新判定")
    if case.field is None:
        return whole_rows.right(case, site=site, target=target, date=date, dataset=dataset)
    right = _word(case, human, site) if human is not None else _matrix(case, site, date, dataset)
    return None if _same(case, site, right.value or "", case.values.get(target.source)) else right


def _explained(case: CaseRow, settings: CorrectionSettings) -> str | None:
    if case.kind in settings.explained:
        return f"{KINDS[case.kind]}：随后续批次自然消除，不作修改"
    return f"已登记豁免：{case.exempt_reason}" if case.exempt_reason else None


def _word(case: CaseRow, human: HumanDecision, site: Site) -> Right:
    """A person's word."""
    value = human.value if human.value is not None else _side_value(case, site, human.decision)
    if value is None:
        raise Undecided(f"{human.decided_by}的判定没有给出唯一的正确值")
    field = canonical_field(case.dataset, case.field)
    if field is not None and not well_formed(field, value):
        raise Undecided(f"{human.decided_by}判定的值不是“{field.label}”可以有的值，须重新判定")
    return Right(decision=human.decision, value=value, basis=human.basis, decided_by=human.decided_by, evidence=human.evidence)


def _matrix(case: CaseRow, site: Site, date: dt.date, dataset: str) -> Right:
    """What the authority matrix says."""
    assert case.field is not None
    if case.right_source is None:
        raise Undecided("权威矩阵没有规定该字段以哪一方为准")
    value = case.values.get(case.right_source)
    if value is None:
        raise Undecided(f"权威来源“{site.source(case.right_source).name}”该字段为空，不据以清空他方数据")
    decision = Decision.LOCAL_RIGHT if is_local(site, case.right_source) else Decision.UPPER_RIGHT
    return Right(
        decision=decision, value=value, basis=matrix_basis(case, site, date, _label(dataset, case.field), case.right_source)
    )


def _side_value(case: CaseRow, site: Site, decision: Decision) -> str | None:
    """The one value of the side that a person called right; None where its sources differ or have none."""
    if decision is Decision.BOTH_WRONG:
        return None
    local = decision is Decision.LOCAL_RIGHT
    values = {value for source, value in case.values.items() if value is not None and is_local(site, source) is local}
    return values.pop() if len(values) == 1 else None


def _same(case: CaseRow, site: Site, right: str, held: str | None) -> bool:
    """Whether the target's value is right, within the comparison's tolerance."""
    comparison = site.comparison(case.scope)
    rule = comparison.fields.get(case.field or "") if isinstance(comparison, SnapshotComparison) else None
    if rule is not None and rule.tolerance_fen and held is not None:
        return abs(int(right) - int(held)) <= rule.tolerance_fen
    return right == held


def canonical_field(dataset: str | None, field: str | None) -> Field | None:
    """The canonical field that a case is about; None where it is about a whole record."""
    return canonical_dataset(dataset).fields.get(field) if dataset and field else None


def _label(dataset: str, field: str) -> str:
    found = canonical_field(dataset, field)
    return field if found is None else found.label


def matrix_basis(case: CaseRow, site: Site, date: dt.date, label: str, right: str) -> str:
    """The row of the authority matrix that decided, in Chinese."""
    for number, row in enumerate(site.authority, start=1):
        if (
            row.source == right
            and row.dataset in ("", case.dataset)
            and row.field in ("", case.field)
            and row.insurance in ("", case.insurance or "")
            and row.valid_from <= date <= row.valid_to
        ):
            return f"权威矩阵第 {number} 条：“{label}”以“{site.source(row.source).name}”为准"
    return f"权威矩阵：“{label}”以“{site.source(right).name}”为准"


def decide(
    context: Context,
    *,
    case: str,
    decision: Decision,
    basis: str,
    actor: str,
    value: str | None = None,
    evidence: str = "",
) -> None:
    """Keeps a person's decision about a case; it holds until the case changes.

    Args:
        context: The surroundings.
        case: Fingerprint.
        decision: The decision.
        basis: Why.
        actor: Who.
        value: The right value in canonical form (ISO date, fen, canonical code); needed for BOTH_WRONG.
        evidence: Reference of the proof; needed for key fields.

    Raises:
        CorrectionError: The reason or the value is missing, the value is none that the field may have, or the ledger has no such case.
    """
    if not basis.strip() or not actor.strip():
        raise CorrectionError("A decision about a case needs a reason and who decided; one of them is empty.")
    if decision is Decision.BOTH_WRONG and not value:
        raise CorrectionError(f"{DECISION_LABELS[decision]} needs the right value, which neither side has.")
    basis, evidence = scrub(basis.strip()), scrub(evidence.strip())  # papers and the audit chain forget nothing
    fingerprint = uuid.UUID(case)
    with begin(context.ledger_url) as connection:
        query = select(Case.values_digest, Case.dataset, Case.field).where(Case.fingerprint == fingerprint)
        row = connection.execute(query).one_or_none()
        if row is None:
            raise CorrectionError("The ledger has no such case; copy its token or fingerprint from the workbook of its night.")
        if value is not None:
            _check_value(canonical_field(row.dataset, row.field), value)
        values = {
            "decision": decision,
            "basis": basis,
            "value": value,
            "evidence": evidence,
            "decided_by": actor.strip(),
            "values_digest": row.values_digest,
        }
        statement = insert(models.CaseDecision).values(fingerprint=fingerprint, **values)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["fingerprint"], set_={**values, "decided_at": statement.excluded.decided_at}
            )
        )
        token = pseudonym(case) or "（未设代号密钥）"
        details = {"decision": decision, "basis": basis, "evidence": evidence, "value_given": value is not None}
        audit.append(connection, actor=actor, action="case.decide", subject=f"案件 {token}", details=details)


def _check_value(field: Field | None, value: str) -> None:
    if field is None:
        raise CorrectionError("The case is about a whole record; say which side is right, without a value.")
    if not well_formed(field, value):
        raise CorrectionError(f"The value is none of {field.label}; give {form_of(field)}.")


def set_aside(context: Context, reasons: Mapping[str, str]) -> None:
    """Gives cases to people because the machine has found why they must not be corrected as they are; holds until the case changes.

    Args:
        context: The surroundings.
        reasons: Why, in Chinese and without personal data, by fingerprint.
    """
    reasons = {case: scrub(why) for case, why in reasons.items()}
    rows = [{"fingerprint": uuid.UUID(case), "basis": why} for case, why in sorted(reasons.items())]
    if not rows:
        return
    with begin(context.ledger_url) as connection:
        connection.execute(_SET_ASIDE_SQL, [{**row, "by": SYSTEM, "decision": Decision.MANUAL} for row in rows])
        details = {"decision": Decision.MANUAL, "cases": len(rows), "basis": sorted(set(reasons.values()))}
        audit.append(connection, actor=SYSTEM, action="case.decide", subject=f"{len(rows)} 个案件", details=details)


_SET_ASIDE_SQL = text(
    """
    INSERT INTO hedui.case_decision (fingerprint, decision, basis, decided_by, values_digest)
    SELECT fingerprint, :decision, :basis, :by, values_digest FROM hedui.reconciliation_case WHERE fingerprint = :fingerprint
    ON CONFLICT (fingerprint) DO UPDATE SET decision = excluded.decision, basis = excluded.basis, value = NULL,
        decided_by = excluded.decided_by, decided_at = now(), values_digest = excluded.values_digest
    """
)
