"""Planning bundles: from a selection of open cases to plans that the ledger knows and nobody else touches."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from hedui import audit
from hedui.context import Context
from hedui.corrections.cells import CellDraft, manual, without
from hedui.corrections.changes import Drafts, draft_cells
from hedui.corrections.decide import judge
from hedui.corrections.errors import CorrectionError
from hedui.corrections.ledger import note_event, read_bundle
from hedui.corrections.model import BundlePlan, Decision, Reason, Target
from hedui.corrections.select import CaseRow, Selection, cases_named, open_cases
from hedui.corrections.site import needed_settings, target_of
from hedui.corrections.split import Draft, split
from hedui.corrections.states import Act, CaseState, State
from hedui.ledger import corrections_models as models
from hedui.ledger.database import begin

LOCK_PROPOSE: Final = 0x6865647541
"""Advisory lock: one proposal at a time, so that two never want the same cases."""
CHUNK: Final = 10_000
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Outline:
    """What a selection comes to.

    Attributes:
        plans: The bundles.
        reasons: The cases that are in none, with why.
        untouched: Cases about which the target is right, so that they are none of its business.
    """

    plans: tuple[BundlePlan, ...]
    reasons: tuple[Reason, ...]
    untouched: int

    @property
    def counts(self) -> dict[Decision, int]:
        """Cases by decision, those of bundles and the others."""
        every = [reason for plan in self.plans for reason in plan.reasons] + list(self.reasons)
        return dict(Counter(reason.decision for reason in every))


def outline(context: Context, *, date: dt.date, target: str, selection: Selection, proposer: str) -> Outline:
    """What :func:`propose` would propose; nothing is kept, and the names are those that come next."""
    with begin(context.ledger_url) as connection:
        return _outlined(context, connection, date=date, target=target_of(context, target), selection=selection, proposer=proposer)[
            0
        ]


def propose(
    context: Context, *, date: dt.date, target: str, selection: Selection, proposer: str, run: str
) -> tuple[BundlePlan, ...]:
    """Proposes bundles for the open cases of a night and keeps them in the ledger; with them the reasons for those in none.

    Called again with the same ``run``, it gives the same plans and changes nothing.

    Args:
        context: The surroundings.
        date: The night whose cases and data it is about.
        target: Id of the system that is corrected.
        selection: Which cases.
        proposer: User name of who asks.
        run: What names this request: the DAG run, a command's own id.

    Raises:
        CorrectionError: The site does not correct there, the selection is wrong, or the proposer may not propose.
        LakeError: The night's data are not in the lake.
        LedgerError: The ledger cannot be reached or refuses.
    """
    aim = target_of(context, target)
    if aim.people.proposers and proposer not in aim.people.proposers:
        raise CorrectionError(f"{proposer} may not propose corrections of {aim.id}; {', '.join(aim.people.proposers)} may.")
    with begin(context.ledger_url, lock=LOCK_PROPOSE) as connection:
        known = connection.execute(select(models.Bundle.id).where(models.Bundle.run == run).order_by(models.Bundle.number))
        before = list(known.scalars())
        if not before:
            found, drafts = _outlined(context, connection, date=date, target=aim, selection=selection, proposer=proposer)
            for number, (plan, draft) in enumerate(zip(found.plans, drafts, strict=True), start=1):
                _record(connection, plan, draft, run=run, number=number)
            _keep_reasons(connection, found.reasons)
            return found.plans
    return tuple(plan_of(context, bundle_id) for bundle_id in before)


def plan_of(context: Context, bundle_id: str) -> BundlePlan:
    """The plan of a bundle that the ledger knows, made anew from its cases, the site and the night.

    Raises:
        LedgerError: There is no such bundle.
        CorrectionError: The night has been run again and no longer has the bundle's cases, or they are decided otherwise now.
    """
    bundle = read_bundle(context, bundle_id)
    target = target_of(context, bundle.target)
    with begin(context.ledger_url) as connection:
        query = select(models.BundleCase.fingerprint).where(models.BundleCase.bundle_id == bundle_id)
        fingerprints = sorted(item.hex for item in connection.execute(query).scalars())
    cases = cases_named(context, date=bundle.business_date, target=target, fingerprints=fingerprints)
    found, _ = _drafted(context, date=bundle.business_date, target=target, cases=cases)
    drafts = split(found.cells, site=context.site, sizes=target.sizes, together=True)
    cells = [cell for draft in drafts for cell in draft.cells]
    if {judgement.case.fingerprint for cell in cells for judgement in cell.judgements} != set(fingerprints):
        raise CorrectionError(
            f"Bundle {bundle_id} cannot be made as it was proposed: its night {bundle.business_date} or the decisions on its cases have "
            "changed since. Void it and propose again."
        )
    draft = drafts[0]
    return BundlePlan(
        id=bundle.id,
        parent=bundle.parent,
        round=bundle.round,
        target=target,
        business_date=bundle.business_date,
        tables=draft.tables,
        changes=draft.changes,
        decision=bundle.decision,
        reasons=draft.reasons,
        key_field=bundle.key_field,
        selection=bundle.selection,
        proposer=bundle.proposer,
    )


def _outlined(
    context: Context, connection: Connection, *, date: dt.date, target: Target, selection: Selection, proposer: str
) -> tuple[Outline, list[Draft]]:
    cases = open_cases(context, date=date, target=target, selection=selection)
    found, untouched = _drafted(context, date=date, target=target, cases=cases)
    cells, held = _free(connection, found.cells)
    drafts = split(cells, site=context.site, sizes=target.sizes)
    rounds = _rounds(connection, {draft.group.parent for draft in drafts if draft.group.parent})
    first = _next_number(connection, target.region, date)
    plans = tuple(
        BundlePlan(
            id=f"{_prefix(target.region, date)}{first + index:03d}",
            parent=draft.group.parent,
            round=rounds.get(draft.group.parent or "", 0) + 1,
            target=target,
            business_date=date,
            tables=draft.tables,
            changes=draft.changes,
            decision=draft.group.decision,
            reasons=draft.reasons,
            key_field=draft.group.person is not None,
            selection=selection.to_json(),
            proposer=proposer,
        )
        for index, draft in enumerate(drafts)
    )
    reasons = tuple(sorted([*found.reasons, *held], key=lambda reason: reason.case))
    return Outline(plans=plans, reasons=reasons, untouched=untouched), drafts


def _drafted(context: Context, *, date: dt.date, target: Target, cases: Sequence[CaseRow]) -> tuple[Drafts, int]:
    """The cells that cases want changed in a target, and how many cases are none of its business."""
    settings = needed_settings(context)
    judged = [judge(case, site=context.site, settings=settings, target=target, date=date) for case in cases]
    judgements = [judgement for judgement in judged if judgement is not None]
    return draft_cells(context, date=date, target=target, judgements=judgements), len(judged) - len(judgements)


_HELD_SQL: Final = text("SELECT cell, bundle_id FROM hedui.bundle_cell WHERE cell = ANY(:cells)")


def _free(connection: Connection, cells: Sequence[CellDraft]) -> tuple[list[CellDraft], list[Reason]]:
    """The cells of cases of which no unfinished bundle changes any, and the reasons for the others."""
    held: dict[uuid.UUID, str] = {}
    digests = [cell.digest for cell in cells]
    for part in _chunks(digests):
        cell = models.BundleCell
        held |= {
            row.cell: row.bundle_id for row in connection.execute(select(cell.cell, cell.bundle_id).where(cell.cell.in_(part)))
        }
    refused = {
        judgement.case.fingerprint: manual(judgement, f"该数据项正由方案 {held[digest]} 修改，待其结束")
        for cell, digest in zip(cells, digests, strict=True)
        if digest in held
        for judgement in cell.judgements
    }
    return without(cells, refused), list(refused.values())


def _rounds(connection: Connection, parents: Iterable[str]) -> dict[str, int]:
    bundle = models.Bundle
    return {row.id: row.round for row in connection.execute(select(bundle.id, bundle.round).where(bundle.id.in_(list(parents))))}


def _prefix(region: str, date: dt.date) -> str:
    return f"BUNDLE-{region}-{date:%Y%m%d}-"


def _next_number(connection: Connection, region: str, date: dt.date) -> int:
    ids = connection.execute(select(models.Bundle.id).where(models.Bundle.id.like(f"{_prefix(region, date)}%"))).scalars()
    return max((int(name.rsplit("-", 1)[1]) for name in ids), default=0) + 1


def figures_of(plan: BundlePlan) -> dict[str, int]:
    """A bundle's figures as the ledger keeps them."""
    return {
        "cases": len(plan.cases),
        "rows": len(plan.changes),
        "people": plan.people,
        "before_fen": plan.amount_before_fen,
        "after_fen": plan.amount_after_fen,
        "moved_fen": plan.amount_moved_fen,
    }


