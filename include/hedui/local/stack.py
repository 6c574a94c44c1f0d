"""The embedded Airflow: its services as our children, restarted when one dies, stopped together."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from hedui.errors import HeduiError
from hedui.local import processes
from hedui.local.environment import airflow_environment, hedui_environment, passwords
from hedui.local.home import Home, write_private
from hedui.local.postgres import Postgres
from hedui.local.rest import Airflow
from hedui.site import load_site

SERVICES: dict[str, list[str]] = {
    "api-server": ["airflow", "api-server"],
    "scheduler": ["hedui.local.scheduler", "--skip-serve-logs"],
    "dag-processor": ["airflow", "dag-processor"],
    "triggerer": ["airflow", "triggerer", "--skip-serve-logs"],
}
"""Airflow's services: module and arguments of each. The run of ``make run`` needs no triggerer."""

DAG = "nightly_reconciliation"
HEAVY_POOL = "hedui_heavy"
_MOST_RESTARTS = 5
_STARTING_TIME = 180.0


@dataclass(kw_only=True)
class Stack:
    """One embedded installation at work. Only one process at a time has one, see :func:`running_stack`.

    Attributes:
        home: Where its state is.
        site: The site's folder.
        port: The API server's port.
        services: Which of :data:`SERVICES` to start.
        heavy_slots: Size of the pool for tasks that need much memory.
    """

    home: Home
    site: Path
    port: int
    services: tuple[str, ...] = tuple(SERVICES)
    heavy_slots: int = 1
    postgres: Postgres = field(init=False)
    _children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _restarts: dict[str, int] = field(default_factory=dict)
    _migration: subprocess.Popen[bytes] | None = None
    _airflow: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.postgres = Postgres(self.home.postgres)

    @property
    def url(self) -> str:
        """Address of the UI and the API."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Variables that the ``hedui`` command and the steps need to work on this installation."""
        return hedui_environment(self.home, self.postgres, site=self.site)

    def open(self) -> None:
        """Clears what a killed run has left, starts PostgreSQL, and begins to migrate Airflow's metadata in the background."""
        self.home.create()
        processes.adopt_orphans()
        processes.stop(processes.strays(self.home.airflow))
        self.postgres.start()
        site = load_site(self.site)
        passwords(self.home, site)
        self._airflow = airflow_environment(self.home, self.postgres, site=site, folder=self.site, port=self.port)
        if self._migrated.read_text(encoding="ascii") != self._schema() if self._migrated.exists() else True:
            self._migration = self._spawn("migration", ["airflow", "db", "migrate"])

    def start(self, *, wait: Callable[[str], None] = lambda _: None) -> None:
        """Starts the services and returns when all are healthy and the DAG is known.

        Args:
            wait: Hears what is being waited for.

        Raises:
            HeduiError: A service fails or is not ready in time; the message names its log.
        """
        self._finish_migration(wait)
        for name in self.services:
            self._children[name] = self._spawn(name, SERVICES[name])
        deadline = time.monotonic() + _STARTING_TIME
        with self.client() as airflow:
            while missing := self._not_ready(airflow):
                wait(missing)
                self.heal()
                if time.monotonic() > deadline:
                    raise HeduiError(
                        f"Airflow is not ready after {_STARTING_TIME:.0f} s: {missing} is missing; see {self.home.logs}."
                    )
                time.sleep(0.5)
            airflow.set_pool(HEAVY_POOL, slots=self.heavy_slots, description="一次只让一个占内存的任务运行")
        pids = {name: child.pid for name, child in self._children.items()}
        write_private(self.home.state, json.dumps({"url": self.url, "pids": pids}))

    def heal(self) -> None:
        """Restarts services that have died.

        Raises:
            HeduiError: A service has died more than five times.
        """
        for name, child in self._children.items():
            if child.poll() is None:
                continue
            # A killed scheduler's workers live on, and with them its database connection and the locks of its last transaction.
            processes.stop(processes.session(child.pid), patience=3.0)
            self._restarts[name] = self._restarts.get(name, 0) + 1
            if self._restarts[name] > _MOST_RESTARTS:
                raise HeduiError(f"Airflow's {name} dies again and again (exit code {child.returncode}); see {self._log(name)}.")
            self._children[name] = self._spawn(name, SERVICES[name])

    def stop(self) -> None:
        """Stops everything; nothing is left running."""
        children = [*self._children.values(), *([self._migration] if self._migration else [])]
        members = processes.family(child.pid for child in children)
        processes.stop([*members, *processes.strays(self.home.airflow)], patience=8.0)
        processes.stop(processes.strays(self.home.airflow), patience=2.0)  # forked while the first list was being made
        for child in children:
            child.wait(timeout=5)
        self._children.clear()
        self.postgres.stop()
        self.home.state.unlink(missing_ok=True)

    def pid(self, service: str) -> int:
        """Process id of a service."""
        return self._children[service].pid

    @contextmanager
    def client(self, *, role: str = "engineer") -> Iterator[Airflow]:
        """A REST client logged in as a role of the site."""
        password = json.loads(self.home.passwords.read_text(encoding="utf-8"))[role]
        airflow = Airflow(url=self.url, user=role, password=password)
        try:
            yield airflow
        finally:
            airflow.close()

    def _not_ready(self, airflow: Airflow) -> str:
        health = airflow.health()
        if not health:
            return "api-server"
        for name in ("scheduler", "dag_processor", "triggerer"):
            if name.replace("_", "-") in self.services and health.get(name) != "healthy":
                return name
        return "" if airflow.knows(DAG) else f"DAG {DAG}"

    @property
    def _migrated(self) -> Path:
        return self.home.airflow / "schema"

    def _schema(self) -> str:
        """Airflow's version with the revision that its metadata has; just the version where there is no metadata yet."""
        have = self.postgres.query("airflow", "SELECT 1 FROM pg_tables WHERE tablename = 'alembic_version'")
        revision = self.postgres.query("airflow", "SELECT version_num FROM alembic_version") if have else "none"
        return f"{version('apache-airflow')} {revision}"

    def _finish_migration(self, wait: Callable[[str], None]) -> None:
        if self._migration is None:
            return
        wait("Airflow's database")
        if self._migration.wait(timeout=300) != 0:
            raise HeduiError(f"Airflow's database cannot be prepared; see {self._log('migration')}.")
        self._migration = None
        self._migrated.write_text(self._schema(), encoding="ascii")

    def _log(self, name: str) -> Path:
        return self.home.logs / f"{name}.log"

    def _spawn(self, name: str, arguments: list[str]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", *arguments]
        return processes.spawn(command, environment=self._airflow, folder=self.home.airflow, log=self._log(name))


@contextmanager
def running_stack(
    *, home: Home, site: Path, port: int | None = None, services: tuple[str, ...] = tuple(SERVICES), heavy_slots: int = 1
) -> Iterator[Stack]:
    """Holds the installation for the block, with PostgreSQL running, and stops everything at its end.

    Raises:
        HeduiError: Another process holds it, the port is taken, or PostgreSQL does not start.
    """
    home.root.mkdir(parents=True, exist_ok=True)
    message = f"Hedui already runs below {home.root} (process {{pid}}); stop it with `make down`, or wait until it is done."
    with processes.exclusive(home.lock, message=message), processes.reserved_port(wanted=port) as free:
        stack = Stack(home=home, site=site, port=free, services=services, heavy_slots=heavy_slots)
        try:
            stack.open()
            yield stack
        finally:
            stack.stop()
