"""A reporting office on the demo site with a ledger of its own, a receiver behind any of the profiles' doors, and synthetic people."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from hedui.context import Context
from hedui.lake import Lake
from hedui.ledger.schema import upgrade
from hedui.local.processes import end_with_parent
from hedui.padis import intake, outgoing, ready, steps
from hedui.padis.build import drafts
from hedui.padis.fields import Kind
from hedui.padis.mock.desk import Desk, Kept
from hedui.padis.mock.faults import Faults
from hedui.padis.mock.sweep import create_tables, sweep_folder, sweep_table
from hedui.padis.office import Office, open_office
from hedui.padis.standing import standing
from hedui.site import load_site
from integration.padis.people import DATE

ROOT = Path(__file__).resolve().parents[3]
SITES = ROOT / "tests" / "sites" / "padis"
KEY = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"


@dataclass
class Clock:
    """A time that tests move on."""

    now: dt.datetime = dt.datetime(2026, 6, 3, 2, 0, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)


@dataclass
class Bureau:
    """An office and its receiver.

    Attributes:
        office: Who reports.
        clock: The office's time.
        act: Lets the receiver work through what lies before it, where it does not do so by itself.
        kept: What stands in the receiver's store.
        store: The receiver's whole store.
        plan: Lets the next requests meet faults.
    """

    office: Office
    clock: Clock
    act: Callable[[], object]
    kept: Callable[[], list[Kept]]
    store: Callable[[], dict[str, list[dict[str, Any]]]]
    plan: Callable[[list[str]], None]
    connections: dict[str, str] = field(default_factory=dict)

    def take(self, kind: Kind, rows: list[dict[str, Any]]) -> intake.Taken:
        return intake.collect(self.office, kind, drafts(kind, rows), date=DATE)

    def take_from(self, source: str, kind: Kind, rows: list[dict[str, Any]], date: dt.date) -> intake.Taken:
        """A named source's delivery of a date."""
        return intake.collect(self.office, kind, drafts(kind, rows), date=date, source=source)

    def pack(self, kind: Kind = "birth") -> tuple[str, ...]:
        ready.validate(self.office, kind, report=DATE)
        return outgoing.pack_records(self.office, kind, report=DATE)

    def run(self, *, turns: int = 40, step: float = 120) -> dict[str, int]:
        """Turns until nothing is under way."""
        counts: dict[str, int] = {}
        for _ in range(turns):
            counts = steps.turn(self.office, date=DATE).counts
            if not counts["open"]:
                return counts
            self.act()
            self.clock.advance(step)
        raise AssertionError(f"still under way after {turns} turns: {counts}")

    def same_as_receiver(self) -> int:
        """Compares the ledger with the receiver's store, record by record; how many there are."""
        ours = {(one.kind, one.business_key): (one.action, one.wire_digest) for one in standing(self.office)}
        theirs = {(one.kind, one.business_key): (one.action, one.wire) for one in self.kept()}
        assert ours == theirs
        return len(ours)


class Server:
    """The reference server as a process of its own, with a store that outlives it."""

    def __init__(self, folder: Path, *options: str, port: int = 0) -> None:
        self._folder, self._options = folder, options
        self._port = port
        self.restart()

    def restart(self) -> None:
        """Starts it (again), at the same address."""
        command = [sys.executable, "-m", "hedui.cli", "padis", "mock", "--port", str(self._port), "--store", "server.db"]
        with (self._folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *self._options],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=self._folder,
                preexec_fn=partial(end_with_parent),
            )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        assert self.url, "the server did not start; see server.log"
        self._port = int(self.url.rsplit(":", 1)[1])

    def kill(self) -> None:
        """Ends it as ``kill -9`` does."""
        self.process.kill()
        self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def ask(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data=data), timeout=60) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def plan(self, names: list[str]) -> None:
        self.ask("/_control/faults", names)

    def reset(self, **chances: Any) -> None:
        """Empties the store and begins with other chances."""
        self.ask("/_control/reset", chances)

    def store(self) -> dict[str, list[dict[str, Any]]]:
        told: dict[str, list[dict[str, Any]]] = self.ask("/_control/store")
        return told

    def kept(self) -> list[Kept]:
        return [Kept(**row) for row in self.store()["kept"]]

    def stop(self) -> None:
        if self.process.poll() is None:
            self.kill()


