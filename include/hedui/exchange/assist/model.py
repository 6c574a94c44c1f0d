"""A request for help or a notice: its states, which may follow which, and what it looks like in the ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal

from hedui.errors import HeduiError

Direction = Literal["out", "in"]
Form = Literal["request", "notice"]


class AssistError(HeduiError):
    """Something about a request for help is wrong; the message says what, and the cure."""


class State(StrEnum):
    """Where a request or notice stands."""

    DRAFT = "DRAFT"
    SENT = "SENT"
    RECEIVED = "RECEIVED"
    PAIRED = "PAIRED"
    UNPAIRED = "UNPAIRED"
    ANSWERED = "ANSWERED"
    READ = "READ"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"


LABELS: Final[dict[str, str]] = {
    "DRAFT": "待发出",
    "SENT": "已发出待反馈",
    "RECEIVED": "已收到待配对",
    "PAIRED": "已配对待反馈",
    "UNPAIRED": "查无此人待反馈",
    "ANSWERED": "已反馈",
    "READ": "已读",
    "CLOSED": "已办结",
    "CANCELLED": "已撤回",
}
FORMS: Final[dict[str, str]] = {"request": "协查", "notice": "通报"}
DIRECTIONS: Final[dict[str, str]] = {"out": "发出", "in": "收到"}
PAIRINGS: Final[dict[str, str]] = {"one": "一人", "none": "查无", "several": "多人"}
RESULTS: Final[dict[str, str]] = {"1": "属实", "2": "不属实", "3": "查无此人", "9": "其他"}
"""Results of an answer."""

STEPS: Final[dict[str, frozenset[str]]] = {
    "DRAFT": frozenset({"SENT", "CANCELLED"}),
    "SENT": frozenset({"ANSWERED", "READ", "CANCELLED"}),
    "RECEIVED": frozenset({"PAIRED", "UNPAIRED", "READ", "ANSWERED"}),
    "PAIRED": frozenset({"ANSWERED", "PAIRED", "UNPAIRED"}),
    "UNPAIRED": frozenset({"ANSWERED", "PAIRED", "UNPAIRED"}),
    "ANSWERED": frozenset({"CLOSED"}),
    "READ": frozenset({"CLOSED"}),
    "CLOSED": frozenset(),
    "CANCELLED": frozenset(),
}
"""Which state may follow which."""

OPEN: Final = (State.SENT, State.RECEIVED, State.PAIRED, State.UNPAIRED)
"""States in which a term runs: an answer, or a reading, is due."""


@dataclass(frozen=True, kw_only=True)
class Assist:
    """A request or notice as the ledger has it; see :class:`~hedui.ledger.exchange_models.Assist`."""

    id: int
    number: str
    direction: Direction
    form: Form
    topic: str
    sender: str
    receiver: str
    subject: Mapping[str, str]
    content: str
    opened_on: dt.date
    due: dt.date
    state: State
    pairing: Mapping[str, Any]
    answer: Mapping[str, Any]
