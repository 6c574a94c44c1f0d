"""Whatever goes wrong on the way, every record ends once in the receiver's store or is refused with its reason, and the ledger says so."""

from __future__ import annotations

import datetime as dt
import json
import random
import signal
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from hedui.context import Context
from hedui.ledger.database import begin
from hedui.padis import dispatch
from hedui.padis.batches import open_batches, parcel, read
from hedui.padis.inbound import settle, store
from hedui.padis.model import BatchState
from hedui.padis.office import Office
from hedui.padis.standing import counts, refused
from integration.padis.conftest import SITES, Bureau, Clock, Server, make_office, nothing
from integration.padis.people import births
from integration.padis.victim import POINTS

VICTIM = Path(__file__).with_name("victim.py")
TESTS = Path(__file__).resolve().parents[2]
SHARES = {"timeout": 0.08, "cut": 0.1, "lost": 0.1, "error": 0.06, "late": 0.12, "twice": 0.12, "throttle": 0.08}
PATIENT, HASTY = 60.0, 3.0
"""Seconds that are waited for an answer."""


@dataclass
class Line:
    """A bureau whose receiver and whose own process can be killed."""

    bureau: Bureau
    server: Server
    folder: Path
    timeout: float = PATIENT

    @property
    def order(self) -> dict[str, Any]:
        return {
            "ledger": self.bureau.office.ledger,
            "connections": {"padis": self.server.url},
            "site": str(SITES / "reference"),
            "folder": str(self.folder),
            "now": self.bureau.clock.now.isoformat(),
            "rows": self.bureau.office.profile.rows,
            "timeout": self.timeout,
        }

    def start(self, rows: list[dict[str, Any]], **more: Any) -> subprocess.Popen[str]:
        order = {**self.order, **more, "births": rows}
        command = [sys.executable, str(VICTIM), json.dumps(order, default=lambda value: value.isoformat())]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={"PYTHONPATH": str(TESTS), "PATH": ""})

    def killed(self, rows: list[dict[str, Any]], point: str, count: int = 1) -> None:
        victim = self.start(rows, point=point, count=count)
        _, said = victim.communicate(timeout=300)
        assert victim.returncode == -signal.SIGKILL, said


@pytest.fixture
def line_of(context: Context, tmp_path: Path, servers: Callable[[str], Server]) -> Iterator[Callable[..., Line]]:
    """Makes a line; ``own``: with a server that may be killed."""
    started: list[Server] = []

    def make(*, rows: int = 10, own: bool = False, timeout: float = PATIENT, **chances: Any) -> Line:
        clock = Clock()
        server = Server(tmp_path, "--hold", "60") if own else servers("reference")
        started.extend([server] if own else [])
        server.reset(**chances)
        office = make_office(context, "reference", {"padis": server.url}, clock)
        profile = office.profile.model_copy(update={"rows": rows, "per_minute": None})
        bureau = Bureau(patient(replace(office, profile=profile), timeout), clock, nothing, server.kept, server.store, server.plan)
        return Line(bureau, server, tmp_path, timeout)

    yield make
    for server in started:
        server.stop()


def patient(office: Office, seconds: float) -> Office:
    """The office, which waits so long for an answer."""
    transport = office.profile.transport.model_copy(update={"timeout_seconds": seconds})
    return replace(office, profile=office.profile.model_copy(update={"transport": transport}))


def ends_once(line: Line, expected: int) -> None:
    """Every record stands once there, or waits here with a reason; nothing is there twice; the two books agree."""
    bureau = line.bureau
    there, waiting = bureau.same_as_receiver(), list(refused(bureau.office))
    assert there + len(waiting) == expected
    assert all(one.reasons for one in waiting)
    kept = Counter((row["kind"], row["business_key"]) for row in bureau.store()["record"] if row["live"])
    assert set(kept.values()) <= {1}
    assert not open_batches(bureau.office, *dispatch.OPEN_BATCH)
    assert {row["state"] for row in counts(bureau.office)} <= {"ACCEPTED", "REJECTED"}


FAULTS = [
    pytest.param("timeout", "UNKNOWN", 1, id="takes and does not answer"),
    pytest.param("cut", "UNKNOWN", 1, id="breaks off in its answer"),
    pytest.param("lost", "UNKNOWN", 2, id="breaks off before taking"),
    pytest.param("error", "UNKNOWN", 2, id="fails before taking"),
    pytest.param("late", "SENT", 1, id="answers late"),
    pytest.param("throttle", "PACKED", 2, id="is busy"),
    pytest.param("twice", "ACCEPTED", 1, id="answers twice"),
]


