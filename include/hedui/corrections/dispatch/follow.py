"""Follows dispatched bundles: reads their receipts, from files and forms, and reminds whoever is late."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection

from hedui.context import Context
from hedui.corrections.dispatch import book
from hedui.corrections.dispatch.errors import ForgedReceiptError, ReceiptFormatError
from hedui.corrections.dispatch.judge import TOLD, VERDICT_LABELS, Ruling, Verdict, judge
from hedui.corrections.dispatch.outbox import listed, open_folder
from hedui.corrections.dispatch.receipts import RESULT_LABELS, Receipt, Result, read_receipt, receipt_of
from hedui.corrections.dispatch.seal import MOST_BYTES, canonical, signing_key
from hedui.corrections.dispatch.send import outbox_of
from hedui.corrections.errors import CorrectionError, FourEyesError
from hedui.corrections.ledger import Bundle, advance, bundle_of, release
from hedui.corrections.model import Change, Target
from hedui.corrections.notices import tell
from hedui.corrections.states import ACT_LABELS, SYSTEM, Act, State
from hedui.ledger.database import begin

if TYPE_CHECKING:
    from hedui.corrections.bundle import FrozenBundle

log = logging.getLogger(__name__)
PREFIX: Final = "HZ_"
WAITING: Final = (State.DISPATCHED, State.ACCEPTED)
MOST_ROWS_TOLD: Final = 20
DECIDING: Final = (Act.APPROVE, Act.APPROVE_LEADER, Act.REVIEW)


def receipt_name(bundle: str, number: str) -> str:
    """Name of a receipt's file, by which it is found."""
    return f"{PREFIX}{bundle}_{number}.json"


def collect(context: Context, bundle: FrozenBundle, *, today: dt.date) -> State:
    """Reads the receipts that have come for a bundle, and says where it stands.

    Raises:
        SigningKeyError: There is no key to believe them by. DispatchError, SourceError: the folder cannot be read.
    """
    outbox = outbox_of(bundle.plan.target)
    key = signing_key(outbox.key)
    with open_folder(context, bundle.plan.target.id, outbox, outbox.receipts) as place:
        for name, content in listed(place, f"{PREFIX}{bundle.id}_*.json", most_bytes=MOST_BYTES):
            _take_file(context, bundle, name=name, content=content, key=key, today=today)
    with begin(context.ledger_url) as connection:
        return bundle_of(connection, bundle.id).state


def enter(context: Context, bundle: FrozenBundle, form: Mapping[str, Any], *, document: str, actor: str, today: dt.date) -> Ruling:
    """Takes a receipt that a person has read on paper.

    Args:
        context: The step's surroundings.
        bundle: The bundle.
        form: ``number``, ``result``, ``issued_at``, ``issuer``, ``rows`` with ``number`` and ``reason``, ``note``.
        document: Number of the letter that it stands in.
        actor: Who types it; their name stands in place of a signature.
        today: Today.

    Raises:
        ReceiptFormatError: The form says something that makes no sense.
        FourEyesError: Whoever types it has approved or reviewed the bundle.
    """
    if not document.strip() or not actor.strip():
        raise ReceiptFormatError("A receipt that is entered by hand needs the number of its letter and who enters it.")
    content = {**form, "bundle": bundle.id, "manifest": ""}
    receipt = receipt_of(content)
    digest = hashlib.sha256(canonical({**content, "document": document})).hexdigest()
    arrival = book.Arrival(bundle=bundle.id, digest=digest, channel="form", name=document, actor=actor, receipt=receipt)
    with begin(context.ledger_url) as connection:
        book.lock(connection, bundle.id)
        _check_apart(bundle_of(connection, bundle.id), actor)
        ruling = _judge(connection, bundle, receipt, digest=digest, today=today)
        if digest not in book.seen(connection, bundle.id):
            book.record_receipt(connection, arrival, ruling)
            _apply(connection, bundle, receipt, ruling)
    _tell(context, bundle, ruling, name=document)
    return ruling


def may_enter(target: Target, actor: str) -> None:
    """Lets only those enter receipts whom the site names.

    Raises:
        CorrectionError: It does not name the actor.
    """
    people = target.people
    allowed = people.receivers or (*people.proposers, people.executor)
    if (people.receivers or people.proposers) and actor not in allowed:
        raise CorrectionError(f"{actor} may not enter receipts of {target.id}; {', '.join(allowed)} may.")


def _check_apart(bundle: Bundle, actor: str) -> None:
    """A receipt stands for the execution: whoever has decided on the bundle does not enter it."""
    done = next((event.act for event in bundle.events if event.actor == actor and event.act in DECIDING), None)
    if done is not None:
        raise FourEyesError(
            f"{actor} has done {ACT_LABELS[done]} for {bundle.id} and does not enter its receipt; let someone else do so."
        )


