"""What many tests share, made once per session: a PostgreSQL server of their own, a small demo world, contexts over it."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from hedui.context import Context
from hedui.lake import Lake
from hedui.local.postgres import Postgres
from hedui.site import load_site

ROOT = Path(__file__).resolve().parents[1]
DEMO_SITE = ROOT / "include" / "sites" / "demo"
DEMO_PERSONS = 3000
DEMO_SEED = 11

os.environ["GX_ANALYTICS_ENABLED"] = "False"
os.environ.pop("COLUMNS", None)  # a parallel run tells its processes 80; commands are tested as they print into a pipe
# Airflow reads these when it is first imported, wherever that happens: an empty home, our DAGs, no examples, a database of its own.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="hedui-airflow-")
os.environ["AIRFLOW__CORE__DAGS_FOLDER"] = str(ROOT / "dags")
os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(ROOT / "plugins")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
atexit.register(shutil.rmtree, os.environ["AIRFLOW_HOME"], ignore_errors=True)


LONGEST = ("integration/test_night.py", "integration/test_kills.py", "integration/oracle/test_night.py", "e2e/test_live_")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the files that take longest first: whole nights and a live Airflow."""

    def rank(item: pytest.Item) -> int:
        path = item.path.relative_to(ROOT / "tests").as_posix()
        return next((number for number, beginning in enumerate(LONGEST) if path.startswith(beginning)), len(LONGEST))

    items.sort(key=rank)


@dataclass(frozen=True)
class DemoWorld:
    """A built demo world: its files with ``truth.parquet``, and the URLs of its intermediate databases by connection name."""

    inbox: Path
    urls: dict[str, str]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL server that ends with the session."""
    # Not below pytest's temporary folder: as root the server runs as another user, and each new pytest shuts that folder for others.
    with tempfile.TemporaryDirectory(prefix="hedui-test-") as folder:
        server = Postgres(Path(folder) / "data")
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def new_database(postgres_server: Postgres) -> Callable[[], str]:
    """Makes an empty database and gives its SQLAlchemy URL."""
    numbers = count(1)

    def make() -> str:
        name = f"test_{next(numbers)}"
        postgres_server.query("postgres", f'CREATE DATABASE "{name}"')
        return postgres_server.url(name)

    return make


@pytest.fixture(scope="session")
def demo_world(tmp_path_factory: pytest.TempPathFactory, postgres_server: Postgres) -> DemoWorld:
    """The demo world of 3,000 persons."""
    from hedui.demo.build import build_demo

    inbox = tmp_path_factory.mktemp("world")
    urls = {"shebao_db": postgres_server.url("shebao"), "shuiwu_db": postgres_server.url("shuiwu")}
    build_demo(persons=DEMO_PERSONS, seed=DEMO_SEED, out=inbox, urls=urls)
    return DemoWorld(inbox=inbox, urls=urls)


@pytest.fixture(scope="session")
def context_factory(
    tmp_path_factory: pytest.TempPathFactory, demo_world: DemoWorld, new_database: Callable[[], str]
) -> Callable[[str], Context]:
    """Makes contexts over the demo world, each with a lake, a reports folder and a ledger of its own; the name is the folder's."""
    from hedui.ledger.schema import upgrade

    site = load_site(DEMO_SITE)

    def make(name: str) -> Context:
        folder = tmp_path_factory.mktemp(name)
        ledger = new_database()
        upgrade(ledger)
        urls = {**demo_world.urls, "hedui_ledger": ledger}
        return Context(
            site=site,
            lake=Lake(str(folder / "lake")),
            reports=folder / "reports",
            inbox=str(demo_world.inbox),
            ledger_url=ledger,
            connection=urls.__getitem__,
            memory_limit="1GB",
            threads=2,
        )

    return make
