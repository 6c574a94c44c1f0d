"""The demo's month made twice: by the product, and by pandas from the agencies' own tables and files."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from hedui import steps
from hedui.context import Context
from integration.statistics.recomputed import DATES, SOURCES, Recomputed, RecomputedAsReceived, differences


@pytest.fixture(scope="module")
def context(context_factory: Callable[[str], Context]) -> Context:
    made = context_factory("statistics")
    for date, source in product(DATES, SOURCES):
        steps.extract(made, source, date)
    return made


@pytest.mark.parametrize("recomputed", [Recomputed, pytest.param(RecomputedAsReceived, marks=pytest.mark.slow)])
def test_every_report_of_the_month_equals_its_recomputation(context: Context, recomputed: type[Recomputed]) -> None:
    checked, wrong = differences(context, recomputed(context))
    assert wrong == {}
    assert checked > 1_000
