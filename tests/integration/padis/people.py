"""Synthetic births and registrations; id numbers begin with 99, which no region has."""

from __future__ import annotations

import datetime as dt
from typing import Any

DATE = dt.date(2026, 6, 3)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
COUNTIES = ("460202", "460203", "460204", "460205")


def id_number(number: int) -> str:
    """A resident identity number with a right check digit."""
    body = f"990101{1985 + number % 15}{number % 12 + 1:02d}{number % 28 + 1:02d}{number % 1000:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def birth(number: int, *, month: dt.date = dt.date(2026, 5, 1), **changes: Any) -> dict[str, Any]:
    """A birth in a month."""
    day = month + dt.timedelta(days=number % 28)
    row: dict[str, Any] = {
        "certificate_no": f"V{460000000 + number}",
        "child_name": f"测试婴{number}",
        "sex": str(1 + number % 2),
        "birth_time": dt.datetime(day.year, day.month, day.day, number % 24, number % 60),
        "birth_place": "海南省三亚市",
        "region": COUNTIES[number % 4],
        "place_type": "1",
        "gestation_weeks": 38 + number % 4,
        "length_cm": 50.5,
        "weight_g": 3000 + number % 900,
        "mother_name": f"测试母{number}",
        "mother_id_type": "01",
        "mother_id_number": id_number(number),
        "institution_name": "测试医院",
        "issue_date": day + dt.timedelta(days=1),
        "birth_order": 1 + number % 3,
    }
    return {**row, **changes}


def births(count: int, *, first: int = 0, month: dt.date = dt.date(2026, 5, 1)) -> list[dict[str, Any]]:
    """Births of a month."""
    return [birth(number, month=month) for number in range(first, first + count)]


def registration(number: int, **changes: Any) -> dict[str, Any]:
    """A registration in May 2026."""
    row: dict[str, Any] = {
        "registration_no": f"DJ46020026{number:06d}",
        "registered_date": dt.date(2026, 5, 1 + number % 28),
        "wife_name": f"测试妻{number}",
        "wife_id_type": "01",
        "wife_id_number": id_number(number),
        "wife_registered_region": "460203",
        "wife_living_region": COUNTIES[number % 4],
        "husband_name": f"测试夫{number}",
        "husband_id_type": "01",
        "husband_id_number": id_number(number + 500),
        "husband_registered_region": "460204",
        "husband_living_region": "460202",
        "existing_children": 0,
        "birth_order": 1,
    }
    return {**row, **changes}
