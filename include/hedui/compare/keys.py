"""Which rows of a side may be matched by their key: NULL, blank and placeholder keys are findings of their own."""

from __future__ import annotations

from typing import Final

EQUAL_DIGITS: Final[tuple[str, ...]] = tuple(digit * 18 for digit in "123456789")
"""Placeholders of one repeated digit; that of zeros is covered by :data:`ZEROS`."""

ZEROS: Final = "^(0+|000000[0-9]{8}0000)$"
"""Placeholders of zeros: all zeros, and an id number of which only the birth date is filled in."""

PLACEHOLDER_FIELDS: Final[frozenset[str]] = frozenset({"id_number", "social_security_no"})
"""Key fields in which placeholders are refused."""


def is_placeholder_field(name: str) -> bool:
    """Whether placeholders count as unusable in the key field ``name``."""
    return name in PLACEHOLDER_FIELDS
