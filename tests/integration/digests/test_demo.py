"""On the demo world's first date the blind comparisons find what the plain ones find, by digest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from hedui import steps
from hedui.context import Context
from unit.compare.bench import Bench
from unit.digests.kit import KEY, VARIABLE, both_ways

DATE = dt.date(2026, 6, 3)


@pytest.fixture(scope="module")
def bench(context_factory: Callable[[str], Context]) -> Bench:
    context = context_factory("digests")
    for source in context.site.sources:
        steps.extract(context, source.id, DATE)
    return Bench(context)


@pytest.mark.parametrize("comparison", ["person_tiers", "registration_medical", "registration_tax", "unit_tax"])
def test_the_same_findings(bench: Bench, comparison: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY.hex())
    plain, blind = both_ways(bench, comparison)
    assert len(plain) > 10
    assert blind == plain
