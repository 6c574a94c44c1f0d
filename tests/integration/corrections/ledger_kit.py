"""Bundles of made-up people in a ledger of their own, frozen, without a night before them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, make_url

from hedui.context import Context
from hedui.corrections.approval import Answer, Stage
from hedui.corrections.bundle import FrozenBundle, freeze
from hedui.corrections.decisions import decide, propose
from hedui.corrections.frozen import bundles_folder, frozen_bundle
from hedui.corrections.ledger import Bundle, advance, note_event, read_bundle
from hedui.corrections.model import BundlePlan
from hedui.corrections.plan import figures_of
from hedui.corrections.states import SYSTEM, Act, CaseState, State
from hedui.lake import Lake
from hedui.ledger import corrections_models as models
from hedui.ledger.database import begin
from hedui.ledger.schema import upgrade
from hedui.local.postgres import Postgres
from hedui.site import load_site

DEMO = Path(__file__).resolve().parents[3] / "include" / "sites" / "demo"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A context with bundles in its ledger."""

    context: Context

    def add(self, plan: BundlePlan) -> FrozenBundle:
        """Records a plan as proposed, freezes it and takes it for rehearsed."""
        record(self.context, plan)
        frozen = freeze(plan, folder=bundles_folder(self.context))
        with begin(self.context.ledger_url) as connection:
            details = {"rehearsal": [["演练执行", "通过"]]}
            advance(
                connection, plan.id, to=State.REHEARSED, actor=SYSTEM, details=details, digest=frozen.digest,
                folder=str(frozen.folder),
            )  # fmt: skip
        propose(self.context, plan.id)
        return frozen

    def approved(self, plan: BundlePlan) -> FrozenBundle:
        """The same, approved by the manager."""
        self.add(plan)
        assert self.say(plan.id, by="manager") == ""
        return frozen_bundle(self.context, plan.id)[1]

    def say(self, bundle: str, *, by: str, approved: bool = True, stage: Stage = Stage.BUSINESS, reason: str = "") -> str:
        """Decides, and says why it does not count."""
        answer = Answer(approved=approved, by=by, name=by, at=dt.datetime.now(dt.UTC), reason=reason)
        return decide(self.context, bundle, stage, answer)

    def read(self, bundle: str) -> Bundle:
        """The bundle."""
        return read_bundle(self.context, bundle)


def record(context: Context, plan: BundlePlan) -> None:
    """Puts a plan into the ledger as a draft."""
    with begin(context.ledger_url) as connection:
        connection.execute(
            insert(models.Bundle).values(
                id=plan.id, parent=plan.parent, round=plan.round, run=plan.id, number=1, target=plan.target.id, tier=plan.target.tier,
                mode=plan.target.mode, business_date=plan.business_date, decision=plan.decision, key_field=plan.key_field,
                state=State.DRAFT, figures=figures_of(plan), rules=list(plan.rules), selection={}, proposer=plan.proposer, note="",
                state_since=func.now(),
            )
        )  # fmt: skip
        connection.execute(
            insert(models.BundleCase),
            [
                {
                    "bundle_id": plan.id, "fingerprint": uuid.UUID(reason.case), "rule": reason.rule, "kind": reason.kind,
                    "basis": reason.basis, "decided_by": "", "state": CaseState.TREATING,
                }
                for reason in plan.reasons
            ],
        )  # fmt: skip
        note_event(
            connection, plan.id, actor=plan.proposer, act=Act.PROPOSE, before=None, after=State.DRAFT, note="", details={}
        )  # fmt: skip


def new_ledger(new_database: Callable[[], str]) -> str:
    """An empty ledger, of which each test takes a copy: copying is quicker than making it anew, and the audit chain cannot be emptied."""
    ledger = new_database()
    upgrade(ledger)
    return ledger


def desk(tmp_path: Path, server: Postgres, template: str, **values: Any) -> Desk:
    """A desk over a copy of an empty ledger."""
    name = f"desk_{uuid.uuid4().hex[:12]}"
    server.query("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{make_url(template).database}"')
    (tmp_path / "inbox").mkdir()
    context = Context(
        site=load_site(DEMO), lake=Lake(str(tmp_path / "lake")), reports=tmp_path / "reports", inbox=str(tmp_path / "inbox"),
        ledger_url=server.url(name), **values,
    )  # fmt: skip
    return Desk(context=context)
