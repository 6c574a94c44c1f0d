"""Outbound pushes: files written, sent, acknowledged. What left, when, to whom and why is in the ledger and in its audit chain.

A push may be run again at any time: the same data are the same file, which is not sent again; changed data are a further revision.
The audit chain has a file before its first byte leaves (``push.write``) and once it has left (``push.send``): a killed run cannot let one
out unseen.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from hedui import audit
from hedui.context import Context
from hedui.exchange.push_files import PushFile, push_files, without_region
from hedui.ledger.database import begin
from hedui.padis.crypto import sha256, sm3
from hedui.padis.envelopes import read
from hedui.padis.errors import PackageError
from hedui.padis.packing import Parcel
from hedui.padis.transports.folder import FolderWay
from hedui.regions.receiving import ReceiverCodes
from hedui.security.logs import scrub
from hedui.site.pushes import Push

Outcome = Literal["accepted", "refused", "differs", "stray", "unreadable"]
STATES: Final = {"accepted": "ACCEPTED", "refused": "REFUSED", "differs": "DIFFERS"}
STATE_LABELS: Final = {"WRITTEN": "已生成", "SENT": "已送出", "ACCEPTED": "已确认", "REFUSED": "被退回", "DIFFERS": "回执不符"}
RECEIPT: Final = ("批次", "行数", "摘要", "结果", "说明")
"""Columns of a receipt: the push's number, rows and SM3 as the receiver has them, 0 taken or 1 refused, why."""
LOCK: Final = 0x7061646905

LATEST: Final = """
SELECT id, revision, sha256, state FROM hedui.push
WHERE push = :push AND business_date = :date AND region = :region ORDER BY revision DESC LIMIT 1
"""

WRITTEN: Final = text("""
INSERT INTO hedui.push (id, push, receiver, business_date, region, revision, rows, suppressed, columns, masks, name, bytes, sha256, sm3,
                        state, state_at, made_at, made_by)
VALUES (:id, :push, :receiver, :date, :region, :revision, :rows, :suppressed, :columns, :masks, :name, :bytes, :sha256, :sm3,
        'WRITTEN', :now, :now, :by)
""").bindparams(bindparam("columns", type_=JSONB), bindparam("masks", type_=JSONB))

ARRIVED: Final = """
INSERT INTO hedui.push_receipt (push_id, name, received_at, sha256, content, outcome, note)
VALUES (:push, :name, :now, :sha256, :content, :outcome, :note) ON CONFLICT (name, sha256) DO NOTHING
"""


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """What a push has done.

    Attributes:
        files: Files of the data as they are now.
        sent: Of them, files that went out now.
        rows: Rows of all files.
        suppressed: Cells that were not told.
        waiting: Rows that stay here because they have no region, or none that is certain in the receiver's version.
    """

    files: int = 0
    sent: int = 0
    rows: int = 0
    suppressed: int = 0
    waiting: int = 0


def push_out(context: Context, push: Push, *, date: dt.date, codes: ReceiverCodes, operator: str) -> Pushed:
    """Sends a push's files of a business date that have not been sent.

    Raises:
        LakeError: The source has not delivered. NotDeliveredError: the folder cannot be written; run it again later.
    """
    files = sent = rows = suppressed = 0
    waiting = without_region(context, push, date=date)
    for file in push_files(context, push, date=date, codes=codes):
        files, rows, suppressed, waiting = files + 1, rows + file.rows, suppressed + file.suppressed, waiting + file.waiting
        sent += _send(context, push, file, date, operator)
        context.progress(push.id, files, None)
    return Pushed(files=files, sent=sent, rows=rows, suppressed=suppressed, waiting=waiting)


