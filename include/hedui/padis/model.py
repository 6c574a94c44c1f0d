"""What is reported: drafts, records with their state, batches with theirs, and which state may follow which.

A record's state is stored only as far as the record decides it. While it is packed, where it stands is where its batch stands, so that
the two cannot contradict each other: the view ``padis_record_view`` shows the one or the other.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from hedui.padis.fields import Kind

Intent = Literal["report", "withdraw"]
Action = Literal["new", "change", "withdraw"]
ACTIONS: Final[dict[str, str]] = {"new": "新增", "change": "变更", "withdraw": "撤销"}


class RecordState(StrEnum):
    """Where a version of a record stands."""

    READY = "READY"
    VALIDATED = "VALIDATED"
    PACKED = "PACKED"
    SENT = "SENT"
    UNKNOWN = "UNKNOWN"
    QUERY = "QUERY"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    FIXING = "FIXING"
    WITHDRAWN = "WITHDRAWN"
    SUPERSEDED = "SUPERSEDED"


class BatchState(StrEnum):
    """Where a file stands."""

    PACKED = "PACKED"
    SENDING = "SENDING"
    SENT = "SENT"
    UNKNOWN = "UNKNOWN"
    QUERY = "QUERY"
    PARKED = "PARKED"
    ACCEPTED = "ACCEPTED"
    PARTIAL = "PARTIAL"
    REJECTED = "REJECTED"


STATE_LABELS: Final[dict[str, str]] = {
    "READY": "待校验",
    "VALIDATED": "已校验",
    "PACKED": "已打包",
    "SENDING": "发送中",
    "SENT": "已发送待回执",
    "UNKNOWN": "结果不明",
    "QUERY": "查询中",
    "PARKED": "已挂起待人工",
    "ACCEPTED": "已接收",
    "PARTIAL": "部分接收",
    "REJECTED": "被拒收",
    "FIXING": "更正中",
    "WITHDRAWN": "已撤销",
    "SUPERSEDED": "已被新版本取代",
}

OPEN_BATCH: Final = (
    BatchState.PACKED,
    BatchState.SENDING,
    BatchState.SENT,
    BatchState.UNKNOWN,
    BatchState.QUERY,
    BatchState.PARKED,
)
"""States of batches that are not settled."""

STORED: Final[dict[str, frozenset[str]]] = {
    "READY": frozenset({"VALIDATED", "FIXING", "SUPERSEDED"}),
    "VALIDATED": frozenset({"PACKED", "FIXING", "READY", "SUPERSEDED"}),
    "PACKED": frozenset({"ACCEPTED", "REJECTED", "VALIDATED"}),
    "REJECTED": frozenset({"FIXING", "SUPERSEDED"}),
    "FIXING": frozenset({"READY", "SUPERSEDED"}),
    "ACCEPTED": frozenset({"WITHDRAWN", "SUPERSEDED"}),
    "WITHDRAWN": frozenset(),
    "SUPERSEDED": frozenset(),
}
"""Which stored state of a record may follow which; PostgreSQL refuses every other step."""

BATCH_STEPS: Final[dict[str, frozenset[str]]] = {
    "PACKED": frozenset({"SENDING", "PARKED", "SENT", "ACCEPTED", "PARTIAL", "REJECTED"}),
    "SENDING": frozenset({"PACKED", "PARKED", "SENT", "UNKNOWN", "ACCEPTED", "PARTIAL", "REJECTED"}),
    "SENT": frozenset({"QUERY", "UNKNOWN", "PARKED", "ACCEPTED", "PARTIAL", "REJECTED"}),
    "UNKNOWN": frozenset({"QUERY", "PARKED", "SENT", "ACCEPTED", "PARTIAL", "REJECTED"}),
    "QUERY": frozenset({"PACKED", "PARKED", "SENT", "UNKNOWN", "ACCEPTED", "PARTIAL", "REJECTED"}),
    "PARKED": frozenset({"PACKED", "UNKNOWN", "SENT", "ACCEPTED", "PARTIAL", "REJECTED"}),
    "ACCEPTED": frozenset(),
    "PARTIAL": frozenset(),
    "REJECTED": frozenset(),
}
"""Which state of a batch may follow which. UNKNOWN never leads to SENDING: between them is the answer to a query, or a person."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What canonical data say of one birth or registration, ready to be taken into the ledger.

    Attributes:
        kind: What it is.
        business_key: The number that names it for good.
        intent: Whether it is to stand, or to be withdrawn.
        event_date: Day of the event; None where the data have none.
        region: Region code as the data have it.
        content: Canonical fields as text; empty ones are left out.
        reason: Why it changes or is withdrawn.
    """

    kind: Kind
    business_key: str
    intent: Intent
    event_date: dt.date | None
    region: str
    content: Mapping[str, str]
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A version of a record on its way to the wire.

    Attributes:
        id: Number in the ledger.
        key: Idempotency key.
        version: From 1, per sender, kind and business key.
        action: What it means to the receiver, given what the receiver has acknowledged before.
        original_key: Key of the version that the receiver has acknowledged, empty where there is none.
    """

    id: int
    kind: Kind
    key: str
    business_key: str
    version: int
    action: Action
    original_key: str
    event_date: dt.date | None
    region: str
    content: Mapping[str, str]
    reason: str


def idempotency_key(*, sender: str, kind: str, business_key: str, version: int) -> str:
    """SHA-256 of sender, kind, business key and version: the same report has the same key however often it is sent."""
    return hashlib.sha256("|".join((sender, kind, business_key, str(version))).encode()).hexdigest()
