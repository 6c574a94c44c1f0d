"""What a receipt counts for, beside those that came before it: a pure function.

The first final receipt counts. One that contradicts it changes nothing and is told to people: whether the data was changed is not believed
from paper, it is read again (proof).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hedui.corrections.dispatch.receipts import RESULT_LABELS, Receipt, Result


class Verdict(StrEnum):
    """What a receipt counts for. Labels: :data:`VERDICT_LABELS`."""

    COUNTS = "counts"
    DUPLICATE = "duplicate"
    OUTDATED = "outdated"
    CONTRADICTORY = "contradictory"
    FOREIGN = "foreign"
    TOO_LATE = "too_late"
    FORGED = "forged"
    UNREADABLE = "unreadable"


VERDICT_LABELS: Final[dict[Verdict, str]] = {
    Verdict.COUNTS: "有效",
    Verdict.DUPLICATE: "重复，不再处理",
    Verdict.OUTDATED: "晚于最终回执的受理通知，不处理",
    Verdict.CONTRADICTORY: "与已生效回执矛盾，不采信",
    Verdict.FOREIGN: "与发出的处理方案不符，不采信",
    Verdict.TOO_LATE: "方案已不在待回执状态，仅登记",
    Verdict.FORGED: "签名不符，不采信",
    Verdict.UNREADABLE: "无法识别，不采信",
}

TOLD: Final = frozenset({Verdict.CONTRADICTORY, Verdict.FOREIGN, Verdict.TOO_LATE, Verdict.FORGED, Verdict.UNREADABLE})
"""Verdicts that people must hear of."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A bundle that was dispatched.

    Attributes:
        bundle: Its id.
        manifest: SHA-256 of its manifest.
        rows: How many changes it has, numbered from 1.
        due: Last day on which its receipt is in time.
        waiting: Whether it still waits for its receipt.
    """

    bundle: str
    manifest: str
    rows: int
    due: dt.date
    waiting: bool


@dataclass(frozen=True, kw_only=True)
class Known:
    """A receipt that has been judged before: its content, the SHA-256 of its bytes, and what it counted for."""

    receipt: Receipt
    digest: str
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """What a receipt counts for, whether it came after its day, and why in Chinese."""

    verdict: Verdict
    late: bool = False
    reason: str = ""


def judge(sent: Sent, known: Sequence[Known], receipt: Receipt, *, digest: str, today: dt.date) -> Ruling:
    """What a readable receipt with a good signature counts for.

    Args:
        sent: The bundle.
        known: The receipts before it, oldest first.
        receipt: The new one.
        digest: SHA-256 of its bytes.
        today: The day on which it was read.
    """
    late = today > sent.due
    verdict, reason = _verdict(sent, known, receipt, digest)
    if verdict is Verdict.COUNTS and late:
        reason = f"应于 {sent.due} 前回执"
    return Ruling(verdict=verdict, late=late, reason=reason)


def _verdict(sent: Sent, known: Sequence[Known], receipt: Receipt, digest: str) -> tuple[Verdict, str]:
    if any(item.digest == digest for item in known):
        return Verdict.DUPLICATE, "同一文件"
    if receipt.manifest and receipt.manifest != sent.manifest:
        return Verdict.FOREIGN, "回执所据清单摘要与发出的不一致"
    strange = [number for number in receipt.refused_numbers if not 1 <= number <= sent.rows]
    if strange:
        return Verdict.FOREIGN, f"回执所列行号 {strange[0]} 不在 1–{sent.rows} 之内"
    counted = [item.receipt for item in known if item.verdict is Verdict.COUNTS]
    final = next((item for item in counted if item.final), None)
    if final is None:
        if any(same(item, receipt, rows=sent.rows) for item in counted):
            return Verdict.DUPLICATE, "内容与已收回执相同"
        return (Verdict.COUNTS, "") if sent.waiting else (Verdict.TOO_LATE, "")
    if not receipt.final:
        return Verdict.OUTDATED, f"已有最终回执 {final.number}"
    if same(final, receipt, rows=sent.rows):
        return Verdict.DUPLICATE, f"内容与回执 {final.number} 相同"
    return Verdict.CONTRADICTORY, f"回执 {final.number} 为{RESULT_LABELS[final.result]}，本件为{RESULT_LABELS[receipt.result]}"


def same(one: Receipt, other: Receipt, *, rows: int) -> bool:
    """Whether two receipts say the same of a bundle's rows: refused are all, named or not, or those that are named."""

    def refused(receipt: Receipt) -> set[int]:
        return set(range(1, rows + 1) if receipt.result is Result.REFUSED else receipt.refused_numbers)

    return one.final is other.final and refused(one) == refused(other)
