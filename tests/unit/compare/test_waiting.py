"""A side is given days before what it lacks is missed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

BORN = dt.date(2026, 5, 4)
LAST = BORN + dt.timedelta(days=30)
KEY = "990101199001010019"


def newborn(**more: Any) -> dict[str, Any]:
    return {"person_no": "P1", "id_number": KEY, "name": "甲", "sex": "1", "birth_date": BORN, "region": "990101"} | more


@pytest.fixture
def bench(make_bench: Callable[..., Any], people_site: dict[str, Any]) -> Any:
    after = {"field": "birth_date", "days": 30}
    two = people_site["comparisons"][1]
    two["presence"] = [{"rule": "F22", "after": after}]
    people_site["comparisons"].append(
        two | {"id": "one_way", "presence": [{"rule": "F22", "missing": "b", "after": after}, {"rule": "F16"}]}
    )
    return make_bench(people_site)


def found(bench: Any, date: dt.date, *, left: list[Any], right: list[Any], comparison: str = "two") -> dict[tuple[Any, ...], int]:
    bench.put("person", "a", date, left)
    bench.put("person", "b", date, right)
    bench.run(comparison, date)
    assert {side: figures["one_sided"] for side, figures in bench.balance(comparison, date).items()} == {
        "a": len(left),
        "b": len(right),
    }
    return dict(bench.brief(comparison, date, "rule", "kind", "subject_key"))


@pytest.mark.parametrize("mirrored", [False, True], ids=["left has it", "right has it"])
def test_a_key_is_missed_on_the_day_after_the_last(bench: Any, mirrored: bool) -> None:
    sides = {"left": [], "right": [newborn()]} if mirrored else {"left": [newborn()], "right": []}
    assert found(bench, LAST, **sides) == {}
    expected = {("F22", "ONLY_RIGHT" if mirrored else "ONLY_LEFT", KEY): 1}
    assert found(bench, LAST + dt.timedelta(days=1), **sides) == expected


def test_without_a_date_no_time_is_given(bench: Any) -> None:
    assert found(bench, LAST, left=[newborn(birth_date=None)], right=[]) == {("F22", "ONLY_LEFT", KEY): 1}


def test_time_is_given_to_the_named_side_alone(bench: Any) -> None:
    assert found(bench, LAST, left=[newborn()], right=[], comparison="one_way") == {}
    assert found(bench, LAST, left=[], right=[newborn()], comparison="one_way") == {("F16", "ONLY_RIGHT", KEY): 1}