def _send(context: Context, push: Push, file: PushFile, date: dt.date, operator: str) -> bool:
    digests = {"sha256": sha256(file.content), "sm3": sm3(file.content)}
    details: dict[str, Any] = {
        **{"push": push.id, "receiver": push.receiver, "basis": push.basis, "date": date.isoformat(), "region": file.region},
        **{"rows": file.rows, "suppressed": file.suppressed, "waiting": file.waiting},
        **{"columns": list(file.columns), "masks": dict(file.masks)},
        **digests,
    }
    with begin(context.ledger_url, lock=LOCK) as connection:
        known = connection.execute(text(LATEST), {"push": push.id, "date": date, "region": file.region}).one_or_none()
        if known is not None and known.sha256 == digests["sha256"]:
            if known.state != "WRITTEN":
                return False
            number = known.id
        else:
            number = _enter(connection, push, file, date, operator, (known.revision if known else 0) + 1, digests)
            audit.append(connection, actor=operator, action="push.write", subject=f"对外推送 {number}", details=details)
    name = f"{number}.csv"
    sidecars = {f"{name}.sm3": digests["sm3"].encode("ascii")}
    parcel = Parcel(batch=number, name=name, content=file.content, places={"name": name}, sidecars=sidecars, columns=file.columns)
    FolderWay(push.transport, context=context).send(parcel)
    with begin(context.ledger_url) as connection:
        _move(connection, number, "SENT")
        audit.append(connection, actor=operator, action="push.send", subject=f"对外推送 {number}", details=details)
    return True


def _enter(
    connection: Connection, push: Push, file: PushFile, date: dt.date, operator: str, revision: int, digests: dict[str, str]
) -> str:
    number = "_".join((push.id, *([file.region] if file.region else []), f"{date:%Y%m%d}", f"{revision:02d}"))
    values: dict[str, Any] = {
        **{"id": number, "push": push.id, "receiver": push.receiver, "date": date, "region": file.region, "revision": revision},
        **{"rows": file.rows, "suppressed": file.suppressed, "columns": list(file.columns), "masks": dict(file.masks)},
        **{"name": f"{number}.csv", "bytes": len(file.content), "now": dt.datetime.now(dt.UTC), "by": operator},
    }
    connection.execute(WRITTEN, {**values, **digests})
    return number


def _move(connection: Connection, number: str, state: str) -> None:
    query = "UPDATE hedui.push SET state = :state, state_at = :now WHERE id = :id"
    connection.execute(text(query), {"id": number, "state": state, "now": dt.datetime.now(dt.UTC)})


def take_receipts(context: Context, push: Push, *, operator: str) -> dict[str, int]:
    """Takes the receipts that have come: counts and digest must be those that were sent.

    Returns:
        Receipts by outcome; a file that was taken before counts no more.
    """
    counted: dict[str, int] = {}
    for name, content in FolderWay(push.transport, context=context).receipts(batches=(), known=lambda name: False):
        for outcome in _take(context, push, name, content, operator):
            counted[outcome] = counted.get(outcome, 0) + 1
    return counted


def _take(context: Context, push: Push, name: str, content: bytes, operator: str) -> list[str]:
    try:
        rows = read(push.envelope.model_copy(update={"count_line": False}), content).rows
        told = [{key: row[key] for key in RECEIPT} for row in rows]
    except (PackageError, KeyError):
        told = []
    outcomes: list[str] = []
    with begin(context.ledger_url, lock=LOCK) as connection:
        for line in told or [{}]:
            number, outcome, note = _judge(connection, line)
            values = {
                "push": number,
                "name": f"{name}#{len(outcomes) + 1}",
                "now": dt.datetime.now(dt.UTC),
                "sha256": sha256(content),
            }
            done = connection.execute(text(ARRIVED), {**values, "content": content, "outcome": outcome, "note": note})
            if not done.rowcount:
                return []
            if number is not None and outcome in STATES:
                _move(connection, number, STATES[outcome])
                details = {"receipt": name, "outcome": outcome, "note": note}
                audit.append(connection, actor=operator, action="push.receipt", subject=f"对外推送 {number}", details=details)
            outcomes.append(outcome)
    return outcomes


def _judge(connection: Connection, line: dict[str, str]) -> tuple[str | None, Outcome, str]:
    """The push that a line of a receipt answers, what it means, and a remark in Chinese."""
    if not line:
        return None, "unreadable", "不是约定的回执格式"
    query = text("SELECT id, rows, sm3 FROM hedui.push WHERE id = :id AND state <> 'WRITTEN' FOR UPDATE")
    sent = connection.execute(query, {"id": line["批次"]}).one_or_none()
    if sent is None:
        return None, "stray", "没有送出过该批次"
    if line["结果"] != "0":
        return sent.id, "refused", scrub(line["说明"])[:200]
    if line["行数"] != str(sent.rows) or line["摘要"].lower() != sent.sm3:
        return sent.id, "differs", f"送出 {sent.rows:,} 行，对方收到 {scrub(line['行数'])[:12]} 行"
    return sent.id, "accepted", ""
