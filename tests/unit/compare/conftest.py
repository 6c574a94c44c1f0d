"""Fixtures of the comparisons' tests: benches over tiny lakes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unit.compare import bench


@pytest.fixture
def make_bench(tmp_path: Path) -> Callable[[dict[str, Any]], bench.Bench]:
    """Makes a bench for a site given as data."""
    return lambda site: bench.Bench(bench.tiny_context(site, tmp_path))


@pytest.fixture
def people_site() -> dict[str, Any]:
    """A site of three tiers of persons."""
    return bench.people_site()