@pytest.fixture(autouse=True)
def _digest_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEDUI_DIGEST_KEY_PADIS", KEY)


@pytest.fixture
def context(tmp_path: Path, new_database: Callable[[], str]) -> Context:
    ledger = new_database()
    upgrade(ledger)
    (tmp_path / "inbox").mkdir()
    return Context(
        site=load_site(ROOT / "include" / "sites" / "demo"),
        lake=Lake(str(tmp_path / "lake")),
        reports=tmp_path / "reports",
        inbox=str(tmp_path / "inbox"),
        ledger_url=ledger,
        connection={}.__getitem__,
    )


def make_office(context: Context, site: str, connections: dict[str, str], clock: Clock) -> Office:
    found = open_office(replace(context, connection=connections.__getitem__), SITES / site, operator="tester")
    return replace(found, clock=clock)


def nothing() -> None:
    """A receiver that works by itself."""


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    """The reference server of a profile, one for all tests that do not kill it."""
    running: dict[str, Server] = {}

    def serve(site: str) -> Server:
        if site not in running:
            profile = [] if site == "reference" else ["--profile", str(SITES / "soap" / "province.yaml")]
            running[site] = Server(tmp_path_factory.mktemp("server"), *profile, "--hold", "60")
        return running[site]

    yield serve
    for server in running.values():
        server.stop()


@pytest.fixture
def bureau_of(
    context: Context, tmp_path: Path, new_database: Callable[[], str], servers: Callable[[str], Server]
) -> Iterator[Callable[..., Bureau]]:
    """Makes a bureau by the name of its site; ``refuse``: share of records that are refused by line."""
    started: list[Any] = []

    def make(site: str, *, refuse: float = 0) -> Bureau:
        clock = Clock()
        if site in ("reference", "soap"):
            server = servers(site)
            server.reset(refuse=refuse)
            connections = {"padis": server.url, "padis_wsdl": f"{server.url}/soap?wsdl"}
            office = make_office(context, site, connections, clock)
            return Bureau(office, clock, nothing, server.kept, server.store, server.plan)
        if site == "table":
            return _front(context, clock, tmp_path, new_database(), refuse)
        return _folders(context, site, clock, tmp_path, refuse, started)

    yield make
    for stop in started:
        stop()


def _front(context: Context, clock: Clock, folder: Path, url: str, refuse: float) -> Bureau:
    office = make_office(context, "table", {"padis_front": url}, clock)
    database = create_engine(url)
    create_tables(database, office.profile)
    desk = Desk(folder / "desk.db", office.profile.model_copy(update={"encryption": None}), Faults(refuse=refuse))
    return Bureau(office, clock, partial(sweep_table, desk, database), desk.kept, desk.told, desk.faults.plan)


def _folders(context: Context, site: str, clock: Clock, folder: Path, refuse: float, started: list[Any]) -> Bureau:
    connections = {}
    drop, receipts = folder / "inbox" / "padis" / "out", folder / "inbox" / "padis" / "receipts"
    if site == "sftp":
        from integration.sources.servers import sftp_server

        root = folder / "sftp"
        for name in ("out", "receipts"):
            (root / "inbox" / name).mkdir(parents=True)
        drop, receipts = root / "inbox" / "out", root / "inbox" / "receipts"
        manager = sftp_server(root)
        server = manager.__enter__()
        started.append(lambda: manager.__exit__(None, None, None))
        connections["padis_sftp"] = server.url()
    office = make_office(context, site, connections, clock)
    desk = Desk(folder / "desk.db", office.profile, Faults(refuse=refuse))
    return Bureau(office, clock, partial(sweep_folder, desk, drop, receipts), desk.kept, desk.told, desk.faults.plan)
