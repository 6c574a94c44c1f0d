"""Key maps: a side's own unit numbers become the other side's before anything is matched."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from unit.compare.maps import MAPPED_SITE

DAY = dt.date(2026, 6, 3)
ID1, ID2 = "990101199001010019", "990101199001010027"


@pytest.fixture
def bench(make_bench: Callable[..., Any]) -> Any:
    return make_bench(MAPPED_SITE)


UNIT = {"unit_no": "U1", "name": "甲公司"}
TAX_UNIT = {"unit_no": "T1", "tax_unit_no": "T1", "name": "甲公司"}
PAIR = {"unit_no": "U1", "tax_unit_no": "T1"}

UNIT_CASES = [
    pytest.param([UNIT], [TAX_UNIT], [PAIR], {}, id="mapped"),
    pytest.param([UNIT], [TAX_UNIT], [PAIR, PAIR], {}, id="the same pair twice is one map"),
    pytest.param([UNIT], [TAX_UNIT | {"name": "乙"}], [PAIR], {("E18", "ATTR", "tax", "U1", "name"): 1}, id="mapped, deviating"),
    pytest.param(
        [UNIT],
        [TAX_UNIT],
        [],
        {("U12", "KEYMAP", "tax", "T1", None): 1, ("E17", "ONLY_LEFT", "tax", "U1", None): 1},
        id="no map: nothing says which unit it is",
    ),
    pytest.param(
        [UNIT],
        [TAX_UNIT],
        [PAIR, PAIR | {"unit_no": "U2"}],
        {("U12", "KEYMAP", "tax", "T1", None): 1, ("E17", "ONLY_LEFT", "tax", "U1", None): 1},
        id="two maps",
    ),
    pytest.param(
        [UNIT],
        [TAX_UNIT, TAX_UNIT | {"tax_unit_no": "T2"}],
        [PAIR, PAIR | {"tax_unit_no": "T2"}],
        {("K02", "DUP", "tax", "U1", None): 1},
        id="two tax units of one unit are duplicates",
    ),
    pytest.param(
        [], [TAX_UNIT | {"tax_unit_no": None}], [PAIR], {("K01", "KEY", "tax", "no:T1", None): 1}, id="no number of its own: no key"
    ),
]


@pytest.mark.parametrize(("left", "right", "pairs", "expected"), UNIT_CASES)
def test_map_fills_the_key(bench: Any, left: Any, right: Any, pairs: Any, expected: dict[tuple[Any, ...], int]) -> None:
    bench.put("unit", "sb", DAY, left)
    bench.put("unit", "tax", DAY, right)
    bench.put("unit_map", "map", DAY, pairs)
    bench.run("units", DAY)
    assert bench.brief("units", DAY, "rule", "kind", "source", "subject_key", "field") == Counter(expected)


def enrolled(id_number: str = ID1, unit: str | None = "U1", **more: Any) -> dict[str, Any]:
    return {
        "person_no": f"P{id_number}",
        "id_number": id_number,
        "insurance": "110",
        "start_date": dt.date(2020, 1, 1),
        "unit_no": unit,
    } | more


def registered(id_number: str | None = ID1, unit: str | None = "T1", **more: Any) -> dict[str, Any]:
    return {"person_no": f"T{id_number}", "id_number": id_number, "insurance": "110", "tax_unit_no": unit} | more


PEOPLE_CASES = [
    pytest.param([enrolled()], [registered()], {}, id="mapped"),
    pytest.param([enrolled(unit="U9")], [registered()], {("E18", "ATTR", "tax", ID1, "110", "unit_no"): 1}, id="another unit"),
    pytest.param([enrolled(unit=None)], [registered(unit=None)], {}, id="without a unit on both sides"),
    pytest.param(
        [enrolled()], [registered(unit=None)], {("E18", "ATTR", "tax", ID1, "110", "unit_no"): 1}, id="no unit against a unit"
    ),
    pytest.param(
        [enrolled()], [registered(unit="T9")], {("U12", "KEYMAP", "tax", "T9", None, None): 1}, id="no map: registered all the same"
    ),
    pytest.param(
        [enrolled(), enrolled(ID2)],
        [registered(unit="T9"), registered(ID2, "T9")],
        {("U12", "KEYMAP", "tax", "T9", None, None): 1},
        id="one finding per unmapped number",
    ),
    pytest.param(
        [enrolled()],
        [registered(unit="T9"), registered()],
        {("U12", "KEYMAP", "tax", "T9", None, None): 1},
        id="a mapped row beside the unmapped one is matched",
    ),
    pytest.param(
        [],
        [registered(None, "T9")],
        {("K01", "KEY", "tax", "no:TNone", "110", None): 1},
        id="an unusable key comes before a missing map",
    ),
]


@pytest.mark.parametrize(("left", "right", "expected"), PEOPLE_CASES)
def test_map_fills_a_compared_field(bench: Any, left: Any, right: Any, expected: dict[tuple[Any, ...], int]) -> None:
    bench.put("enrolment", "sb", DAY, left)
    bench.put("tax_registration", "tax", DAY, right)
    bench.put("unit_map", "map", DAY, [PAIR])
    bench.run("people", DAY)
    assert bench.brief("people", DAY, "rule", "kind", "source", "subject_key", "insurance", "field") == Counter(expected)
    for figures in bench.balance("people", DAY).values():
        assert figures["rows"] == sum(value for name, value in figures.items() if name not in ("rows", "rejected"))


def test_a_missing_map_skips(bench: Any) -> None:
    bench.put("unit", "sb", DAY, [UNIT])
    bench.put("unit", "tax", DAY, [TAX_UNIT])
    summary = bench.run("units", DAY)
    assert (summary.state, summary.reason) == ("skipped", "缺少数据：来源map")
