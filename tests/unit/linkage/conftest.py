"""A bench whose comparisons are linked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from hedui.linkage.run import run_linkage
from hedui.steps import StepSummary
from unit.compare.bench import Bench, Row, people_site, source, tiny_context

DAY = dt.date(2026, 6, 3)
FIELDS = ("person_no", "id_number", "name", "sex", "birth_date", "unit_no", "region")


class LinkBench(Bench):
    """Compares, links, reads suggestions."""

    def link(self, comparison: str, *sides: Iterable[Row]) -> StepSummary:
        """Puts the sides' persons, compares and links them."""
        for key, rows in zip("abc", sides, strict=False):
            self.put("person", key, DAY, rows)
        self.run(comparison, DAY)
        return run_linkage(self.context, comparison, DAY)

    def suggested(self, comparison: str) -> list[tuple[str, str]]:
        """Rule and subject of the suggestions, in order of the subjects."""
        return sorted((row["rule"], row["subject_key"]) for row in self.findings(f"link:{comparison}", DAY))


def linked_site(**linkage: Any) -> dict[str, Any]:
    """The site of three tiers of persons with their units; all comparisons are linked."""
    site = people_site()
    sources = [source(key, f"ag_{key}", {"person": FIELDS}) for key in "abc"]
    return site | {"sources": sources, "comparisons": [row | {"linkage": linkage} for row in site["comparisons"]]}


@pytest.fixture
def make_linked(tmp_path: Path) -> Callable[..., LinkBench]:
    """Makes a bench; keyword arguments are the site's linkage settings."""
    return lambda **linkage: LinkBench(tiny_context(linked_site(**linkage), tmp_path))
