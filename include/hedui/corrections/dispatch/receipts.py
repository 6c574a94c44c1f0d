"""A receipt: what the other side says it has done with a bundle, as a whole and row by row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from hedui.corrections.dispatch.errors import ReceiptFormatError
from hedui.corrections.dispatch.seal import seal, unseal
from hedui.security.logs import scrub

LONGEST_REASON: Final = 200


class Result(StrEnum):
    """What became of the bundle. Labels: :data:`RESULT_LABELS`."""

    ACCEPTED = "accepted"
    EXECUTED = "executed"
    PARTLY = "partly"
    REFUSED = "refused"


RESULT_LABELS: Final[dict[Result, str]] = {
    Result.ACCEPTED: "已受理",
    Result.EXECUTED: "已执行",
    Result.PARTLY: "部分执行",
    Result.REFUSED: "退回",
}


@dataclass(frozen=True, kw_only=True)
class RefusedRow:
    """A row that was not executed.

    Attributes:
        number: Number of the change in the bundle.
        code: The other side's code.
        reason: Why, in its words; personal data masked.
    """

    number: int
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """One receipt.

    Attributes:
        number: The other side's number of it.
        bundle: Id of the bundle.
        manifest: SHA-256 of the manifest that was executed or judged; empty on a form.
        result: What became of it.
        issued_at: When it was issued, with its time zone.
        issuer: Who issued it: an office, on a form with the document's number.
        rows: The rows that were refused: some for PARTLY; for REFUSED all are, named or not.
        note: Remark.
    """

    number: str
    bundle: str
    manifest: str
    result: Result
    issued_at: dt.datetime
    issuer: str
    rows: tuple[RefusedRow, ...] = ()
    note: str = ""

    @property
    def final(self) -> bool:
        """Whether the other side is done with the bundle."""
        return self.result is not Result.ACCEPTED

    @property
    def refused_numbers(self) -> tuple[int, ...]:
        """Numbers of the refused rows that are named."""
        return tuple(row.number for row in self.rows)


def write_receipt(receipt: Receipt, *, key: bytes) -> bytes:
    """The receipt as a signed document."""
    content = {**asdict(receipt), "result": str(receipt.result), "issued_at": receipt.issued_at.isoformat()}
    content["rows"] = [asdict(row) for row in receipt.rows]
    return seal(content, key=key, purpose="receipt")


def read_receipt(document: bytes, *, key: bytes) -> Receipt:
    """The receipt of a signed document.

    Raises:
        ReceiptFormatError: It cannot be read. ForgedReceiptError: the signature does not hold.
    """
    receipt = receipt_of(unseal(document, key=key, purpose="receipt"))
    if not receipt.manifest:
        raise ReceiptFormatError("The receipt names no manifest, so that nobody knows what was executed; give its SHA-256.")
    return receipt


def receipt_of(content: Mapping[str, Any]) -> Receipt:
    """The receipt that a signed content or a form describes.

    Raises:
        ReceiptFormatError: A field is missing, or its value is none that it may have.
    """
    try:
        issued_at = dt.datetime.fromisoformat(str(content["issued_at"]))
        receipt = Receipt(
            number=_text(content["number"]),
            bundle=_text(content["bundle"]),
            manifest=str(content.get("manifest", "")).strip().lower(),
            result=Result(content["result"]),
            issued_at=issued_at if issued_at.tzinfo else issued_at.replace(tzinfo=dt.UTC),
            issuer=_text(content["issuer"]),
            rows=tuple(sorted((_row(row) for row in content.get("rows", [])), key=lambda row: row.number)),
            note=scrub(_clean(content.get("note", "")))[:LONGEST_REASON],
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        what = f"{type(error).__name__} at {error}"[:80] if isinstance(error, KeyError) else type(error).__name__
        raise ReceiptFormatError(
            f"The receipt cannot be read ({what}); it needs number, bundle, result ({', '.join(Result)}), issued_at, issuer, and for "
            "refused rows number and reason."
        ) from None
    _check(receipt)
    return receipt


def _clean(value: Any) -> str:
    """A text on one line, without control characters: no database takes NUL, no terminal the others."""
    return " ".join("".join(char if char.isprintable() else " " for char in str(value)).split())


def _text(value: Any) -> str:
    text = _clean(value)
    if not text:
        raise ValueError
    return text[:LONGEST_REASON]


def _row(row: Mapping[str, Any]) -> RefusedRow:
    return RefusedRow(
        number=_number(row["number"]),
        code=_clean(row.get("code", ""))[:20],
        reason=scrub(_clean(row.get("reason", "")))[:LONGEST_REASON],
    )


def _number(value: Any) -> int:
    """A row's number: whole, never rounded to another row's."""
    if isinstance(value, bool) or not str(value).strip().isdecimal():
        raise ValueError
    return int(value)


def _check(receipt: Receipt) -> None:
    numbers = receipt.refused_numbers
    if len(set(numbers)) != len(numbers):
        raise ReceiptFormatError("The receipt names a row twice; each refused row is named once.")
    if receipt.result is Result.PARTLY and not numbers:
        raise ReceiptFormatError("The receipt says partly, but names no refused row; name them by their numbers.")
    if receipt.result in (Result.EXECUTED, Result.ACCEPTED) and numbers:
        raise ReceiptFormatError(f"The receipt says {receipt.result}, but names {len(numbers)} refused row(s); say partly.")
    if any(not row.reason for row in receipt.rows):
        raise ReceiptFormatError("A refused row has no reason; the next round needs it.")
    if receipt.result is Result.REFUSED and not receipt.rows and not receipt.note:
        raise ReceiptFormatError("The receipt refuses the whole bundle without a reason; give it as note.")
