"""What a receipt says, by the profile: about batches as a whole, and about single records."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hedui.padis import envelopes
from hedui.padis.errors import PackageError, PadisError, ReceiptError
from hedui.security.logs import scrub
from hedui.site.padis_profile import BatchStatus, Json, LineStatus, Profile, Xml

MOST_TEXT: Final = 300


@dataclass(frozen=True, kw_only=True)
class LineVerdict:
    """What a receipt says about a record; one of line, key and business key says which."""

    line: int | None
    key: str
    business_key: str
    status: LineStatus
    code: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a receipt says about a batch.

    Attributes:
        batch: The batch's number.
        status: Its result: from the receipt, or ``partial`` where it only tells of records.
        code, reason: Why, where it is refused as a whole; scrubbed.
        lines: What is said about records.
    """

    batch: str
    status: BatchStatus
    code: str
    reason: str
    lines: tuple[LineVerdict, ...]


def read_receipt(profile: Profile, content: bytes, *, name: str = "", batch: str = "") -> tuple[Verdict, ...]:
    """What a receipt says, a verdict per batch.

    Args:
        profile: How it is read.
        content: The receipt.
        name: Its file's name.
        batch: The batch that was answered, where the receipt came as an answer.

    Raises:
        ReceiptError: It cannot be read, or has a result code that the profile does not know.
    """
    form = profile.receipts.format
    try:
        sheet = envelopes.read(form.envelope, content)
    except PackageError as error:
        raise ReceiptError(f"The receipt cannot be read: {error}") from None
    named = re.search(form.name, name) if form.name else None
    known = (named["batch"] if named else "") or sheet.head.get(form.batch, "")
    grouped: dict[str, list[Mapping[str, str]]] = {}
    for row in sheet.rows:
        grouped.setdefault(row.get(form.batch, "").strip() or known or batch, []).append(row)
    if not grouped:
        grouped[known or batch] = []
    if "" in grouped:
        raise ReceiptError("The receipt does not say which batch it is about; check receipts.format in the profile.")
    return tuple(_verdict(profile, number, rows, sheet.head) for number, rows in grouped.items())


def _verdict(profile: Profile, batch: str, rows: list[Mapping[str, str]], head: Mapping[str, str]) -> Verdict:
    form = profile.receipts.format
    lines, whole = [], dict(head)
    for row in rows:
        if _about_whole(profile, row):
            whole.update(row)
        else:
            lines.append(_line(profile, row))
    code = whole.get(form.status, "").strip() if form.status else ""
    if form.status and code:
        status = _known(profile.receipts.batch, code, "batch")
    elif lines:
        status = "partial"
    else:
        raise ReceiptError("The receipt has neither a result of the batch nor of records; check receipts.format in the profile.")
    return Verdict(batch=batch, status=status, code=_text(whole, form.code), reason=_text(whole, form.reason), lines=tuple(lines))


def _about_whole(profile: Profile, row: Mapping[str, str]) -> bool:
    form = profile.receipts.format
    named = [row.get(name, "").strip() for name in (form.line, form.key, form.business_key) if name]
    return not form.line_status or not any(value not in ("", "0") for value in named)


def _line(profile: Profile, row: Mapping[str, str]) -> LineVerdict:
    form = profile.receipts.format
    line = row.get(form.line, "").strip() if form.line else ""
    if line and not line.isdecimal():
        raise ReceiptError("The receipt names a line that is no number.")
    code = row.get(form.line_status or "", "").strip()
    return LineVerdict(
        line=int(line) if line else None,
        key=row.get(form.key, "").strip() if form.key else "",
        business_key=row.get(form.business_key, "").strip() if form.business_key else "",
        status=_known(profile.receipts.lines, code, "record"),
        code=_text(row, form.code),
        reason=_text(row, form.reason),
    )


def _known(table: Mapping[str, BatchStatus] | Mapping[str, LineStatus], code: str, what: str):  # type: ignore[no-untyped-def]
    if code not in table:
        known = ", ".join(table)
        raise ReceiptError(f'The receipt has the {what} result "{scrub(code[:20])}"; the profile knows {known}.')
    return table[code]


def _text(row: Mapping[str, str], name: str | None) -> str:
    return scrub(row.get(name, "").strip())[:MOST_TEXT] if name else ""


def write_receipt(
    profile: Profile, batch: str, *, status: BatchStatus, lines: Sequence[LineVerdict] = (), code: str = "", reason: str = ""
) -> bytes:
    """A receipt in the profile's own format: what a person has read elsewhere, and what the reference server answers.

    Raises:
        PadisError: The profile has no code for a result, or its receipts do not name lines.
    """
    receipts, form = profile.receipts, profile.receipts.format
    if lines and (form.line is None or form.line_status is None):
        raise PadisError("The profile's receipts do not name lines; give the batch's result only.")
    whole: dict[str | None, str] = {form.batch: batch, form.code: code, form.reason: reason}
    if form.status:
        whole[form.status] = _spelled(receipts.batch, status)
    names = [name for name in (form.batch, form.status, form.line, form.line_status, form.code, form.reason) if name]
    names = list(dict.fromkeys(names))
    records = [
        {form.batch: batch, form.line: str(one.line), form.line_status: _spelled(receipts.lines, one.status)}
        | {form.code: one.code, form.reason: one.reason}
        for one in lines
    ]
    if isinstance(form.envelope, Xml | Json):
        head = {name: value for name, value in whole.items() if name}
    else:
        head, records = {}, [{**whole, form.line: "0"}, *records]
    rows = [[record.get(name, "") for name in names] for record in records]
    return envelopes.write(form.envelope, names=names, rows=rows, head=head)


def _spelled(table: Mapping[str, Any], meaning: str) -> str:
    found = next((name for name, value in table.items() if value == meaning), None)
    if found is None:
        raise PadisError(f'The profile has no result code for "{meaning}"; add one to receipts in the profile.')
    return found
