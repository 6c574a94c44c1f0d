"""Dispatches an approved bundle: packed, signed, put into the outbox of the system's keeper, and noted."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hedui.context import Context
from hedui.corrections.dispatch import book
from hedui.corrections.dispatch.errors import DispatchError
from hedui.corrections.dispatch.outbox import open_folder, put
from hedui.corrections.dispatch.pack import Cover, pack, write_cover
from hedui.corrections.dispatch.seal import signing_key
from hedui.corrections.errors import BundleStateError
from hedui.corrections.ledger import Bundle, advance, bundle_of, check_four_eyes
from hedui.corrections.ledger_read import bundle_row
from hedui.corrections.notices import tell
from hedui.corrections.states import GONE, STATE_LABELS, Act, State
from hedui.ledger.database import begin
from hedui.site.corrections import Outbox, Target

if TYPE_CHECKING:
    from hedui.corrections.bundle import FrozenBundle

COVER_SUFFIX = ".cover.json"


def today(context: Context) -> dt.date:
    """Today in the site's time zone."""
    return dt.datetime.now(ZoneInfo(context.site.timezone)).date()


def outbox_of(target: Target) -> Outbox:
    """The outbox of a system that others keep.

    Raises:
        DispatchError: The site gives it none.
    """
    if target.outbox is None:
        raise DispatchError(f"The site gives the target {target.id} no outbox; set outbox in corrections.yaml.")
    return target.outbox


def dispatch(context: Context, bundle: FrozenBundle, *, actor: str) -> book.Dispatched:
    """Puts a bundle into the outbox and notes it; killed at any point and called again, it is there once and whole.

    The cover is put last: the other side takes a packed bundle whose cover is there.

    Args:
        context: The step's surroundings.
        bundle: The bundle as it was frozen and approved.
        actor: In whose name.

    Raises:
        SigningKeyError: There is no key. OutboxFullError, DispatchError: it could not be put there; try again.
        BundleStateError: It is not approved, or was given up meanwhile. FourEyesError: the actor has proposed or approved it.
    """
    plan = bundle.plan
    outbox = outbox_of(plan.target)
    key = signing_key(outbox.key)
    bundle.verify()
    with begin(context.ledger_url) as connection:
        done = book.dispatched(connection, plan.id)
        if done is not None:
            return done
        known = bundle_of(connection, plan.id)
        if known.state is not State.APPROVED:
            raise BundleStateError(f"Bundle {plan.id} is in state {known.label}; only an approved one is dispatched.")
        check_four_eyes(connection, plan.id, Act.EXECUTE, actor)
    with tempfile.TemporaryDirectory(prefix="hedui-pack-") as folder:
        packed = Path(folder) / f"{plan.id}.zip"
        beside = Path(folder) / f"{plan.id}{COVER_SUFFIX}"
        digest = pack(bundle.folder, packed)
        cover = Cover(
            bundle=plan.id,
            parent=plan.parent or "",
            round=plan.round,
            target=plan.target.id,
            sender=context.site.name,
            file=packed.name,
            size=packed.stat().st_size,
            digest=digest,
            manifest=bundle.digest,
            changes=len(plan.changes),
            due=_due(context, known, plan.target.sla.receipt_days).isoformat(),
        )
        beside.write_bytes(write_cover(cover, key=key))
        with open_folder(context, plan.target.id, outbox, outbox.url) as place:
            put(place, packed.name, packed)
            put(place, beside.name, beside)
    with begin(context.ledger_url) as connection:
        book.lock(connection, plan.id)
        state = State(bundle_row(connection, plan.id, lock=True)["state"])
        book.record_dispatch(connection, cover, actor=actor)
        if state is State.APPROVED:
            advance(connection, plan.id, to=State.DISPATCHED, actor=actor, details={"file": cover.file, "due": cover.due})
    if state in GONE:
        tell(context, f"已作废的方案已在发件箱：{plan.id}", f"文件：{cover.file}", f"请告知{plan.target.name}不要执行")
        raise BundleStateError(
            f"Bundle {plan.id} was given up ({STATE_LABELS[state]}) while it was put into the outbox: {cover.file} lies there. Tell the "
            "other side not to execute it; its receipts change nothing."
        )
    return book.Dispatched(file=cover.file, size=cover.size, digest=cover.digest, due=dt.date.fromisoformat(cover.due))


def _due(context: Context, bundle: Bundle, receipt_days: int) -> dt.date:
    """Counted from the approval: a dispatch that is tried again on another day makes the same cover."""
    approved = next(event.at for event in reversed(bundle.events) if event.to_state is State.APPROVED)
    return context.workdays.add(approved.astimezone(ZoneInfo(context.site.timezone)).date(), receipt_days)
