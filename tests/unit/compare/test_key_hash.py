"""The pass joins hashes of keys: different keys with one hash must not change what is found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from hedui.compare import picking, snapshot

DAY = dt.date(2026, 6, 3)
COLUMNS = ("rule", "kind", "source", "subject_key", "field", "side_values")


def persons(side: str) -> list[dict[str, Any]]:
    """Forty persons of whom each side lacks some, holds some twice, and describes some otherwise."""
    rows = []
    for number in range(40):
        lacking, twice, other = number % 13 == "abc".index(side), number % 11 == "abc".index(side), number % 7 == "abc".index(side)
        row = {
            "person_no": f"{side}{number}",
            "id_number": None if number == 39 else f"9901011990010{number:05d}",
            "name": f"某{number}" if other else f"甲{number % 5}",
            "sex": "1",
            "birth_date": dt.date(1990, 1, 1 + number % 3),
            "region": "990101",
        }
        rows += [] if lacking else [row, row | {"person_no": f"{side}{number}x"}] if twice else [row]
    return rows


def compared(make_bench: Callable[..., Any], site: dict[str, Any], comparison: str) -> Any:
    bench = make_bench(site)
    for side in "abc":
        bench.put("person", side, DAY, persons(side))
    bench.run(comparison, DAY)
    return bench.brief(comparison, DAY, *COLUMNS), bench.balance(comparison, DAY)


@pytest.mark.parametrize("comparison", ["two", "three"])
@pytest.mark.parametrize("colliding", ["length", "ascii"], ids=["all keys collide", "all keys begin alike"])
def test_keys_with_one_hash_are_told_apart(
    make_bench: Callable[..., Any],
    people_site: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    comparison: str,
    colliding: str,
) -> None:
    people_site["sources"][2]["datasets"]["person"]["columns"]["sex"] = {"from": "SEX"}  # all sides deliver all fields
    expected = compared(make_bench, people_site, comparison)
    assert sum(expected[0].values()) > 20
    monkeypatch.setattr(snapshot, "KEY_HASH", colliding)
    assert compared(make_bench, people_site, comparison) == expected


@pytest.mark.parametrize("comparison", ["two", "three"])
def test_bitmaps_of_rows_change_nothing(
    make_bench: Callable[..., Any], people_site: dict[str, Any], monkeypatch: pytest.MonkeyPatch, comparison: str
) -> None:
    expected = compared(make_bench, people_site, comparison)
    monkeypatch.setattr(picking, "LARGEST", 0)  # no bitmap can hold the rows
    assert compared(make_bench, people_site, comparison) == expected
