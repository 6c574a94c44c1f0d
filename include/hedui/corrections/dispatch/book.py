"""What the ledger remembers of dispatched bundles, their receipts and reminders. All functions work in the caller's transaction."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, select, text
from sqlalchemy.dialects.postgresql import insert

from hedui.audit import append
from hedui.corrections.dispatch.errors import DispatchError
from hedui.corrections.dispatch.judge import Known, Ruling, Sent, Verdict
from hedui.corrections.dispatch.pack import Cover
from hedui.corrections.dispatch.receipts import RESULT_LABELS, Receipt, receipt_of
from hedui.ledger.dispatch_models import BundleDispatch, BundleReceipt, BundleReminder


def lock(connection: Connection, bundle: str) -> None:
    """Lets one transaction at a time judge the receipts of a bundle."""
    number = int.from_bytes(hashlib.sha256(f"receipts {bundle}".encode()).digest()[:8], "big", signed=True)
    connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


@dataclass(frozen=True, kw_only=True)
class Dispatched:
    """A bundle that is in the outbox: name, bytes and SHA-256 of the file, and the day on which the receipt is due."""

    file: str
    size: int
    digest: str
    due: dt.date


def dispatched(connection: Connection, bundle: str) -> Dispatched | None:
    """What was put into the outbox for a bundle; None where nothing was."""
    query = select(BundleDispatch.file, BundleDispatch.size, BundleDispatch.pack_digest.label("digest"), BundleDispatch.due)
    row = connection.execute(query.where(BundleDispatch.bundle_id == bundle)).mappings().one_or_none()
    return Dispatched(**row) if row else None


def record_dispatch(connection: Connection, cover: Cover, *, actor: str) -> None:
    """Notes that a bundle is in the outbox; a second time changes nothing."""
    row = {
        "bundle_id": cover.bundle,
        "target": cover.target,
        "file": cover.file,
        "size": cover.size,
        "pack_digest": cover.digest,
        "manifest_digest": cover.manifest,
        "changes": cover.changes,
        "due": dt.date.fromisoformat(cover.due),
        "dispatched_by": actor,
    }
    done = connection.execute(insert(BundleDispatch).values(row).on_conflict_do_nothing())
    if done.rowcount:
        details = {
            "file": cover.file,
            "digest": cover.digest,
            "manifest": cover.manifest,
            "due": cover.due,
            "changes": cover.changes,
        }
        append(connection, actor=actor, action="bundle.dispatch", subject=cover.bundle, details=details)


def sent(connection: Connection, bundle: str, *, waiting: bool) -> Sent:
    """A dispatched bundle as receipts are judged against it.

    Raises:
        DispatchError: It was never dispatched.
    """
    query = select(BundleDispatch.manifest_digest, BundleDispatch.changes, BundleDispatch.due)
    row = connection.execute(query.where(BundleDispatch.bundle_id == bundle)).one_or_none()
    if row is None:
        raise DispatchError(f"{bundle} was not dispatched, so it has no receipt; see `hedui bundle show {bundle}`.")
    return Sent(bundle=bundle, manifest=row.manifest_digest, rows=row.changes, due=row.due, waiting=waiting)


def seen(connection: Connection, bundle: str) -> frozenset[str]:
    """Digests of the documents that have been judged."""
    query = select(BundleReceipt.digest).where(BundleReceipt.bundle_id == bundle)
    return frozenset(connection.execute(query).scalars())


def known(connection: Connection, bundle: str) -> list[Known]:
    """The readable receipts that have been judged, oldest first."""
    query = select(BundleReceipt.content, BundleReceipt.digest, BundleReceipt.verdict).where(BundleReceipt.bundle_id == bundle)
    rows = connection.execute(query.where(BundleReceipt.content.is_not(None)).order_by(BundleReceipt.id))
    return [Known(receipt=receipt_of(row.content), digest=row.digest, verdict=Verdict(row.verdict)) for row in rows]


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A receipt as it came.

    Attributes:
        bundle: Id of the bundle.
        digest: SHA-256 of its bytes, of a form of its content.
        channel: ``file`` or ``form``.
        name: Name of the file, or number of the letter.
        actor: Who entered it; the system for files.
        receipt: What it says; None where it cannot be read or believed.
    """

    bundle: str
    digest: str
    channel: Literal["file", "form"]
    name: str
    actor: str
    receipt: Receipt | None


def record_receipt(connection: Connection, arrival: Arrival, ruling: Ruling) -> None:
    """Notes a receipt with what it counts for, in the ledger and the audit chain."""
    receipt = arrival.receipt
    content = None
    if receipt is not None:
        content = {**asdict(receipt), "result": str(receipt.result), "issued_at": receipt.issued_at.isoformat()}
        content["rows"] = [asdict(row) for row in receipt.rows]
    judged = {"verdict": str(ruling.verdict), "late": ruling.late, "reason": ruling.reason}
    came = {"digest": arrival.digest, "channel": arrival.channel}
    values = {"bundle_id": arrival.bundle, "name": arrival.name[:200], "entered_by": arrival.actor, "content": content}
    connection.execute(insert(BundleReceipt).values({**values, **came, **judged}))
    said = {"result": RESULT_LABELS[receipt.result] if receipt else None, "refused": len(receipt.rows) if receipt else None}
    details = {**came, **judged, **said}
    append(connection, actor=arrival.actor, action="bundle.receipt", subject=arrival.bundle, details=details)


def receipt_rows(connection: Connection, bundle: str) -> Sequence[Row[Any]]:
    """Everything that came for a bundle, oldest first."""
    query = select(*BundleReceipt.__table__.columns).where(BundleReceipt.bundle_id == bundle).order_by(BundleReceipt.id)
    return connection.execute(query).all()


def entered_by(connection: Connection, bundle: str) -> frozenset[str]:
    """Who has entered receipts of a bundle from paper."""
    query = select(BundleReceipt.entered_by).where(BundleReceipt.bundle_id == bundle, BundleReceipt.channel == "form")
    return frozenset(connection.execute(query).scalars())


def remind_once(connection: Connection, bundle: str, *, step: str, day: dt.date, due: dt.date) -> bool:
    """Notes a reminder; False where one was sent that day already."""
    row = {"bundle_id": bundle, "step": step, "day": day, "due": due}
    return bool(connection.execute(insert(BundleReminder).values(row).on_conflict_do_nothing()).rowcount)