def _record(connection: Connection, plan: BundlePlan, draft: Draft, *, run: str, number: int) -> None:
    figures = figures_of(plan)
    connection.execute(
        insert(models.Bundle).values(
            id=plan.id,
            parent=plan.parent,
            round=plan.round,
            run=run,
            number=number,
            target=plan.target.id,
            tier=plan.target.tier,
            mode=plan.target.mode,
            business_date=plan.business_date,
            decision=plan.decision,
            key_field=plan.key_field,
            state=State.DRAFT,
            figures=figures,
            rules=list(plan.rules),
            selection=dict(plan.selection),
            proposer=plan.proposer,
            note="",
            state_since=func.now(),
        )
    )
    cases: list[dict[str, Any]] = [
        {
            "bundle_id": plan.id,
            "fingerprint": uuid.UUID(reason.case),
            "rule": reason.rule,
            "kind": reason.kind,
            "basis": reason.basis,
            "decided_by": reason.decided_by,
            "state": CaseState.TREATING,
        }
        for reason in plan.reasons
    ]
    cells: list[dict[str, Any]] = [
        {"bundle_id": plan.id, "cell": cell.digest, "fingerprint": uuid.UUID(cell.judgements[0].case.fingerprint)}
        for cell in draft.cells
    ]
    for part in _chunks(cases):
        connection.execute(insert(models.BundleCase), part)
    for part in _chunks(cells):
        connection.execute(insert(models.BundleCell), part)
    note_event(connection, plan.id, actor=plan.proposer, act=Act.PROPOSE, before=None, after=State.DRAFT, note="", details=figures)
    details = {"target": plan.target.id, "parent": plan.parent, "round": plan.round, "decision": plan.decision, **figures}
    audit.append(connection, actor=plan.proposer, action="bundle.propose", subject=plan.id, details=details)


def _keep_reasons(connection: Connection, reasons: Sequence[Reason]) -> None:
    """Keeps why cases are in no bundle; what people decided stays as they said it."""
    decision = models.CaseDecision
    rows: list[dict[str, Any]] = [
        {"fingerprint": uuid.UUID(reason.case), "decision": reason.decision, "basis": reason.basis} for reason in reasons
    ]
    for part in _chunks(rows):
        statement = upsert(decision)
        fresh = {"decision": statement.excluded.decision, "basis": statement.excluded.basis, "decided_at": func.now()}
        statement = statement.on_conflict_do_update(index_elements=["fingerprint"], set_=fresh, where=decision.decided_by == "")
        connection.execute(statement, part)


def _chunks(items: Sequence[T]) -> Iterable[Sequence[T]]:
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))
