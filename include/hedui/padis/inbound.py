"""Receipts: stored as they came, then applied; a receipt that was stored and not applied is applied by whoever comes next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, text

from hedui.ledger.database import begin
from hedui.padis import batches
from hedui.padis.crypto import sha256
from hedui.padis.errors import ReceiptError
from hedui.padis.model import BatchState
from hedui.padis.office import Office
from hedui.padis.receipts import Verdict, read_receipt
from hedui.padis.settling import apply_verdict

Way = Literal["answer", "query", "file", "form"]
WAITING: Final = (BatchState.SENDING, BatchState.SENT, BatchState.UNKNOWN, BatchState.QUERY, BatchState.PARKED)

STORE: Final = """
INSERT INTO hedui.padis_receipt (batch_id, way, name, received_at, operator, sha256, content)
VALUES (:batch, :way, :name, :now, :operator, :sha256, :content) RETURNING id
"""

EARLIER: Final = """
SELECT id FROM hedui.padis_receipt
WHERE sha256 = :sha256 AND id <> :id AND outcome IN ('applied', 'conflict')
  AND (NOT :named OR (name = :name AND batch_id IS NOT DISTINCT FROM :batch)) LIMIT 1
"""

DONE: Final = "UPDATE hedui.padis_receipt SET applied_at = :now, outcome = :outcome, note = :note WHERE id = :id"


@dataclass(frozen=True, kw_only=True)
class Received:
    """What became of receipts.

    Attributes:
        applied: Receipts that moved something or confirmed it.
        duplicate: Receipts whose content had come before.
        conflict: Receipts that contradict an earlier one; the earlier one stands, a person looks.
        unreadable: Receipts that cannot be read.
        stray: Receipts about batches that are not ours.
    """

    applied: int = 0
    duplicate: int = 0
    conflict: int = 0
    unreadable: int = 0
    stray: int = 0


def store(office: Office, *, way: Way, name: str, content: bytes, batch: str | None = None) -> int:
    """Writes a receipt down as it came.

    Returns:
        Its number.
    """
    with begin(office.ledger) as connection:
        return keep(connection, office, way=way, name=name, content=content, batch=batch)


def keep(connection: Connection, office: Office, *, way: Way, name: str, content: bytes, batch: str | None = None) -> int:
    """As :func:`store`, in the caller's transaction."""
    values = {
        "batch": batch, "way": way, "name": name, "now": office.clock(), "operator": office.operator, "sha256": sha256(content),
        "content": content,
    }  # fmt: skip
    return int(connection.execute(text(STORE), values).scalar_one())


def settle(office: Office, receipt: int) -> str:
    """Applies a stored receipt, once.

    Returns:
        What became of it: ``applied``, ``duplicate``, ``conflict``, ``unreadable``, ``stray``.
    """
    with begin(office.ledger) as connection:
        query = "SELECT batch_id, name, content, sha256, outcome FROM hedui.padis_receipt WHERE id = :id FOR UPDATE"
        row = connection.execute(text(query), {"id": receipt}).mappings().one()
        if row["outcome"] is not None:
            return str(row["outcome"])
        outcome, remark = _judge(connection, office, receipt, dict(row))
        connection.execute(text(DONE), {"id": receipt, "now": office.clock(), "outcome": outcome, "note": remark})
        return outcome


def _judge(connection: Connection, office: Office, receipt: int, row: dict[str, Any]) -> tuple[str, str | None]:
    # where the file's name says which batch is meant, equal contents may be about different batches
    same = connection.execute(
        text(EARLIER),
        {
            **{"sha256": row["sha256"], "id": receipt, "batch": row["batch_id"], "name": row["name"]},
            "named": office.profile.receipts.format.name is not None,
        },
    ).scalar_one_or_none()
    if same is not None and not _still_waits(connection, row["batch_id"]):
        return "duplicate", f"与回执 {same} 内容相同"
    try:
        verdicts = read_receipt(office.profile, bytes(row["content"]), name=row["name"], batch=row["batch_id"] or "")
    except ReceiptError as error:
        return "unreadable", str(error)
    return _apply(connection, office, receipt, verdicts)


def _still_waits(connection: Connection, batch: str | None) -> bool:
    """Whether the batch that was answered is still open: then even a known answer moves it."""
    if batch is None:
        return False
    return batches.load(connection, batch).state in WAITING


def _apply(connection: Connection, office: Office, receipt: int, verdicts: Sequence[Verdict]) -> tuple[str, str | None]:
    outcomes = Counter[str]()
    remarks = []
    for verdict in verdicts:
        outcome, remark = apply_verdict(connection, office, receipt, verdict)
        outcomes[outcome] += 1
        remarks += [remark] if remark else []
    worst = next(name for name in ("conflict", "stray", "applied", "duplicate") if outcomes[name])
    return worst, "；".join(remarks) or None


def fetch(office: Office) -> Received:
    """Takes all receipts that have come by files or lists, and those that an earlier process has stored and not applied.

    Raises:
        DeliveryError: The receiver cannot be reached now; what was taken before stays taken.
    """
    counted = Counter[str](settle(office, number) for number in _unapplied(office))
    waiting = [batch.id for batch in batches.open_batches(office, *WAITING)]
    seen = _names(office)
    for name, content in office.transport().receipts(batches=waiting, known=lambda name: name in seen):
        if seen.get(name) == sha256(content):
            continue
        counted[settle(office, store(office, way="file", name=name, content=content))] += 1
    return Received(**counted)


def _unapplied(office: Office) -> list[int]:
    with begin(office.ledger) as connection:
        query = "SELECT id FROM hedui.padis_receipt WHERE applied_at IS NULL ORDER BY id"
        return [int(number) for number in connection.execute(text(query)).scalars()]


def _names(office: Office) -> dict[str, str]:
    with begin(office.ledger) as connection:
        query = "SELECT DISTINCT ON (name) name, sha256 FROM hedui.padis_receipt WHERE way = 'file' ORDER BY name, id DESC"
        return {row.name: row.sha256 for row in connection.execute(text(query))}
