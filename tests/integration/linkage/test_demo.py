"""The demo world's persons under two numbers are suggested, all of them and nobody else, on every date, whatever the threads."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from hedui import steps
from hedui.context import Context
from hedui.lake import Lake

DATES = (dt.date(2026, 6, 3), dt.date(2026, 6, 4), dt.date(2026, 6, 5))
IDENTITY = "business_date, scope, rule, kind, subject_key, insurance, period, field"


@pytest.fixture(scope="module")
def linked(context_factory: Callable[[str], Context]) -> Context:
    """All dates read, compared and linked."""
    context = context_factory("linkage")
    for date in DATES:
        for source in context.site.sources:
            steps.extract(context, source.id, date)
        for comparison in context.site.linked:
            steps.compare(context, comparison.id, date)
            steps.link(context, comparison.id, date)
    return context


def suggestions(context: Context) -> Counter[tuple[object, ...]]:
    found: Counter[tuple[object, ...]] = Counter()
    for comparison in context.site.linked:
        scope = f"link:{comparison.id}"
        for date in context.lake.dates("findings", scope):
            with duckdb.connect() as connection:
                files = context.lake.files(context.findings(scope, date))
                found.update(connection.read_parquet(files).project(IDENTITY).fetchall())
    return found


def planted(context: Context, expect: str) -> Counter[tuple[object, ...]]:
    with duckdb.connect() as connection:
        truth = connection.read_parquet(str(Path(context.inbox) / "truth.parquet"))
        return Counter(truth.filter(f"expect = '{expect}' AND scope LIKE 'link:%'").project(IDENTITY).fetchall())


def test_the_suggestions_are_the_planted_ones(linked: Context) -> None:
    expected, near = planted(linked, "hit"), planted(linked, "near")
    assert {line[2] for line in expected} == {"R24", "P14"}
    assert {line[0] for line in expected} == set(DATES)
    assert len(near) >= 6
    assert suggestions(linked) == expected


def test_a_day_on_which_a_tier_is_missing_has_no_suggestions_between_tiers(linked: Context) -> None:
    assert linked.lake.dates("findings", "link:person_tiers") == [DATES[0], DATES[2]]


def test_one_thread_and_two_give_the_same_bytes(linked: Context) -> None:
    partitions = [linked.findings(f"link:{item.id}", DATES[0]) for item in linked.site.linked]
    manifests = [linked.lake.manifest(partition) for partition in partitions]
    single = replace(linked, threads=1, lake=Lake(linked.lake.root))
    for comparison in linked.site.linked:
        steps.link(single, comparison.id, DATES[0])
    assert [linked.lake.manifest(partition).digest for partition in partitions] == [item.digest for item in manifests]
