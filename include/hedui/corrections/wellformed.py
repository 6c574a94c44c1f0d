"""Whether a text is a value that a canonical field may have: asked of what people call right, before anything is built on it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from hedui.canonical.schemas import Field, FieldType

FORMS: Final[dict[FieldType, tuple[str, str]]] = {
    "date": (r"\d{4}-\d{2}-\d{2}", "a date like 2026-06-03"),
    "time": (r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}", "a time like 2026-06-03 09:30:00"),
    "period": (r"\d{4}(0[1-9]|1[0-2])", "a month like 202606"),
    "fen": (r"-?\d{1,18}", "an amount in fen, a whole number"),
    "int": (r"-?\d{1,18}", "a whole number"),
    "rate": (r"\d{1,7}", "a rate in parts per million"),
    "number": (r"-?\d{1,9}(\.\d{1,3})?", "a number with at most three decimals"),
    "code": (r"[^?\s].*", "a canonical code"),
    "text": (r".*\S.*", "a text"),
}
"""What a value of each canonical type looks like, and what people are told of it."""


def well_formed(field: Field, value: str) -> bool:
    """Whether a text is a canonical value of the field."""
    if re.fullmatch(FORMS[field.type][0], value, re.ASCII | re.DOTALL) is None:
        return False
    try:
        if field.type in ("date", "time"):
            dt.datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def form_of(field: Field) -> str:
    """What a value of the field looks like, for messages."""
    return FORMS[field.type][1]
