"""Applies what a receipt says of a batch: records accepted or refused, what they replace, and where the batch stands then."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, Final

from sqlalchemy import Connection, text

from hedui.padis import batches
from hedui.padis.batches import Batch
from hedui.padis.errors import PadisError
from hedui.padis.model import OPEN_BATCH, BatchState
from hedui.padis.office import Office
from hedui.padis.quoting import masked_reasons
from hedui.padis.receipts import LineVerdict, Verdict

GOOD: Final = ("accepted", "duplicate")

RECORDS: Final = "SELECT id, key, business_key, version, line, state FROM hedui.padis_record WHERE batch_id = :batch ORDER BY line"

ACCEPT: Final = """
UPDATE hedui.padis_record SET state = :state, state_at = :now WHERE id = ANY(CAST(:ids AS bigint[])) AND state = 'PACKED'
"""
"""What was noted about a record before it went out stays with it."""

REFUSE: Final = """
UPDATE hedui.padis_record AS r SET state = 'REJECTED', state_at = :now, problems = CAST(f.problems AS jsonb)
FROM unnest(CAST(:ids AS bigint[]), CAST(:problems AS text[])) AS f (id, problems) WHERE r.id = f.id AND r.state = 'PACKED'
"""

REPLACED: Final = """
UPDATE hedui.padis_record AS p
SET state = CASE WHEN r.action = 'withdraw' THEN 'WITHDRAWN' ELSE 'SUPERSEDED' END, state_at = :now
FROM hedui.padis_record AS r
WHERE r.id = ANY(CAST(:ids AS bigint[])) AND p.sender = r.sender AND p.kind = r.kind AND p.business_key = r.business_key
  AND p.version < r.version AND p.state || '' = 'ACCEPTED' AND p.action <> 'withdraw'
"""
"""What stood at the receiver before, now that a change or a withdrawal has been accepted."""

OUTDATED: Final = """
UPDATE hedui.padis_record AS r SET state = 'SUPERSEDED', state_at = :now
WHERE r.id = ANY(CAST(:ids AS bigint[])) AND r.state IN ('REJECTED', 'VALIDATED')
  AND EXISTS (SELECT 1 FROM hedui.padis_record AS n WHERE n.sender = r.sender AND n.kind = r.kind AND n.business_key = r.business_key
                AND n.version > r.version)
"""
"""Refused versions that a newer one waits to replace."""

LINE: Final = """
INSERT INTO hedui.padis_receipt_line (receipt_id, number, batch_id, record_id, line, status, code, reason)
SELECT :receipt, n, :batch, record, line, status, code, reason
FROM unnest(CAST(:numbers AS bigint[]), CAST(:records AS bigint[]), CAST(:lines AS bigint[]), CAST(:statuses AS text[]),
            CAST(:codes AS text[]), CAST(:reasons AS text[])) AS f (n, record, line, status, code, reason)
"""


def apply_verdict(connection: Connection, office: Office, receipt: int, verdict: Verdict) -> tuple[str, str | None]:
    """Applies a verdict in the caller's transaction.

    Returns:
        ``applied``, ``duplicate`` (nothing new), ``conflict`` (it contradicts what an earlier receipt said) or ``stray``, and a remark
        in Chinese.
    """
    try:
        batch = batches.load(connection, verdict.batch, lock=True)
    except PadisError:
        return "stray", "回执所指批次不存在"
    if batch.state == BatchState.PACKED and batch.tries == 0:
        return "stray", f"批次 {batch.id} 尚未发送"
    records = [dict(row) for row in connection.execute(text(RECORDS), {"batch": batch.id}).mappings()]
    told, unknown = _told(verdict, records)
    _keep_lines(connection, receipt, batch, verdict, records)
    conflicts = _conflicts(told, records)
    waiting = [record for record in records if record["state"] == "PACKED"]
    if not waiting and batch.state not in OPEN_BATCH:
        return ("conflict", f"{conflicts} 条与先前回执矛盾，以先前为准") if conflicts else ("duplicate", None)
    now = office.clock()
    accepted, refused = _split(verdict, told, waiting, unlisted=office.profile.receipts.unlisted)
    if verdict.status == "resend":
        return _resend(connection, office, batch, verdict, waiting, receipt)
    _settle(connection, "ACCEPTED", accepted, now)
    later = {record["id"] for record in records if record["version"] > 1}
    if replacing := [number for number in accepted if number in later]:
        connection.execute(text(REPLACED), {"ids": replacing, "now": now})
    _refuse(connection, refused, now)
    connection.execute(text(OUTDATED), {"ids": [number for number, _, _ in refused], "now": now})
    state = _state(batch, verdict, records, len(accepted), len(refused))
    after = office.profile.retry.receipt_hours * 3600 if state == BatchState.SENT else None
    counts = {"accepted": len(accepted), "refused": len(refused), "unknown_lines": unknown, "conflicts": conflicts}
    said: dict[str, Any] = {"receipt": receipt, "code": verdict.code, "said": verdict.reason}
    batches.move(connection, office, batch, state, "receipt", after=after, **said, **counts)
    if conflicts:
        return "conflict", f"{conflicts} 条与先前回执矛盾，以先前为准"
    return "applied", f"{unknown} 条不在该批次中" if unknown else None


def _told(verdict: Verdict, records: list[dict[str, Any]]) -> tuple[dict[int, LineVerdict], int]:
    """What is said of which record, and how many lines speak of none of ours. A refusal weighs more than an acceptance."""
    by_line = {record["line"]: record["id"] for record in records}
    by_key = {record["key"]: record["id"] for record in records}
    by_business = {record["business_key"]: record["id"] for record in records}
    told: dict[int, LineVerdict] = {}
    unknown = 0
    for line in verdict.lines:
        number = by_key.get(line.key) or by_business.get(line.business_key) or by_line.get(line.line)
        if number is None:
            unknown += 1
        elif number not in told or line.status == "rejected":
            told[number] = line
    return told, unknown


def _conflicts(told: dict[int, LineVerdict], records: list[dict[str, Any]]) -> int:
    settled = {record["id"]: record["state"] for record in records if record["state"] != "PACKED"}
    return sum(
        (line.status in GOOD and settled[number] in ("REJECTED", "FIXING"))
        or (line.status == "rejected" and settled[number] in ("ACCEPTED", "WITHDRAWN"))
        for number, line in told.items()
        if number in settled
    )


def _split(
    verdict: Verdict, told: dict[int, LineVerdict], waiting: list[dict[str, Any]], *, unlisted: str
) -> tuple[list[int], list[tuple[int, str, str]]]:
    """Accepted records, refused ones with code and reason; those that are still pending are in neither."""
    accepted: list[int] = []
    refused: list[tuple[int, str, str]] = []
    fine = (*GOOD, "partial") if unlisted == "accepted" else GOOD
    for record in waiting:
        line = told.get(record["id"])
        if line is not None and line.status in GOOD:
            accepted.append(record["id"])
        elif line is not None and line.status == "rejected":
            refused.append((record["id"], line.code, line.reason or verdict.reason))
        elif line is None and verdict.status in fine:
            accepted.append(record["id"])
        elif line is None and verdict.status == "rejected":
            refused.append((record["id"], verdict.code, verdict.reason))
    return accepted, refused


def _refuse(connection: Connection, refused: list[tuple[int, str, str]], now: dt.datetime) -> None:
    """Refused records wait with the receiver's reason."""
    if not refused:
        return
    reasons = masked_reasons(connection, {number: reason for number, _, reason in refused})
    said = {"field": "", "label": "对方回执", "blocks": True}
    problems = [[{**said, "code": code, "reason": reasons[number] or "被拒收，未说明原因"}] for number, code, _ in refused]
    values = {"ids": [one[0] for one in refused], "problems": [json.dumps(one, ensure_ascii=False) for one in problems]}
    connection.execute(text(REFUSE), {"now": now, **values})


