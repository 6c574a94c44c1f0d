"""A bundle's values as papers may show them: masked by their field, and where that is not known by what the column is called."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from hedui.corrections.model import Cell, Change, Operation, Table, Value
from hedui.corrections.sql.dialects import number_text
from hedui.reports.cells import yuan
from hedui.security.masking import (
    PERSON_FIELDS,
    mask_address,
    mask_birth_date,
    mask_card,
    mask_field,
    mask_id_number,
    mask_key,
    mask_name,
    mask_phone,
    mask_text,
)

EMPTY: Final = "（空）"
LONGEST: Final = 40
"""Characters of a value that papers show."""
_LABELS: Final[tuple[tuple[str, Callable[[str | None], str | None]], ...]] = (
    ("姓名", mask_name),
    ("身份", mask_id_number),
    ("证件号", mask_id_number),
    ("社会保障号", mask_id_number),
    ("出生", mask_birth_date),
    ("电话", mask_phone),
    ("手机", mask_phone),
    ("地址", mask_address),
    ("账号", mask_card),
    ("卡号", mask_card),
    ("编号", mask_key),
)


def subject(table: Table, change: Change) -> str:
    """Which row it is, masked; text keys of units are shown as texts are."""
    key = "/".join(written(value) for value in change.key)
    return mask_key(key) or EMPTY if change.person else mask_text(key) or EMPTY


def shown(change: Change, table: Table, cell: Cell, value: Value) -> str:
    """A cell's value, masked, on one line; a code with what it means."""
    if value is None or value == "":
        return EMPTY
    text = written(value)
    column = table.column(cell.column)
    meaning = column.meaning(value)
    if meaning:
        return f"{text}（{meaning}）"
    masked = _by_field(change, cell, text) or _by_label(
        column.label or column.name, text, whole=change.operation is not Operation.UPDATE
    )
    line = " ".join((masked or EMPTY).split()) or "（空白）"
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…（共 {len(text)} 字）"


def written(value: Value) -> str:
    """A value as people write it."""
    if value is None:
        return EMPTY
    if isinstance(value, int | Decimal):
        return number_text(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "seconds")
    return value.isoformat() if isinstance(value, dt.date) else value


def _by_field(change: Change, cell: Cell, text: str) -> str | None:
    """Masked by the canonical field, where the change tells one per cell."""
    fields = change.field.split(",") if change.field else []
    if len(fields) != len(change.cells):
        return None
    field = fields[[item.column for item in change.cells].index(cell.column)]
    if field not in PERSON_FIELDS and change.operation is not Operation.UPDATE:
        return None
    return mask_field(field, text, subject_type="person" if change.person else "unit") if field in PERSON_FIELDS else None


def _by_label(label: str, text: str, *, whole: bool) -> str | None:
    """Masked by what the column is called; of whole rows whatever is not known to be harmless shows half at most."""
    for word, mask in _LABELS:
        if word in label:
            return mask(text)
    harmless = not whole or len(text) <= 4 or text.replace(".", "").replace("-", "").replace(":", "").replace(" ", "").isdigit()
    return mask_text(text) if harmless else mask_key(text)


def money(fen: int | None) -> str:
    """Fen as yuan with thousands, or a dash."""
    return "—" if fen is None else f"{yuan(fen):,.2f}"
