"""Every pair of neighbouring half-years of the shipped data, and the chains over ten years."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
from collections import Counter

import pytest

from hedui.regions.allocation import Allocator, Place
from hedui.regions.honesty import pair_stops
from hedui.regions.mapping import RegionMap, compose, region_map
from hedui.regions.migrate.resolve import Resolver
from hedui.regions.model import Region, Table, table
from hedui.regions.padis import padis_text, read_padis
from hedui.regions.store import SHIPPED, Store
from hedui.regions.versions import Versions, difference
from hedui.site.regions import Target

STORE = Store()
PAIRS = STORE.neighbours()
EACH = pytest.mark.parametrize(("start", "end"), PAIRS, ids=lambda day: day.isoformat())
TARGET = Target(id="people", connection="db", table="people", key=("id",), column="region")


def shipped(name: str) -> list[dict[str, str]]:
    """The rows of a file as it has them, read without the code under test."""
    with gzip.open(SHIPPED / name, "rt", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


ROWS = shipped("changes.csv.gz")
HISTORY = shipped("history.csv.gz")


def mapping(start: dt.date, end: dt.date) -> RegionMap:
    return region_map(STORE.changes_between(start, end), start=start, end=end)


def test_there_are_69_half_years_and_4009_changes() -> None:
    assert len(PAIRS) == 69
    assert len(STORE.changes) == len(ROWS) == 4009


@EACH
def test_whole_rows_move_and_no_code_outside_the_new_table_is_left(start: dt.date, end: dt.date) -> None:
    """One person per code: whole rows lead to the code of the file, parts and abolished codes wait, all others stay."""
    allocator = Allocator(mapping(start, end))
    rules = allocator.mapping.rules
    after: Counter[str] = Counter()
    waiting = set()
    for code in STORE.table(start).rows:
        decided = allocator.allocate(code, Place()) if code in rules else None
        if decided is None:
            after[code] += 1
        elif decided.new is None:
            waiting.add(code)
        else:
            after[decided.new] += 1
    mine = [row for row in ROWS if (row["from_date"], row["to_date"]) == (start.isoformat(), end.isoformat())]
    whole = {row["old_code"]: row["new_code"] for row in mine if row["scope"] == "whole" and row["old_code"] and row["new_code"]}
    assert {old: rules[old].targets[0] for old in rules if rules[old].whole and rules[old].targets} == whole
    parts = Counter(row["old_code"] for row in mine if row["scope"] in ("part", "remain") and row["old_code"])
    abolished = {row["old_code"] for row in mine if row["kind"] == "abolish"}
    assert waiting == {old for old, count in parts.items() if count > 1} | abolished
    assert set(after) <= set(STORE.table(end).rows)
    assert sum(after.values()) + len(waiting) == len(STORE.table(start).rows)


@EACH
def test_two_tables_alone_show_what_vanished_and_appeared_and_nothing_else(start: dt.date, end: dt.date) -> None:
    old, new = set(STORE.table(start).rows), set(STORE.table(end).rows)
    seen = difference(STORE.table(start), STORE.table(end))
    assert {row.code for row in seen.vanished} == old - new
    assert {row.code for row in seen.appeared} == new - old
    mine = [row for row in ROWS if (row["from_date"], row["to_date"]) == (start.isoformat(), end.isoformat())]
    renamed = {(before.code, before.name, after.name) for before, after in seen.renamed}
    renames = {(row["old_code"], row["old_name"], row["new_name"]) for row in mine if row["kind"] == "rename"}
    assert renames <= renamed
    told = {(row["new_code"], row["new_name"]) for row in mine}
    untold = {code for code, _, name in renamed if (code, name) not in told}
    assert untold <= {stop.partition(":")[2] for stop in KNOWN_STOPS.get(end, [])}
    first, last = as_filed(start), as_filed(end)
    both = first.keys() & last.keys()
    assert {code for code, _, _ in renamed} == {code for code in both if first[code][0] != last[code][0]}
    assert {pair[0].code for pair in seen.moved} == {code for code in both if first[code][1:] != last[code][1:]}


def as_filed(day: dt.date) -> dict[str, tuple[str, str, str]]:
    """Name, level and parent by code as the history has them, read without the code under test."""
    return {
        row["code"]: (row["name"], row["level"], row["parent"]) for row in HISTORY if row["first"] <= day.isoformat() <= row["last"]
    }


def test_a_county_that_gets_another_parent_has_moved_and_not_changed_its_name() -> None:
    def county(parent: str, name: str = "甲县") -> Table:
        rows = [
            Region(code="990100", name="和对市", level="prefecture"),
            Region(code="990101", name=name, level="county", parent=parent),
        ]
        return table(dt.date(2030, 6, 30), rows)

    seen = difference(county("990100"), county("990000"))
    assert [(before.parent, after.parent) for before, after in seen.moved] == [("990100", "990000")]
    assert (seen.renamed, seen.vanished, seen.appeared) == ((), (), ())
    seen = difference(county("990100"), county("990100", "乙县"))
    assert [(before.name, after.name) for before, after in seen.renamed] == [("甲县", "乙县")]
    assert seen.moved == ()


@pytest.mark.parametrize(
    ("code", "valid_from", "published", "source"),
    [
        pytest.param("360483", dt.date(2016, 3, 20), "2016-12", "国函〔2016〕58号", id="published nine months later"),
        pytest.param("130602", dt.date(2015, 4, 28), "2015-06", "国函〔2015〕73号", id="published in its own half-year"),
    ],
)
def test_the_published_date_is_kept_apart_from_the_effective_one(
    code: str, valid_from: dt.date, published: str, source: str
) -> None:
    version = Versions(STORE).versions(code)[-1]
    assert (version.valid_from, version.published, version.source) == (valid_from, published, source)


@EACH
def test_without_change_rows_nothing_moves_and_every_difference_stops(start: dt.date, end: dt.date) -> None:
    """A person per code of the old table: exactly the vanished codes are unexplained, and no row of a map is made for them."""
    old, new = STORE.table(start), STORE.table(end)
    nothing = region_map([], start=start, end=end)
    resolver = Resolver(
        mapping=nothing,
        allocator=Allocator(nothing),
        known=frozenset(new.rows),
        before=frozenset(old.rows),
        below={},
        institutions={},
    )
    assert resolver.rows(TARGET, old.rows, [(code, Place()) for code in old.rows]) == []
    assert set(resolver.unexplained(TARGET, dict.fromkeys(old.rows, 1))) == set(old.rows) - set(new.rows)
    stops = [(stop.kind, stop.codes[0]) for stop in pair_stops(old, new, nothing)]
    assert {code for kind, code in stops if kind == "lost"} == set(old.rows) - set(new.rows)
    assert {code for kind, code in stops if kind == "unexplained"} == set(new.rows) - set(old.rows)


@EACH
def test_the_seven_column_list_carries_a_half_year_there_and_back(
    start: dt.date, end: dt.date, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = STORE.changes_between(start, end)
    text, left_out = padis_text(rows)
    path = tmp_path_factory.mktemp("padis") / "QHDM_BGDZB.txt"
    path.write_bytes(text.encode())
    back = read_padis(path, start=start, end=end).changes
    carried = [row for row in rows if row not in left_out]
    assert {row.kind for row in left_out} <= {"abolish"}
    fields = ("old_code", "old_name", "new_code", "new_name", "kind", "scope")
    assert [[getattr(row, name) for name in fields] for row in back] == [[getattr(row, name) for name in fields] for row in carried]


KNOWN_STOPS = {dt.date(1987, 6, 30): ["lingering:420703"], dt.date(1997, 6, 30): ["orphan:500000"]}
"""What is wrong in the shipped tables themselves: a code that was abolished and used anew at once, and a province without a row."""


@EACH
def test_sound_tables_raise_no_stops(start: dt.date, end: dt.date) -> None:
    stops = pair_stops(STORE.table(start), STORE.table(end), mapping(start, end))
    assert [stop.id for stop in stops] == KNOWN_STOPS.get(end, [])


def test_the_composed_chain_equals_the_published_one() -> None:
    first, last = dt.date(2008, 12, 31), dt.date(2018, 6, 30)
    maps = [mapping(*pair) for pair in PAIRS if pair[0] >= first and pair[1] <= last]
    composed = compose(maps, codes=STORE.table(first).rows)
    found = set()
    for rule in composed.rules.values():
        for target in rule.targets:
            path = " ".join(f"{row.to_date}:{row.kind}:{row.old_code}>{row.new_code}" for row in rule.paths[target])
            found.add((rule.old, target, "whole" if rule.whole else "part", str(len(rule.targets)), path))
    with (SHIPPED / "chains_2008-12-31_2018-06-30.csv").open(encoding="utf-8") as handle:
        expected = {
            (row["old_code"], row["new_code"], row["scope"], row["n_targets"], row["path"]) for row in csv.DictReader(handle)
        }
    assert found == expected


def test_a_code_is_judged_by_the_version_in_force_on_the_day() -> None:
    versions = Versions(STORE)
    days = [(dt.date(2016, 9, 13), "valid"), (dt.date(2016, 9, 14), "ended")]
    assert [versions.judge("130421", day) for day, _ in days] == [judged for _, judged in days]
    assert [versions.judge("130407", day) for day, _ in days] == ["not_yet", "valid"]
    assert versions.judge("130407100203", dt.date(2017, 1, 1)) == "valid"
    assert versions.judge("1304071", dt.date(2017, 1, 1)) == "malformed"
    assert versions.judge("999999", dt.date(2017, 1, 1)) == "unknown"
    assert versions.judge_id_prefix("130421", dt.date(1960, 5, 1)) == "valid"


@pytest.mark.parametrize("date", STORE.dates[::6], ids=str)
def test_the_versions_of_a_tables_day_are_the_table(date: dt.date) -> None:
    versions = Versions(STORE)
    assert {item.code: (item.name, item.level, item.parent) for item in versions.at(date)} == {
        code: (row.name, row.level, row.parent) for code, row in STORE.table(date).rows.items()
    }


def test_a_trace_leads_over_recodes_and_renames_with_documents() -> None:
    steps = Versions(STORE).trace("532722")
    assert [(step.change.old_code, step.change.kind, step.change.new_code, step.change.doc_no) for step in steps] == [
        ("532722", "rename", "532722", "（85）国函字88号"),
        ("532722", "recode", "530821", "国函〔2003〕113号"),
        ("530821", "rename", "530821", "国函〔2007〕8号"),
    ]
