"""Random histories of regions (merges, splits, renames, swaps, chains) over random rows, in PostgreSQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hedui.regions.mapping import RegionMap, compose
from integration.regions.engine import Bench, Pass, Record, resolver_of, target
from unit.regions.test_histories import CODES, history

History = tuple[frozenset[str], list[RegionMap]]
FEW = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def bench(new_database: Callable[[], str]) -> Bench:
    return Bench(new_database())


@st.composite
def people(draw: st.DrawFn) -> list[Record]:
    """Rows with codes of the histories, and others that no rule touches; some persons and units more than once."""
    drawn = draw(
        st.lists(
            st.tuples(st.sampled_from([*CODES, "990201"]), st.integers(0, 5), st.integers(-(10**9), 10**12), st.booleans()),
            max_size=40,
        )
    )
    day = dt.date(2000, 1, 1)
    return [
        (
            number,
            f"99{who:06d}",
            f"99U{who % 3}",
            fen,
            day + dt.timedelta(days=who),
            "199901" if closed else "200001",
            "",
            code,
            code,
        )
        for number, (code, who, fen, closed) in enumerate(drawn, start=1)
    ]


def there_and_back(bench: Bench, made: History, rows: list[Record], batch_rows: int) -> None:
    first, maps = made
    composed = compose(maps, codes=first)
    rows = [row for row in rows if row[7] in first or row[7] == "990201"]
    bench.fill(rows)
    closing = target(closed={"column": "period", "before": "199912"})
    work = Pass(bench, resolver_of(composed, known=CODES, before=first), closing, batch_rows=batch_rows)
    _, before, after = work.forth()
    moved = bench.rows()
    for old, new in zip(rows, moved, strict=True):
        rule = composed.rules.get(old[7])
        goes = rule is not None and len(rule.targets) == 1 and old[5] >= "199912"
        assert new == (*old[:7], rule.targets[0] if goes and rule else old[7], old[8])
    assert [item.content for item in before if item.code is None] == [item.content for item in after if item.code is None]
    assert work.back() == before
    assert bench.rows() == rows


def half_years_equal_the_whole(bench: Bench, made: History, rows: list[Record]) -> None:
    """One column goes half-year by half-year, another by the composed mapping."""
    first, maps = made
    composed = compose(maps, codes=first)
    rows = [row for row in rows if row[7] in first]
    bench.fill(rows)
    Pass(bench, resolver_of(composed, known=CODES, before=first), target(id="whole")).forth()
    for number, step in enumerate(maps):
        Pass(bench, resolver_of(step, known=CODES, before=CODES), target(id="steps", column="other"), run=f"s{number}").forth()
    for old, new in zip(rows, bench.rows(), strict=True):
        rule = composed.rules.get(old[7])
        if rule is None or rule.whole:
            assert new[7] == new[8] == (rule.targets[0] if rule else old[7])


@FEW
@given(history(splits=True), people(), st.integers(1, 9))
def test_there_and_back_is_identity(bench: Bench, made: History, rows: list[Record], batch_rows: int) -> None:
    there_and_back(bench, made, rows, batch_rows)


@FEW
@given(history(splits=True), people())
def test_half_year_by_half_year_equals_the_composed_mapping(bench: Bench, made: History, rows: list[Record]) -> None:
    half_years_equal_the_whole(bench, made, rows)


@pytest.mark.slow
@MANY
@given(history(splits=True), people(), st.integers(1, 9))
def test_there_and_back_is_identity_in_many_histories(bench: Bench, made: History, rows: list[Record], batch_rows: int) -> None:
    there_and_back(bench, made, rows, batch_rows)


@pytest.mark.slow
@MANY
@given(history(splits=True), people())
def test_many_half_years_equal_the_composed_mapping(bench: Bench, made: History, rows: list[Record]) -> None:
    half_years_equal_the_whole(bench, made, rows)
