"""Synthetic persons for the linkage's tests, and their numbers by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def valid(first17: str) -> str:
    """The number with its check digit (GB 11643)."""
    return first17 + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(first17, WEIGHTS, strict=True)) % 11]


def swapped(number: str, position: int) -> str:
    """The number with the digits at ``position`` (from 0) and after it exchanged."""
    return number[:position] + number[position + 1] + number[position] + number[position + 2 :]


def other_digit(number: str, position: int) -> str:
    """The number with another digit at ``position`` (from 0)."""
    return number[:position] + str((int(number[position]) + 1) % 10) + number[position + 1 :]


def person(id_number: str, name: str = "王小明", **more: Any) -> dict[str, Any]:
    """A row of dataset person; sex and birth date fit the number."""
    born = dt.date(int(id_number[6:10]), int(id_number[10:12]), int(id_number[12:14])) if len(id_number) == 18 else None
    sex = ("2", "1")[int(id_number[16]) % 2] if born else None
    return {
        "person_no": f"P{id_number}",
        "id_number": id_number,
        "name": name,
        "birth_date": born,
        "sex": sex,
        "region": "990101",
    } | more
