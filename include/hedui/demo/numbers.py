"""Check characters of the numbers that people and units carry, computed for whole columns at once.

GB 11643 gives the last character of a citizen number, GB 32100 that of a unified social credit code (with the organisation code's
own check character inside).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

ID_WEIGHTS: Final = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)
ID_CHECKS: Final = "10X98765432"
USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_WEIGHTS: Final = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ORG_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)

Ints = NDArray[np.int64]


def id_check_index(first17: Ints) -> Ints:
    """Position in ``10X98765432`` of the check character of each 17-digit number (the weighted sum modulo 11)."""
    total = np.zeros(len(first17), dtype=np.int64)
    rest = first17.astype(np.int64, copy=True)
    for weight in ID_WEIGHTS[::-1]:
        total += (rest % 10) * weight
        rest //= 10
    return np.asarray(total % 11, dtype=np.int64)


def id_check(first17: str) -> str:
    """The check character of one citizen number's first 17 digits."""
    return ID_CHECKS[int(id_check_index(np.array([int(first17)], dtype=np.int64))[0])]


def org_check(first8: str) -> str:
    """The check character of an organisation code's first 8 characters (GB 11714)."""
    total = sum(USCC_ALPHABET.index(char) * weight for char, weight in zip(first8, ORG_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


def uscc_check(first17: str) -> str:
    """The check character of a unified social credit code's first 17 characters."""
    total = sum(USCC_ALPHABET.index(char) * weight for char, weight in zip(first17, USCC_WEIGHTS, strict=True))
    return USCC_ALPHABET[(31 - total % 31) % 31]


def uscc(*, region: str, serial: int) -> str:
    """A valid unified social credit code of a company (91) registered in ``region``, made from a serial number."""
    org = f"{serial:08d}"
    first17 = f"91{region}{org}{org_check(org)}"
    return first17 + uscc_check(first17)


def id_numbers(*, district: Ints, births: NDArray[Any], serial: Ints) -> list[Any]:
    """First 17 digits and check index of citizen numbers of district ``990100 + district``.

    Args:
        district: 1 to 6.
        births: Dates (``datetime64[D]``).
        serial: Three-digit sequence; odd for men, even for women.

    Returns:
        The pair (first 17 digits as integers, index into ``10X98765432``).
    """
    months = births.astype("datetime64[M]")
    year = births.astype("datetime64[Y]").astype(np.int64) + 1970
    month = months.astype(np.int64) % 12 + 1
    day = (births - months.astype("datetime64[D]")).astype(np.int64) + 1
    first17 = (990100 + district) * 10**11 + (year * 10000 + month * 100 + day) * 1000 + serial
    return [first17, id_check_index(first17)]
