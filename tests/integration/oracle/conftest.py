"""The Oracle that these tests read: an emulator of our own, or the real one that ``ORACLE_TEST_DSN`` names.

``ORACLE_TEST_DSN`` is a SQLAlchemy URL, ``oracle+oracledb://user:password@host:1521?service_name=…``, of a user who may create tables
and has room for some 100,000 rows; tables of the tests are dropped and created anew. Everything else is the same on both.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal

import oracledb
import pytest
from sqlalchemy.engine import make_url

from hedui.local.postgres import Postgres
from hedui.local.processes import end_with_parent

BIN = Path("/usr/lib/postgresql/15/bin")
USER, PASSWORD = "APP", "tiger-99"


class Orafce(Postgres):
    """Debian's PostgreSQL 15, which has the extension orafce; started as ours is."""

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        self._bin = BIN


class Emulator:
    """The emulator's process; see ``emulator.py``."""

    def __init__(self, server: Postgres, presents: str) -> None:
        program = Path(__file__).with_name("emulator.py")
        self._process = subprocess.Popen(
            [sys.executable, str(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=partial(end_with_parent),
        )
        conninfo = f"host={server.socket_folder} user=postgres dbname=shebao"
        self.port = self._ask(conninfo=conninfo, users={USER: PASSWORD}, presents=presents)["port"]

    def _ask(self, **order: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    @property
    def url(self) -> str:
        return f"oracle+oracledb://{USER}:{PASSWORD}@127.0.0.1:{self.port}?service_name=EMULATOR"

    def fault(
        self,
        code: int,
        pattern: str = "",
        *,
        at: Literal["statement", "fetch", "connect", "commit", "committed"] = "statement",
        times: int = 1,
        after: int = 0,
    ) -> None:
        """Plans an error: at the matching statements (fetches, connects, commits) after the first ``after``, so many times."""
        self._ask(do="plan", pattern=pattern, code=code, at=at, times=times, after=after)

    def hide_scn(self) -> None:
        """Takes the right to read V$DATABASE."""
        self._ask(do="hide_scn")

    def clear(self) -> None:
        self._ask(do="clear")

    @property
    def raised(self) -> list[int]:
        """The planned errors that were raised, in order."""
        return list(self._ask(do="tell")["raised"])

    @property
    def statements(self) -> list[str]:
        return list(self._ask(do="tell")["statements"])

    @property
    def connects(self) -> int:
        return int(self._ask(do="tell")["connects"])

    @property
    def commits(self) -> int:
        return int(self._ask(do="tell")["commits"])

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)


@pytest.fixture(scope="session")
def orafce_server() -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory(prefix="hedui-test-") as folder:
        server = Orafce(Path(folder) / "data")
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def start_emulator(orafce_server: Postgres) -> Iterator[Callable[[str], Emulator]]:
    started: list[Emulator] = []

    def start(presents: str) -> Emulator:
        started.append(Emulator(orafce_server, presents))
        return started[-1]

    yield start
    for emulator in started:
        emulator.stop()


@pytest.fixture(scope="session")
def running_emulator(start_emulator: Callable[[str], Emulator]) -> Emulator:
    return start_emulator("23ai")


@pytest.fixture
def emulator(running_emulator: Emulator) -> Iterator[Emulator]:
    """The emulator without faults."""
    running_emulator.clear()
    yield running_emulator
    running_emulator.clear()


@pytest.fixture(scope="session")
def oracle_url(request: pytest.FixtureRequest) -> str:
    """URL of a real Oracle where there is one, else of the emulator."""
    real = os.environ.get("ORACLE_TEST_DSN")
    if real:
        return real
    emulator: Emulator = request.getfixturevalue("running_emulator")
    return emulator.url


def connect(url: str) -> oracledb.Connection:
    parsed = make_url(url)
    service = parsed.query["service_name"]
    return oracledb.connect(user=parsed.username, password=parsed.password, dsn=f"{parsed.host}:{parsed.port or 1521}/{service}")


@pytest.fixture
def run_sql(oracle_url: str) -> Callable[..., None]:
    """Runs statements and commits; on the given URL, or on the Oracle of the tests."""

    def run(*statements: str, url: str = oracle_url) -> None:
        with closing(connect(url)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()

    return run


@pytest.fixture(scope="session")
def new_tables(oracle_url: str) -> Callable[..., None]:
    """Makes tables anew, from their columns and types; on the given URL, or on the Oracle of the tests."""

    def make(tables: dict[str, dict[str, str]], *, url: str = oracle_url) -> None:
        with closing(connect(url)) as connection, connection.cursor() as cursor:
            for name, columns in tables.items():
                with suppress(oracledb.DatabaseError):  # there was none
                    cursor.execute(f"DROP TABLE {name}")
                cursor.execute(f"CREATE TABLE {name} ({', '.join(f'{column} {kind}' for column, kind in columns.items())})")

    return make


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


class Faults:
    """Plans errors on the emulator, which a real Oracle is spared."""

    def __init__(self, emulator: Emulator | None) -> None:
        self.emulator = self._emulator = emulator
        self._expected: list[int] = []

    def plan(self, faults: list[tuple[int, dict[str, Any]]]) -> None:
        self._expected = [code for code, _ in faults]
        if self._emulator is not None:
            self._emulator.clear()
            for code, options in faults:
                self._emulator.fault(code, **options)

    def all_raised(self) -> None:
        if self._emulator is not None:
            assert self._emulator.raised == self._expected


@pytest.fixture
def faults(request: pytest.FixtureRequest) -> Faults:
    emulator = None if os.environ.get("ORACLE_TEST_DSN") else request.getfixturevalue("emulator")
    return Faults(emulator)
