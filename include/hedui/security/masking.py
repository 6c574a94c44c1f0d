"""Masks of the default profile (handbook §7.1) as Python functions; :mod:`hedui.security.masking_sql` has them as SQL expressions.

NULL stays NULL, empty text stays empty. What cannot be recognised is hidden rather than shown.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import os
import re
from collections.abc import Callable
from typing import Any, Final

from hedui.errors import HeduiError
from hedui.security.logs import install_log_filter, scrub
from hedui.security.patterns import ADDRESS, BORN, DATE, ID_NUMBER, KEY_PART, STARS

__all__ = [
    "PERSON_FIELDS",
    "install_log_filter",
    "mask_address",
    "mask_birth_date",
    "mask_card",
    "mask_certificate",
    "mask_field",
    "mask_id_number",
    "mask_key",
    "mask_name",
    "mask_phone",
    "mask_side_values",
    "mask_subject_key",
    "mask_text",
    "pseudonym",
    "scrub",
]

ADULT_AGE: Final = 18
MASK_KEY_VARIABLE: Final = "HEDUI_MASK_KEY"
MASK_KEY_LENGTH: Final = 16

_ADDRESS = re.compile(ADDRESS.replace(r"\x{4e00}-\x{9fff}", "\u4e00-\u9fff"))


def mask_name(value: str | None) -> str | None:
    """姓名: the first character and ``*`` for each further one; a name of one character is hidden whole."""
    if not value:
        return value
    return value[0] + "*" * (len(value) - 1) if len(value) > 1 else "*"


def mask_id_number(value: str | None) -> str | None:
    """身份证号: the first three and the last four characters, length kept; under 15 characters at most half, at the end."""
    if value is None or len(value) < 15:
        return _tail(value)
    return value[:3] + "*" * (len(value) - 7) + value[-4:]


def mask_phone(value: str | None) -> str | None:
    """手机: 3 + 4 ``*`` + 4 for eleven characters, otherwise as a card number."""
    if value is None or len(value) != 11:
        return _tail(value)
    return value[:3] + "****" + value[-4:]


def mask_card(value: str | None) -> str | None:
    """银行卡: the last four only, length kept."""
    return _tail(value)


def mask_certificate(value: str | None) -> str | None:
    """出生医学证明编号: the first character and the last three, length kept; under eight characters at most half, at the end."""
    if value is None or len(value) < 8:
        return _tail(value)
    return value[0] + "*" * (len(value) - 4) + value[-3:]


def mask_address(value: str | None) -> str | None:
    """地址: down to the county, where province or city is written before it."""
    if not value:
        return value
    match = _ADDRESS.match(value)
    return (match[1] + match[2] if match and match[1] else "") + "****"


def mask_birth_date(value: str | dt.date | None, *, at: dt.date | None = None) -> str | None:
    """出生日期: year and month; for minors, and where ``at`` (the day on which age counts) is not given, the year only."""
    written = value.isoformat() if isinstance(value, dt.date) else value
    if not written:
        return written
    match = re.search(DATE, written)
    if match is None:
        return "****"
    year, month, day = (int(part) for part in match.groups())
    if at is None or year * 10000 + month * 100 + day > at.year * 10000 + at.month * 100 + at.day - ADULT_AGE * 10000:
        return f"{match[1]}-**"
    return f"{match[1]}-{month:02d}-**"


def mask_key(value: str | None) -> str | None:
    """A person's key: an id number as such; of any other at most half of each part between slashes, at its end."""
    if value is None:
        return None
    if re.fullmatch(ID_NUMBER, value):
        return mask_id_number(value)
    return re.sub(KEY_PART, r"\1****\2\3", value)


def mask_text(value: str | None) -> str | None:
    """Any other text: what looks like an id number with a date of birth in it, as sole traders' unit numbers contain."""
    return None if value is None else re.sub(BORN, rf"\1{STARS}\2", value)


def mask_subject_key(subject_type: str, subject_key: str | None) -> str | None:
    """A finding's subject: persons masked, units, groups and batches shown."""
    return mask_key(subject_key) if subject_type == "person" else mask_text(subject_key)


_MASKED: Final[dict[Callable[[str | None], str | None], tuple[str, ...]]] = {
    mask_name: ("name", "child_name", "mother_name", "father_name", "midwife_name", "wife_name", "husband_name"),
    mask_id_number: (
        "id_number", "social_security_no", "mother_id_number", "father_id_number", "wife_id_number", "husband_id_number",
    ),
    mask_certificate: ("certificate_no", "birth_certificate_no"),
    mask_phone: ("phone",),
    mask_birth_date: ("birth_date", "birth_time"),
    mask_address: ("address", "birth_place", "township", "village", "house_no"),
    mask_card: ("card_no", "bank_account"),
    mask_key: (
        "person_no", "record_no", "registration_no", "service_certificate_no", "household_no",
    ),
}  # fmt: skip
PERSON_FIELDS: Final = {field: mask for mask, fields in _MASKED.items() for field in fields}
"""Canonical fields that hold personal data, with their masks; ``name`` counts for persons only, a unit's name is shown."""


def mask_field(field: str | None, value: str | None, *, subject_type: str, at: dt.date | None = None) -> str | None:
    """The value of a canonical field as it may be shown."""
    if field == "name" and subject_type != "person":
        return mask_text(value)
    if PERSON_FIELDS.get(field or "") is mask_birth_date:
        return mask_birth_date(value, at=at)
    return PERSON_FIELDS.get(field or "", mask_text)(value)


def mask_side_values(values: str | None, *, field: str | None, subject_type: str, at: dt.date | None = None) -> str | None:
    """A finding's ``side_values`` or ``raw_values`` with each side's value masked by its field.

    A side that holds an object is masked by the object's own keys. What is not a JSON object is hidden.
    """
    if values is None:
        return None
    try:
        sides = json.loads(values)
    except ValueError:
        return "{}"
    if not isinstance(sides, dict):
        return "{}"
    masked = {side: _masked_value(value, field, subject_type, at) for side, value in sides.items()}
    return json.dumps(masked, ensure_ascii=False, separators=(",", ":"))


def _masked_value(value: Any, field: str | None, subject_type: str, at: dt.date | None) -> Any:
    if isinstance(value, dict):
        return {key: _masked_value(item, key, subject_type, at) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked_value(item, field, subject_type, at) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float) and field not in PERSON_FIELDS:
        return value
    return mask_field(field, str(value), subject_type=subject_type, at=at)


def _tail(value: str | None) -> str | None:
    if not value:
        return value
    kept = min(4, len(value) // 2)
    return "*" * (len(value) - kept) + value[len(value) - kept :]


def mask_secret() -> bytes | None:
    """The deployment's secret for pseudonyms, from ``HEDUI_MASK_KEY``; None where it is not set.

    Raises:
        HeduiError: It is too short to protect anything.
    """
    secret = os.environ.get(MASK_KEY_VARIABLE, "")
    if not secret:
        return None
    if len(secret) < MASK_KEY_LENGTH:
        raise HeduiError(
            f"{MASK_KEY_VARIABLE} has {len(secret)} characters; give at least {MASK_KEY_LENGTH} random ones, for example from "
            "`openssl rand -hex 32`."
        )
    return secret.encode()


def pseudonym(value: str | None) -> str | None:
    """A stable token of 16 hex digits by which an authorised person can join masked rows (HMAC-SHA-256); None without a secret."""
    secret = mask_secret()
    if secret is None or value is None:
        return None
    return hmac.new(secret, value.encode(), hashlib.sha256).hexdigest()[:16]