def _take_file(context: Context, bundle: FrozenBundle, *, name: str, content: bytes, key: bytes, today: dt.date) -> None:
    digest = hashlib.sha256(content).hexdigest()
    with begin(context.ledger_url) as connection:
        book.lock(connection, bundle.id)
        if digest in book.seen(connection, bundle.id):
            return
        receipt = None
        try:
            receipt = read_receipt(content, key=key)
        except ForgedReceiptError:
            ruling = Ruling(verdict=Verdict.FORGED, reason="签名不是共享密钥所作，或内容在签名后被改动")
        except ReceiptFormatError as error:
            ruling = Ruling(verdict=Verdict.UNREADABLE, reason=str(error))
        else:
            ruling = _judge(connection, bundle, receipt, digest=digest, today=today)
        arrival = book.Arrival(bundle=bundle.id, digest=digest, channel="file", name=name, actor=SYSTEM, receipt=receipt)
        book.record_receipt(connection, arrival, ruling)
        if receipt is not None:
            _apply(connection, bundle, receipt, ruling)
    log.info("receipt %s: %s %s", name, ruling.verdict, ruling.reason)
    _tell(context, bundle, ruling, name=name)


def _judge(connection: Connection, bundle: FrozenBundle, receipt: Receipt, *, digest: str, today: dt.date) -> Ruling:
    if receipt.bundle != bundle.id:
        return Ruling(verdict=Verdict.FOREIGN, reason="回执内的方案编号与文件名不一致")
    waiting = bundle_of(connection, bundle.id).state in WAITING
    sent = book.sent(connection, bundle.id, waiting=waiting)
    return judge(sent, book.known(connection, bundle.id), receipt, digest=digest, today=today)


def _apply(connection: Connection, bundle: FrozenBundle, receipt: Receipt, ruling: Ruling) -> None:
    """Moves the bundle and its cases as the receipt says, where it counts."""
    if ruling.verdict is not Verdict.COUNTS:
        return
    details = {"receipt": receipt.number, "issuer": receipt.issuer, "result": str(receipt.result), "late": ruling.late}
    note = "；".join(filter(None, [f"回执 {receipt.number}（{receipt.issuer}）：{RESULT_LABELS[receipt.result]}", receipt.note]))
    changes = bundle.plan.changes
    all_refused = receipt.result is Result.PARTLY and set(receipt.refused_numbers) == {change.number for change in changes}
    if receipt.result is Result.ACCEPTED:
        advance(connection, bundle.id, to=State.ACCEPTED, actor=SYSTEM, note=note, details=details)
    elif receipt.result is Result.REFUSED or all_refused:
        reasons = "；".join(sorted({row.reason for row in receipt.rows})[:MOST_ROWS_TOLD])
        advance(
            connection, bundle.id, to=State.RETURNED, actor=SYSTEM, note="；".join(filter(None, [note, reasons])), details=details
        )
    else:
        for reason, cases in refused_cases(changes, receipt).items():
            release(connection, bundle.id, reason=f"退回：{reason}", cases=cases)
        refused = {str(row.number): row.reason for row in receipt.rows}
        advance(connection, bundle.id, to=State.EXECUTED, actor=SYSTEM, note=note, details={**details, "refused": refused})


def refused_cases(changes: Sequence[Change], receipt: Receipt) -> dict[str, list[str]]:
    """Fingerprints of the cases of refused rows by the first reason; a case of several rows is refused with any of them."""
    reasons = {row.number: row.reason for row in receipt.rows}
    by_case: dict[str, str] = {}
    for change in changes:
        if change.number in reasons:
            for case in change.cases:
                by_case.setdefault(case, reasons[change.number])
    found: dict[str, list[str]] = {}
    for case, reason in by_case.items():
        found.setdefault(reason, []).append(case)
    return found


def _tell(context: Context, bundle: FrozenBundle, ruling: Ruling, *, name: str) -> None:
    if ruling.verdict in TOLD:
        told = f"认定：{VERDICT_LABELS[ruling.verdict]}。{ruling.reason}"
        tell(context, f"处理方案回执须人工核实：{bundle.id}", f"目标系统：{bundle.plan.target.name}", f"回执：{name}", told)


def remind(context: Context, bundle_id: str, *, step: str, label: str, due: dt.date, today: dt.date, remind_days: int) -> bool:
    """Reminds the site's recipients of a bundle that waits, once a day, from some working days before its term on.

    Args:
        context: The step's surroundings.
        bundle_id: The bundle.
        step: What it waits for, as the ledger stores it.
        label: The same in Chinese.
        due: Its term.
        today: Today.
        remind_days: Working days before the term from which on reminders go out.

    Returns:
        Whether a reminder went out.
    """
    if context.workdays.add(today, remind_days) < due:
        return False
    with begin(context.ledger_url) as connection:
        if not book.remind_once(connection, bundle_id, step=step, day=today, due=due):
            return False
    left = context.workdays.age(today, due)
    how = f"还有 {left} 个工作日" if today <= due else f"已超过 {context.workdays.age(due, today)} 个工作日"
    return tell(context, f"催办：{bundle_id} {label}", f"环节：{label}", f"到期日：{due}（{how}）")
