"""The tests' secret, and benches over tiny lakes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unit.compare.bench import Bench, tiny_context
from unit.digests.kit import KEY, VARIABLE


@pytest.fixture(autouse=True)
def common_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both agencies have the key ``test``."""
    monkeypatch.setenv(VARIABLE, KEY.hex())


@pytest.fixture
def make_bench(tmp_path: Path) -> Callable[[dict[str, Any]], Bench]:
    """Makes a bench for a site given as data."""
    return lambda site: Bench(tiny_context(site, tmp_path))
