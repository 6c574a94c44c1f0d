"""What people decide: a receipt typed in, a refused record sent again, a parked batch let go, a month closed. All of it is audited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from hedui import audit
from hedui.ledger.database import begin
from hedui.padis import batches
from hedui.padis.errors import PadisError
from hedui.padis.fields import Kind
from hedui.padis.inbound import keep, settle
from hedui.padis.model import OPEN_BATCH, BatchState
from hedui.padis.office import Office
from hedui.padis.receipts import LineVerdict, write_receipt
from hedui.site.padis_profile import BatchStatus

UNSETTLED: Final = ("READY", "VALIDATED", "PACKED", "REJECTED", "FIXING")


def enter(
    office: Office, batch: str, *, status: BatchStatus, lines: Sequence[LineVerdict] = (), code: str = "", reason: str = ""
) -> str:
    """Takes a receipt that a person has read elsewhere, for example on the receiver's web page.

    Args:
        office: Who; the operator's name is kept.
        batch: The batch's number.
        status: The batch's result.
        lines: Records with a result of their own.
        code: Why, for the batch.
        reason: Why, for the batch.

    Returns:
        What became of it, as for :func:`~hedui.padis.inbound.settle`.

    Raises:
        PadisError: There is no such batch, or the profile has no code for a result.
    """
    content = write_receipt(office.profile, batch, status=status, lines=lines, code=code, reason=reason)
    with begin(office.ledger) as connection:
        batches.load(connection, batch)
        receipt = keep(connection, office, way="form", name="", content=content, batch=batch)
        _audit(connection, office, "padis.receipt", f"批次 {batch}", {"status": status, "lines": len(lines)})
    return settle(office, receipt)


def resubmit(office: Office, record: int, *, reason: str) -> None:
    """Sends a refused record up again as it is: what the receiver missed is there now.

    Raises:
        PadisError: The record is not refused, or there is no reason.
    """
    if not reason.strip():
        raise PadisError("Sending a refused record again needs a reason.")
    with begin(office.ledger) as connection:
        now = {"id": record, "now": office.clock()}
        found = connection.execute(text("SELECT state FROM hedui.padis_record WHERE id = :id FOR UPDATE"), now).scalar_one_or_none()
        if found not in ("REJECTED", "FIXING"):
            raise PadisError(f"Record {record} is {found or 'not known'}; only refused records can be sent again.")
        update = text("UPDATE hedui.padis_record SET state = :state, state_at = :now WHERE id = :id")
        for state in ("FIXING", "READY") if found == "REJECTED" else ("READY",):
            connection.execute(update, {**now, "state": state})
        _audit(connection, office, "padis.resubmit", f"上报记录 {record}", {"reason": reason})


def release(office: Office, batch: str, *, to: Literal["send", "ask"], reason: str) -> None:
    """Lets a parked batch go on: sent anew because a person knows that it never arrived, or asked for again.

    Raises:
        PadisError: The batch is not parked, or there is no reason.
    """
    if not reason.strip():
        raise PadisError("Releasing a batch needs a reason: how is it known?")
    with begin(office.ledger) as connection:
        current = batches.load(connection, batch, lock=True)
        if current.state != BatchState.PARKED:
            raise PadisError(f"Batch {batch} is {current.state}; only parked batches are released.")
        state = BatchState.PACKED if to == "send" else BatchState.UNKNOWN
        batches.move(connection, office, current, state, "released", tries=0, asks=0, reason=reason)
        _audit(connection, office, "padis.release", f"批次 {batch}", {"to": to, "reason": reason})


def close_month(office: Office, kind: Kind, period: str) -> dict[str, int]:
    """Closes a month: every record of it is acknowledged, withdrawn or replaced, and no file is under way.

    Returns:
        Records by state.

    Raises:
        PadisError: Something is open; the message says how much of what.
    """
    own = {"sender": office.settings.sender, "kind": kind, "period": period}
    where = "sender = :sender AND kind = :kind AND period = :period"
    with begin(office.ledger) as connection:
        query = f"SELECT state, count(*) AS rows FROM hedui.padis_record_view WHERE {where} GROUP BY state"
        counts = {row.state: int(row.rows) for row in connection.execute(text(query), own)}
        left = connection.execute(
            text(f"SELECT count(*) FROM hedui.padis_record WHERE {where} AND state = ANY(:open)"), {**own, "open": list(UNSETTLED)}
        ).scalar_one()
        files = connection.execute(
            text(f"SELECT count(*) FROM hedui.padis_batch WHERE {where} AND state = ANY(:open)"),
            {**own, "open": [str(state) for state in OPEN_BATCH]},
        ).scalar_one()
        sent = connection.execute(
            text(f"SELECT count(*) FROM hedui.padis_batch WHERE {where} AND state = 'ACCEPTED'"), own
        ).scalar_one()
        if left or files:
            raise PadisError(f"{kind} {period} cannot be closed: {left} records and {files} files are open ({counts}).")
        if not counts and not sent and office.profile.zero_report:
            raise PadisError(f"{kind} {period} has no records and no acknowledged zero report; send one first.")
        facts = {"counts": counts, "batches": int(sent)}
        connection.execute(
            text(
                "INSERT INTO hedui.padis_period (sender, kind, period, closed_at, closed_by, facts) "
                "VALUES (:sender, :kind, :period, :now, :by, :facts) ON CONFLICT (sender, kind, period) DO UPDATE "
                "SET closed_at = excluded.closed_at, closed_by = excluded.closed_by, facts = excluded.facts"
            ).bindparams(bindparam("facts", type_=JSONB)),
            {**own, "now": office.clock(), "by": office.operator, "facts": facts},
        )
        _audit(connection, office, "padis.close", f"{kind} {period}", facts)
    return counts


def _audit(connection: Any, office: Office, action: str, subject: str, details: Mapping[str, Any]) -> None:
    audit.append(connection, actor=office.operator, action=action, subject=subject, details=details)
