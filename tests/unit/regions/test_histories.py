"""Random histories of regions: composed mappings equal half-years one by one, and going there and back is identity."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from hedui.regions.mapping import RegionMap, compose, region_map
from hedui.regions.model import Change
from hedui.regions.weights import restate

CODES = [f"9901{number:02d}" for number in range(1, 9)]
FIRST = dt.date(2000, 6, 30)


def day(step: int) -> dt.date:
    return dt.date(2000 + (step + 1) // 2, 6 if step % 2 == 0 else 12, 30)


@st.composite
def half_year(draw: st.DrawFn, step: int, living: frozenset[str], splits: bool) -> tuple[RegionMap, frozenset[str]]:
    """Random successors of some living codes: permutations, merges, recodes, splits, all at once."""
    start, end = day(step), day(step + 1)
    changes = []
    after = set(living)
    moving = draw(st.lists(st.sampled_from(sorted(living)), unique=True, max_size=4)) if living else []
    after -= set(moving)
    for old in moving:
        targets = draw(st.lists(st.sampled_from(CODES), min_size=1, max_size=3 if splits else 1, unique=True))
        common = {"from_date": start, "to_date": end, "old_code": old, "old_name": "", "new_name": "", "level": "county"}
        for new in targets:
            if len(targets) == 1:
                kind, scope = ("rename" if new == old else "recode"), "whole"
            else:
                kind, scope = "split", ("remain" if new == old else "part")
            changes.append(Change(**common, new_code=new, kind=kind, scope=scope))  # type: ignore[arg-type]
            after.add(new)
    return region_map(changes, start=start, end=end), frozenset(after)


@st.composite
def history(draw: st.DrawFn, *, splits: bool) -> tuple[frozenset[str], list[RegionMap]]:
    first = frozenset(draw(st.lists(st.sampled_from(CODES), min_size=1, unique=True)))
    living, maps = first, []
    for step in range(draw(st.integers(1, 5))):
        one, living = draw(half_year(step, living, splits))
        maps.append(one)
    return first, maps


def one_by_one(code: str, maps: list[RegionMap]) -> set[str]:
    """Where the people of a code can be after all half-years, step by step."""
    places = {code}
    for one in maps:
        places = {target for place in places for target in (one.rules[place].targets if place in one.rules else (place,))}
    return places


@settings(max_examples=300, deadline=None)
@given(history(splits=True))
def test_the_composed_mapping_equals_the_half_years_one_by_one(made: tuple[frozenset[str], list[RegionMap]]) -> None:
    first, maps = made
    composed = compose(maps, codes=first)
    for code in first:
        rule = composed.rules.get(code)
        assert (set(rule.targets) if rule else {code}) == one_by_one(code, maps)
        if rule and rule.whole:
            assert len(rule.targets) == 1


@settings(max_examples=300, deadline=None)
@given(history(splits=False), st.lists(st.tuples(st.sampled_from(CODES), st.integers(0, 10**9)), max_size=30))
def test_rows_go_there_and_back(made: tuple[frozenset[str], list[RegionMap]], rows: list[tuple[str, int]]) -> None:
    """Rows with a key log: the composed move, undone from the log, is identity, and people and fen are conserved per group."""
    first, maps = made
    composed = compose(maps, codes=first)
    held = [(code, fen) for code, fen in rows if code in first]
    log = [(number, code, composed.rules[code].targets[0]) for number, (code, _) in enumerate(held) if code in composed.rules]
    moved = list(held)
    for number, old, new in log:
        assert moved[number][0] == old
        moved[number] = (new, held[number][1])
    groups = composed.groups
    before, after = Counter[str](), Counter[str]()
    for (old, fen), (new, _) in zip(held, moved, strict=True):
        before[groups.get(old, old)] += fen
        after[groups.get(new, new)] += fen
    assert before == after
    for number, old, new in log:
        assert moved[number][0] == new
        moved[number] = (old, held[number][1])
    assert moved == held


@settings(max_examples=200, deadline=None)
@given(history(splits=True), st.dictionaries(st.sampled_from(CODES), st.integers(0, 10**12)))
def test_restated_totals_and_residuals_add_up_to_what_went_in(
    made: tuple[frozenset[str], list[RegionMap]], amounts: dict[str, int]
) -> None:
    first, maps = made
    composed = compose(maps, codes=first)
    held = {code: amount for code, amount in amounts.items() if code in first}
    result = restate(held, composed, ())
    assert sum(result.totals.values()) + sum(result.residual.values()) == sum(held.values())
