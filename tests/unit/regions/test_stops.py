"""Tables that look wrong ask a person: published ones with known errors, renumberings, and planted mistakes."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from hedui.regions.files import read_table
from hedui.regions.honesty import pair_stops, published_stops, table_stops
from hedui.regions.mapping import region_map
from hedui.regions.model import Change, Region, Table, table
from hedui.regions.store import SHIPPED, Store

STORE = Store()
BEFORE, AFTER = dt.date(2002, 12, 31), dt.date(2003, 12, 31)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("mca_201506", {"lingering:130604", "misnamed:210112"}, id="an abolished code stays eighteen months"),
        pytest.param("mca_201512", {"lingering:130604", "misnamed:210112", "misnamed:513201"}, id="a wrong name"),
        pytest.param("mca_201612", {"lingering:130604", "misnamed:360704"}, id="a wrong name of a new code"),
        pytest.param("mca_201712", set(), id="a table without mistakes"),
    ],
)
def test_published_tables_with_known_errors(name: str, expected: set[str]) -> None:
    published = STORE.published[name]
    assert {stop.id for stop in published_stops(published, STORE.table(STORE.latest(published.date)))} == expected


def test_a_published_table_that_lags_a_half_year() -> None:
    """2016-06: 24 codes are missing, among them one that was dropped by mistake (都江堰市) and one under a passing code (简阳市)."""
    published = STORE.published["mca_201606"]
    stops = {stop.id for stop in published_stops(published, STORE.table(dt.date(2016, 6, 30)))}
    assert {"lost:510181", "lost:510185", "lingering:510180", "lost:500154"} <= stops
    assert sum(1 for stop in stops if stop.startswith("lost:")) == 24


def test_a_published_table_that_is_shifted() -> None:
    """2005: the counties of Hainan stand one place off."""
    published = STORE.published["nbs_200506"]
    (shifted,) = [stop for stop in published_stops(published, STORE.table(dt.date(2005, 6, 30))) if stop.kind == "shifted"]
    assert {code[:4] for code in shifted.codes} == {"4690"}
    assert len(shifted.codes) >= 10


@pytest.mark.parametrize(
    ("name", "kind", "codes"),
    [
        ("swap_mca_jilin_2002_2003", "swapped", ("220281", "220282")),
        ("swap_mca_shaoguan_2002_2003", "swapped", ("440203", "440204")),
    ],
)
def test_swaps_are_seen_in_the_tables_alone(name: str, kind: str, codes: tuple[str, ...]) -> None:
    old, new = (
        read_table(SHIPPED / "special" / f"{name}_{side}.csv", date=date) for side, date in (("before", BEFORE), ("after", AFTER))
    )
    assert [(stop.kind, stop.codes) for stop in pair_stops(old, new, None) if stop.kind != "orphan"] == [(kind, codes)]


def test_a_rotation_is_seen_in_the_tables_alone() -> None:
    name = "rotation_nbs_hainan_2006_2007"
    old, new = (
        read_table(SHIPPED / "special" / f"{name}_{side}.csv", date=date) for side, date in (("before", BEFORE), ("after", AFTER))
    )
    (stop,) = [stop for stop in pair_stops(old, new, None) if stop.kind == "shifted"]
    assert len(stop.codes) == 13


def region(code: str, name: str, parent: str = "990100") -> Region:
    return Region(code=code, name=name, level="county", parent=parent)


CITY = [
    Region(code="990000", name="和省", level="province"),
    Region(code="990100", name="和对市", level="prefecture", parent="990000"),
]
OLD = table(BEFORE, [*CITY, *(region(f"99010{number}", name) for number, name in enumerate("甲乙丙丁", start=1))])


def change(old: str, new: str, **values: str) -> Change:
    defaults = {"old_name": "", "new_name": "", "kind": "recode", "scope": "whole", "level": "county"}
    return Change(from_date=BEFORE, to_date=AFTER, old_code=old, new_code=new, **{**defaults, **values})  # type: ignore[arg-type]


def stops(new: Table, *changes: Change) -> list[str]:
    return [stop.id for stop in pair_stops(OLD, new, region_map(changes, start=BEFORE, end=AFTER))]


def without(code: str) -> Table:
    return replace(OLD, date=AFTER, rows={key: row for key, row in OLD.rows.items() if key != code})


def test_planted_mistakes() -> None:
    assert stops(replace(OLD, date=AFTER)) == []
    assert stops(without("990103")) == ["lost:990103"]
    assert stops(replace(OLD, rows={**OLD.rows, "990109": region("990109", "戊")})) == ["unexplained:990109"]
    assert stops(replace(OLD, rows={**OLD.rows, "990101": region("990101", "己")})) == ["misnamed:990101"]
    assert stops(replace(OLD, date=AFTER), change("990101", "990102", kind="merge")) == ["lingering:990101"]
    assert stops(without("990101"), change("990101", "990105")) == ["lost:990105"]


def test_a_duplicate_and_an_orphan() -> None:
    doubled = table(AFTER, [*OLD.rows.values(), region("990101", "甲二"), region("990201", "庚", parent="990200")])
    assert [stop.id for stop in table_stops(doubled)] == ["duplicate:990101", "orphan:990200"]
