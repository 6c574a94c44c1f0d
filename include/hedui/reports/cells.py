"""Values on their way into cells: data never becomes a formula, control characters never break the file, fen become yuan."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from functools import lru_cache
from xml.sax.saxutils import escape

from hedui.reports.content import Kind, Value

EXCEL_EPOCH = dt.date(1899, 12, 30)
MAX_TEXT = 32_000  # Excel's limit is 32,767 characters a cell
NO_VALUE = "—"

_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_DANGEROUS = re.compile(r"^[=+\-@\t\r\n]")
_PLAIN_NUMBER = re.compile(r"^[+-]?\d+(\.\d+)?$")

INJECTION_SQL_PATTERN = r"^[=+\-@\t\r\n]"
PLAIN_NUMBER_SQL_PATTERN = r"^[+-]?[0-9]+([.][0-9]+)?$"
ILLEGAL_SQL_PATTERN = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x{fffe}\x{ffff}]"
SPECIAL_SQL_PATTERN = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x{fffe}\x{ffff}&<>]"
"""What XML forbids or has a meaning in XML."""


def safe_text(value: str) -> str:
    """``value`` as text that no spreadsheet takes for a formula.

    What begins with ``= + - @``, a tab or a line break gets an apostrophe in front (a plain signed number is harmless and stays);
    characters that XML forbids are dropped; text beyond Excel's limit is cut, with an ellipsis.
    """
    text = _ILLEGAL.sub("", value)
    if _DANGEROUS.match(text) and not _PLAIN_NUMBER.match(text):
        text = f"'{text}"
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"


def yuan(fen: int) -> Decimal:
    """Fen in yuan, exact."""
    return Decimal(fen).scaleb(-2)


def cell_value(value: Value, kind: Kind) -> str | int | float | Decimal | dt.date | None:
    """``value`` as the object that goes into a cell of a column of that kind; formulas are not handled here."""
    if isinstance(value, str):
        return safe_text(value)
    if kind in ("money", "diff") and isinstance(value, int):
        return yuan(value)
    if kind == "percent" and value is None:
        return NO_VALUE
    return value  # type: ignore[return-value]


def cell_xml(reference: str, style: int, value: Value, kind: Kind) -> str:
    """A cell of a long sheet as XML text: the same result as through openpyxl, many times faster."""
    cell = _escaped(value) if isinstance(value, str) else cell_value(value, kind)
    if cell is None or cell == "":
        return f'<c r="{reference}" s="{style}"/>'
    if isinstance(cell, str):
        return f'<c r="{reference}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{cell}</t></is></c>'
    if isinstance(cell, dt.date):
        return f'<c r="{reference}" s="{style}"><v>{(cell - EXCEL_EPOCH).days}</v></c>'
    return f'<c r="{reference}" s="{style}"><v>{cell}</v></c>'


@lru_cache(maxsize=1 << 16)
def _escaped(value: str) -> str:
    """Safe text as XML; most texts of a long sheet are names that come again and again."""
    return escape(safe_text(value))


def display_width(text: str) -> int:
    """Width in Latin characters: what is not Latin counts two."""
    return sum(1 if ord(character) < 0x2E80 else 2 for character in text)
