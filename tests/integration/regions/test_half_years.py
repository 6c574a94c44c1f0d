"""Every pair of neighbouring half-years of the shipped data over a table with everyone in it, in PostgreSQL."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from hedui.regions.migrate import plan as plans
from hedui.regions.migrate.records import Logged
from hedui.regions.store import SHIPPED, Store
from hedui.site.regions import RegionSettings
from integration.regions.engine import Bench, Pass, Record, target

STORE = Store()
PAIRS = STORE.neighbours()


@dataclass(frozen=True)
class Told:
    """What the file says of a half-year, read without the code under test."""

    whole: dict[str, str]
    parts: dict[str, set[str]]


def told() -> dict[tuple[str, str], Told]:
    found: dict[tuple[str, str], Told] = defaultdict(lambda: Told({}, defaultdict(set)))
    with gzip.open(SHIPPED / "changes.csv.gz", "rt", encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            mine = found[(row["from_date"], row["to_date"])]
            if row["scope"] == "whole" and row["old_code"] and row["new_code"]:
                mine.whole[row["old_code"]] = row["new_code"]
            elif row["old_code"]:
                mine.parts[row["old_code"]].add(row["new_code"])
    return found


TOLD = told()


@pytest.fixture(scope="module")
def bench(new_database: Callable[[], str]) -> Bench:
    return Bench(new_database())


def everyone(start: dt.date, end: dt.date) -> list[Record]:
    """A row for every code of the table, and one for every township and village that a file of the half-year names."""
    places = [(code, "") for code in STORE.table(start).rows]
    subs = STORE.sub_changes_between(start, end)
    places += [(row.old_code[:6], row.old_code) for row in subs if row.old_code[:6] in STORE.table(start).rows]
    day = dt.date(2015, 5, 1)
    return [
        (number, f"99{number // 2:06d}", f"99U{number % 40}", number * 101, day, "201505", village, code, "")
        for number, (code, village) in enumerate(dict.fromkeys(places), start=1)
    ]


@pytest.mark.parametrize(("start", "end"), PAIRS, ids=lambda day: day.isoformat())
def test_whole_rows_move_parts_are_allocated_or_wait_and_everything_is_conserved(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: dt.date, end: dt.date
) -> None:
    monkeypatch.setattr(plans, "Store", lambda folders: STORE)  # the shipped files are read once
    plan = plans.make_plan(RegionSettings(targets=(target(),)), folder=tmp_path, start=start, end=end)
    rows = everyone(start, end)
    bench.fill(rows)
    work = Pass(bench, plan.resolver, target(), batch_rows=500)
    logged, before, after = work.forth()
    moved = bench.rows()

    mine = TOLD[(start.isoformat(), end.isoformat())]
    waiting = {old for old, _, _ in logged.queued}
    for old, new in zip(rows, moved, strict=True):
        assert old[:7] == new[:7]
        if old[7] in mine.whole:
            assert new[7] == mine.whole[old[7]]
        elif old[7] in mine.parts:
            assert new[7] in mine.parts[old[7]] or (new[7] == old[7] and old[7] in waiting)
        else:
            assert new[7] == old[7]
    outside = Counter(row[7] for row in moved if row[7] not in STORE.table(end).rows)
    assert outside == Counter({old: count for old, count in _queued(logged).items() if old not in STORE.table(end).rows})
    assert logged.rows == sum(1 for old, new in zip(rows, moved, strict=True) if old[7] != new[7])

    groups = [[item for item in measures if item.code is None and item.group] for measures in (before, after)]
    assert [item.content for item in groups[0]] == [item.content for item in groups[1]]
    for figure in ("rows", "fen"):
        totals = [[getattr(item, figure) for item in measures if item.code is None] for measures in (before, after)]
        assert totals[0] == totals[1]
    untouched = [{item.code: item.content for item in measures if item.code and not item.group} for measures in (before, after)]
    assert untouched[0] == untouched[1]
    assert work.back() == before
    assert bench.rows() == rows


def _queued(logged: Logged) -> Counter[str]:
    found: Counter[str] = Counter()
    for old, _, rows in logged.queued:
        found[old] += rows
    return found