@pytest.mark.parametrize(("fault", "state", "arrivals"), FAULTS)
def test_one_fault(line_of: Callable[..., Line], fault: str, state: str, arrivals: int) -> None:
    line = line_of()
    bureau = line.bureau
    bureau.take("birth", births(10))
    (batch,) = bureau.pack()
    bureau.plan([fault])
    office = patient(bureau.office, HASTY) if fault == "timeout" else bureau.office
    assert str(dispatch.send(office, batch).state) == state
    assert len(bureau.store()["arrival"]) == 2 - arrivals
    if state == "UNKNOWN":  # never blindly resent: a send is refused until the receiver was asked
        assert not dispatch.send(bureau.office, batch).done
        assert not dispatch.ask(bureau.office, batch).done, "it is too early to believe a `not known`"
        bureau.clock.advance(61)
        assert dispatch.ask(bureau.office, batch).state == ("ACCEPTED" if arrivals == 1 else "PACKED")
    bureau.run()
    assert [row["outcome"] for row in bureau.store()["arrival"]] == ["taken"]
    ends_once(line, 10)
    with begin(bureau.office.ledger) as connection:
        sends = connection.execute(text("SELECT count(*) FROM hedui.padis_event WHERE event = 'sending'")).scalar_one()
    assert sends == arrivals


@pytest.mark.parametrize("point", list(POINTS))
def test_a_process_that_is_killed_leaves_nothing_wrong(line_of: Callable[..., Line], point: str) -> None:
    line = line_of(refuse=0.2)
    rows = births(25)
    if point == "asking":
        line.bureau.plan(["cut"])
    line.killed(rows, point)
    line.bureau.clock.advance(3600)
    line.bureau.take("birth", rows)
    line.bureau.pack()
    line.bureau.run()
    ends_once(line, 25)


def test_faults_by_chance_and_replays(line_of: Callable[..., Line]) -> None:
    line = line_of(refuse=0.1, seed=7, shares=SHARES, timeout=HASTY)
    bureau = line.bureau
    bureau.take("birth", births(300))
    assert len(bureau.pack()) == 30
    bureau.run(turns=80, step=400)
    ends_once(line, 300)
    everything = open_batches(bureau.office, *BatchState)
    line.server.plan([""] * len(everything))
    for batch in everything:  # somebody sends it all once more, and all receipts come again
        sent = parcel(bureau.office, batch.id)
        request = urllib.request.Request(f"{line.server.url}/batches/{batch.id}", data=sent.content, method="PUT")
        urllib.request.urlopen(request, timeout=PATIENT).read()
    with begin(bureau.office.ledger) as connection:
        receipts = connection.execute(text("SELECT content FROM hedui.padis_receipt ORDER BY id")).scalars().all()
    outcomes = {settle(bureau.office, store(bureau.office, way="file", name="again", content=bytes(one))) for one in receipts}
    assert outcomes == {"duplicate"}
    ends_once(line, 300)


def test_the_receiver_is_killed_and_comes_back(line_of: Callable[..., Line]) -> None:
    line = line_of(own=True)
    bureau = line.bureau
    bureau.take("birth", births(30))
    first, *others = bureau.pack()
    bureau.plan(["cut"])
    dispatch.send(bureau.office, first)
    line.server.kill()
    assert {dispatch.send(bureau.office, batch).state for batch in others} == {BatchState.PACKED}
    bureau.clock.advance(400)
    assert dispatch.ask(bureau.office, first).state == BatchState.UNKNOWN
    line.server.restart()
    bureau.run()
    ends_once(line, 30)


def test_two_processes_do_not_send_one_batch_twice(line_of: Callable[..., Line]) -> None:
    line = line_of()
    office = line.bureau.office
    line.bureau.take("birth", births(10))
    (batch,) = line.bureau.pack()
    with office.holding(batch) as held:
        assert held
        left = dispatch.send(office, batch)
        assert (left.done, left.state) == (False, BatchState.PACKED)
    assert dispatch.send(office, batch).state == BatchState.ACCEPTED
    assert not dispatch.send(office, batch).done
    assert len(line.bureau.store()["arrival"]) == 1


def test_tries_are_used_up_and_a_person_releases(line_of: Callable[..., Line]) -> None:
    from hedui.padis.people import release

    line = line_of()
    bureau = line.bureau
    bureau.take("birth", births(10))
    (batch,) = bureau.pack()
    bureau.plan(["throttle"] * 5)
    assert bureau.run()["parked"] == 1
    parked = read(bureau.office, batch)
    assert (parked.state, parked.tries) == (BatchState.PARKED, 5)
    release(bureau.office, batch, to="send", reason="对方已恢复")
    bureau.run()
    ends_once(line, 10)


@pytest.mark.slow
def test_three_days_of_faults_and_kills(line_of: Callable[..., Line]) -> None:
    chance = random.Random(20261122)
    line = line_of(refuse=0.02, seed=3, shares=SHARES, rows=500, own=True, timeout=HASTY)
    expected = 0
    for day in range(3):
        rows = births(20_000 // 3, first=expected, month=dt.date(2026, 5, 1))
        expected += len(rows)
        for _ in range(4):
            victim = line.start([])
            line.bureau.take("birth", rows)
            line.bureau.pack()
            try:
                victim.wait(timeout=chance.uniform(0.5, 6))
            except subprocess.TimeoutExpired:
                victim.kill()
                victim.wait()
            if chance.random() < 0.5:
                line.server.kill()
                line.server.restart()
            line.bureau.clock.advance(7200)
        line.bureau.run(turns=200, step=400)
        ends_once(line, expected)
        line.bureau.clock.advance(86_400 * (day + 1))