def _settle(connection: Connection, state: str, ids: list[int], now: dt.datetime) -> None:
    if ids:
        connection.execute(text(ACCEPT), {"state": state, "now": now, "ids": ids})


def _state(batch: Batch, verdict: Verdict, records: list[dict[str, Any]], accepted: int, refused: int) -> BatchState:
    """Where the batch stands once records have been settled."""
    before = [record["state"] for record in records if record["state"] != "PACKED"]
    good = accepted + sum(state not in ("REJECTED", "FIXING", "READY", "VALIDATED") for state in before)
    bad = refused + sum(state in ("REJECTED", "FIXING", "READY", "VALIDATED") for state in before)
    if not records:
        settled = {"accepted": BatchState.ACCEPTED, "duplicate": BatchState.ACCEPTED, "rejected": BatchState.REJECTED}
        return settled.get(verdict.status, BatchState.SENT if verdict.status == "pending" else batch.state)
    if good + bad < len(records):
        return BatchState.UNKNOWN if verdict.status == "unknown" and batch.state != BatchState.SENT else BatchState.SENT
    return BatchState.ACCEPTED if not bad else BatchState.PARTIAL if good else BatchState.REJECTED


def _resend(
    connection: Connection, office: Office, batch: Batch, verdict: Verdict, waiting: list[dict[str, Any]], receipt: int
) -> tuple[str, str | None]:
    """The receiver could not read the file and has taken nothing: its records are packed again, under a new number."""
    now = office.clock()
    ids = [record["id"] for record in waiting]
    _settle(connection, "VALIDATED", ids, now)
    connection.execute(text(OUTDATED), {"ids": ids, "now": now})
    said: dict[str, Any] = {"receipt": receipt, "code": verdict.code, "said": verdict.reason}
    batches.move(connection, office, batch, BatchState.REJECTED, "unreadable_there", **said)
    return "applied", "对方未能读取文件，重新打包"


def _keep_lines(connection: Connection, receipt: int, batch: Batch, verdict: Verdict, records: list[dict[str, Any]]) -> None:
    if not verdict.lines:
        return
    by_line = {record["line"]: record["id"] for record in records}
    by_key = {record["key"]: record["id"] for record in records}
    by_business = {record["business_key"]: record["id"] for record in records}
    lines = verdict.lines
    used = connection.execute(
        text("SELECT coalesce(max(number), 0) FROM hedui.padis_receipt_line WHERE receipt_id = :id"), {"id": receipt}
    ).scalar_one()
    values = {
        "numbers": list(range(used + 1, used + len(lines) + 1)),
        "records": [by_key.get(one.key) or by_business.get(one.business_key) or by_line.get(one.line) for one in lines],
        "lines": [one.line for one in lines],
        "statuses": [one.status for one in lines],
        "codes": [one.code for one in lines],
        "reasons": [one.reason for one in lines],
    }
    connection.execute(text(LINE), {"receipt": receipt, "batch": batch.id, **values})
