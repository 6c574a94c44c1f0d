"""A lake of its own around the demo site, for partitions made by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hedui.context import Context
from hedui.lake import Lake
from hedui.site import Site, load_site
from integration.checks.kit import Night

DEMO = Path(__file__).resolve().parents[3] / "include" / "sites" / "demo"


@pytest.fixture(scope="session")
def demo_site() -> Site:
    return load_site(DEMO)


@pytest.fixture(scope="session")
def make_night(tmp_path_factory: pytest.TempPathFactory, demo_site: Site) -> Callable[..., Night]:
    """Makes a night in a new lake; ``rules`` replaces the settings of the rules it names."""

    def make(*, rules: dict[str, Any] | None = None, **changes: Any) -> Night:
        folder = tmp_path_factory.mktemp("night")
        changes["rules"] = {**demo_site.rules, **(rules or {})}
        site = demo_site.model_copy(update=changes)
        return Night(
            context=Context(
                site=site,
                lake=Lake(str(folder / "lake")),
                reports=folder / "reports",
                inbox=str(folder),
                ledger_url="postgresql:///unused",
                memory_limit="1GB",
                threads=1,
            )
        )

    return make
