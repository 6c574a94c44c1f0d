"""A target in PostgreSQL and a context that reaches it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import DEMO_SITE
from hedui.context import Context
from hedui.corrections.run import ground
from hedui.lake import Lake
from hedui.local.postgres import Postgres
from hedui.site import load_site
from hedui.sources import retry
from integration.corrections.run.made import INSURED, PostgresTable


@pytest.fixture(scope="session")
def context_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Context]:
    """A context whose connection ``db`` is the URL; nothing else of it is used."""
    site, folder = load_site(DEMO_SITE), tmp_path_factory.mktemp("corrections")

    def make(url: str) -> Context:
        return Context(
            site=site,
            lake=Lake(str(folder / "lake")),
            reports=Path(folder / "reports"),
            inbox=str(folder),
            ledger_url="",
            connection={"db": url}.__getitem__,
        )

    return make


@pytest.fixture(scope="session")
def target_url(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
def insured(target_url: str) -> PostgresTable:
    return PostgresTable(target_url, INSURED)


@pytest.fixture
def context(context_of: Callable[[str], Context], target_url: str) -> Context:
    return context_of(target_url)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch, postgres_server: Postgres) -> list[float]:
    """Pauses between tries, noted instead of waited for; rehearsals on the server of the tests."""
    waited: list[float] = []
    monkeypatch.setattr(retry, "pause", waited.append)
    monkeypatch.setenv(ground.SERVER, postgres_server.url("postgres"))
    return waited
