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
from hedui.corrections.run.overlay import OverlayLake
from hedui.lake import Lake
from hedui.site.models import SnapshotComparison

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


def planted(context: Context, expect: str, *, columns: str = IDENTITY) -> Counter[tuple[object, ...]]:
    with duckdb.connect() as connection:
        truth = connection.read_parquet(str(Path(context.inbox) / "truth.parquet"))
        return Counter(truth.filter(f"expect = '{expect}' AND scope LIKE 'link:%'").project(columns).fetchall())


def test_the_suggestions_are_the_planted_ones(linked: Context) -> None:
    expected, near = planted(linked, "hit"), planted(linked, "near")
    assert {line[2] for line in expected} == {"R24", "P14"}
    assert {line[0] for line in expected} == set(DATES)
    kinds = Counter(rule for _, _, rule, *_ in near)
    assert kinds.keys() == {"R24", "P14"}
    assert min(kinds.values()) >= 6
    assert suggestions(linked) == expected


def test_near_misses_inside_a_source_are_weighed_and_found_too_light(linked: Context, tmp_path: Path) -> None:
    comparison = linked.site.comparison("person_tiers")
    assert isinstance(comparison, SnapshotComparison)
    assert comparison.linkage is not None
    lenient = comparison.model_copy(update={"linkage": comparison.linkage.model_copy(update={"threshold": 0.01})})
    others = [item for item in linked.site.comparisons if item.id != comparison.id]
    site = linked.site.model_copy(update={"comparisons": (*others, lenient)})
    context = replace(linked, site=site, lake=OverlayLake(tmp_path, linked.lake))
    steps.link(context, comparison.id, DATES[0])
    files = context.lake.files(context.findings("link:person_tiers", DATES[0]))
    with duckdb.connect() as connection:
        suggested = {key for (key,) in connection.read_parquet(files).filter("rule = 'P14'").project("subject_key").fetchall()}
    near = planted(linked, "near", columns="rule, subject_key, note")
    weighed = {note: key in suggested for rule, key, note in near if rule == "P14"}
    # inside a source, only namesakes are brought together
    assert {note for note, there in weighed.items() if not there} == {"twins of one unit", "mother and daughter of one unit"}
    assert len(weighed) == 5


def test_a_day_on_which_a_tier_is_missing_has_no_suggestions_between_tiers(linked: Context) -> None:
    assert linked.lake.dates("findings", "link:person_tiers") == [DATES[0], DATES[2]]


def test_one_thread_and_two_give_the_same_bytes(linked: Context) -> None:
    partitions = [linked.findings(f"link:{item.id}", DATES[0]) for item in linked.site.linked]
    manifests = [linked.lake.manifest(partition) for partition in partitions]
    single = replace(linked, threads=1, lake=Lake(linked.lake.root))
    for comparison in linked.site.linked:
        steps.link(single, comparison.id, DATES[0])
    assert [linked.lake.manifest(partition).digest for partition in partitions] == [item.digest for item in manifests]
