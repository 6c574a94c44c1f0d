"""The shape of a region code: 6 digits for a county and above, 9 for a township, 12 for a village, 15 for a group (2+2+2+3+3+3).

A code may be padded with zeros to the length of its column (``130428000000`` is the county 130428 in a column of villages). Codes are
text; a code says which level it is, and never where its people went.
"""

from __future__ import annotations

import re
from typing import Final, Literal

Level = Literal["province", "prefecture", "county", "township", "village", "group"]
LEVELS: Final[tuple[Level, ...]] = ("province", "prefecture", "county", "township", "village", "group")
LEVEL_LABELS: Final[dict[str, str]] = {
    "province": "省级",
    "prefecture": "地级",
    "county": "县级",
    "township": "乡级",
    "village": "村级",
    "group": "组级",
}
LENGTHS: Final = (6, 9, 12, 15)
_DIGITS = re.compile(r"[1-9][0-9]{5}(?:[0-9]{3}){0,3}", re.ASCII)


def shape_problem(code: str) -> str | None:
    """What is wrong with a code's shape, or None."""
    if len(code) not in LENGTHS:
        return f"has {len(code)} characters; a region code has 6, 9, 12 or 15 digits"
    if not _DIGITS.fullmatch(code):
        return "is not all digits, or begins with 0"
    bare = significant(code)
    if any(bare[start : start + 3] == "000" for start in range(6, len(bare), 3)):
        return "has a lower level below an empty one"
    return None


def significant(code: str) -> str:
    """The code without the zeros that only fill its column: ``130428000000`` → ``130428``."""
    while len(code) > 6 and code.endswith("000"):
        code = code[:-3]
    return code


def padded(code: str, length: int) -> str:
    """A significant code filled up with zeros to a column's length."""
    return code.ljust(length, "0")


def level_of(code: str) -> Level:
    """The level that a code's digits name."""
    bare = significant(code)
    if len(bare) > 6:
        return LEVELS[len(bare) // 3]
    if bare.endswith("0000"):
        return "province"
    return "prefecture" if bare.endswith("00") else "county"


def parents(code: str) -> tuple[str, ...]:
    """The codes above a code by its digits, the nearest first; whether they exist is for a table to say."""
    bare = significant(code)
    above = [bare[:size] for size in (12, 9, 6) if size < len(bare)]
    above += [f"{bare[:4]}00", f"{bare[:2]}0000"]
    return tuple(dict.fromkeys(item for item in above if item != bare))
