"""Each step of the run is killed wherever it has done something outside of itself, and started again: nothing lost, nothing twice."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

from conftest import DEMO_SITE
from hedui import audit
from hedui.context import Context
from hedui.corrections.dispatch.follow import receipt_name
from hedui.corrections.dispatch.judge import Verdict
from hedui.corrections.dispatch.receipts import Receipt, Result, write_receipt
from hedui.corrections.frozen import frozen_bundle
from hedui.corrections.ledger import list_bundles, read_bundle
from hedui.corrections.run import ground
from hedui.corrections.states import CaseState, State
from hedui.lake import Lake
from hedui.ledger.schema import upgrade
from hedui.local.postgres import Postgres
from hedui.site import load_site
from integration.corrections import night_world
from integration.corrections.night_world import DAY, NightWorld, number

VICTIM = Path(__file__).with_name("flow_victim.py")
KEY = "the key that both sides have agreed on"
MOST = 500
pytestmark = pytest.mark.slow


class Way:
    """A bundle's way: its steps in processes that die, until none is left to die at."""

    def __init__(self, world: NightWorld, *, target: str, thorough: bool) -> None:
        self.world = world
        self.deaths: list[str] = []
        self._order: dict[str, Any] = {
            "lake": world.context.lake.root, "reports": str(world.context.reports), "inbox": world.context.inbox, "url": world.url,
            "date": DAY.isoformat(), "target": target, "judged": thorough, "thorough": thorough,
        }  # fmt: skip
        paths = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(
            [sys.executable, str(VICTIM)], stdin=PIPE, stdout=PIPE, text=True, env={**os.environ, "PYTHONPATH": paths}
        )

    def step(self, name: str) -> Any:
        """Walks a step until it comes to its end; what it says then."""
        seen: list[str] = []
        for _ in range(MOST):
            answer = self._ask({**self._order, "step": name, "seen": seen})
            if not answer["killed"]:
                assert answer["code"] == 0, f"{name} after {seen}"
                self.deaths += [f"{name}: {label}" for label in seen]
                return json.loads(answer["said"])
            seen.append(answer["killed"])
        raise AssertionError(f"{name} is killed for ever: {seen[-3:]}")

    def bundle(self, name: str) -> None:
        """The bundle that the next steps are about."""
        self._order["bundle"] = name

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)


@pytest.fixture
def world(
    tmp_path: Path, new_database: Callable[[], str], postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> NightWorld:
    """The city and the province have wrong months of one person, the province of another; the city lacks a third one's record."""
    url = new_database()
    upgrade(url)
    monkeypatch.setenv(ground.SERVER, postgres_server.url("postgres"))
    monkeypatch.setenv("HEDUI_DISPATCH_KEY", KEY)
    (tmp_path / "inbox").mkdir()
    context = Context(
        site=load_site(DEMO_SITE), lake=Lake(str(tmp_path / "lake")), reports=tmp_path / "reports", inbox=str(tmp_path / "inbox"),
        ledger_url=url, connection={"shebao_db": url}.__getitem__,
    )  # fmt: skip
    made = NightWorld(context=context, url=url)
    made.everywhere()
    for source in ("shebao", "sheng"):
        made.of(source)[0]["months_paid"] = 110
    made.of("sheng")[1]["months_paid"] = 115
    del made.of("shebao")[2]
    made.night()
    made.make_table()
    return made


@pytest.fixture
def way(world: NightWorld, request: pytest.FixtureRequest) -> Iterator[Way]:
    target, thorough = request.param
    made = Way(world, target=target, thorough=thorough)
    yield made
    made.close()


def acts(world: NightWorld, bundle: str) -> Counter[str]:
    return Counter(str(event.act) for event in read_bundle(world.context, bundle).events if event.act)


def months(world: NightWorld) -> dict[str, tuple[int, str | None]]:
    return {row[0]: (row[1], row[2]) for row in world.rows(columns="aac001, aae201, xgpc")}


def planned(way: Way) -> str:
    (bundle,) = way.step("plan")
    way.bundle(bundle)
    assert way.step("prepare") == State.REHEARSED
    assert way.step("gather") == [bundle]
    assert way.step("business") == "manager"
    return str(bundle)


@pytest.mark.parametrize(
    "way",
    [pytest.param(("shebao", False), id="where something came to be"),
     pytest.param(("shebao", True), id="everywhere", marks=[pytest.mark.slow, pytest.mark.timeout(3000)])],
    indirect=True,
)  # fmt: skip
def test_a_bundle_that_is_killed_at_every_step_is_executed_once_closed_once_and_put_back_once(way: Way) -> None:
    world = way.world
    before = months(world)
    assert before == {number("shebao", 0): (110, None), number("shebao", 1): (120, None)}
    bundle = planned(way)
    assert months(world) == before
    way.step("carry_out")
    wanted = {number("shebao", 0): (120, bundle), number("shebao", 1): (120, None), number("shebao", 2): (120, bundle)}
    assert months(world) == wanted
    assert way.step("receipt") == State.EXECUTED
    assert way.step("prove") == "True"
    way.step("review")
    closed = read_bundle(world.context, bundle)
    assert (closed.state, dict(closed.cases)) == (State.CLOSED, {CaseState.CLOSED: closed.figures["cases"]})
    assert acts(world, bundle) == {"PROPOSE": 1, "APPROVE": 1, "EXECUTE": 1, "REVIEW": 1}
    assert months(world) == wanted

    way.step("ask_back")
    way.step("business_back")
    way.step("put_back")
    back = read_bundle(world.context, bundle)
    assert (back.state, set(back.cases)) == (State.ROLLED_BACK, {CaseState.REOPENED})
    assert acts(world, bundle) == {
        "PROPOSE": 1, "APPROVE": 1, "EXECUTE": 1, "REVIEW": 1, "ROLLBACK_PROPOSE": 1, "ROLLBACK_APPROVE": 1, "ROLLBACK_EXECUTE": 1,
    }  # fmt: skip
    assert months(world) == before
    assert [each.id for each in list_bundles(world.context)] == [bundle]
    assert audit.verify(world.context.ledger_url).broken is None
    assert world.query("SELECT count(*) FROM pg_database WHERE datname LIKE 'hedui_rehearsal%'") == [(0,)]
    steps = {death.partition(":")[0] for death in way.deaths}
    assert steps >= {
        "plan",
        "prepare",
        "gather",
        "business",
        "carry_out",
        "prove",
        "review",
        "ask_back",
        "business_back",
        "put_back",
    }
    assert len(way.deaths) >= 20


@pytest.mark.parametrize(
    "way",
    [pytest.param(("sheng", False), id="where something came to be"),
     pytest.param(("sheng", True), id="everywhere", marks=[pytest.mark.slow, pytest.mark.timeout(3000)])],
    indirect=True,
)  # fmt: skip
def test_a_bundle_for_others_that_is_killed_at_every_step_leaves_once_and_is_answered_once(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = way.world
    bundle = planned(way)
    way.step("carry_out")
    assert way.step("receipt") == State.DISPATCHED
    outbox = Path(world.context.inbox).parent / "corrections" / "outbox"
    assert sorted(path.name for path in outbox.iterdir()) == [f"{bundle}.cover.json", f"{bundle}.zip"]
    assert acts(world, bundle) == {"PROPOSE": 1, "APPROVE": 1, "EXECUTE": 1}
    dispatched = list(audit.entries(world.context.ledger_url, actions=["bundle.dispatch"]))
    assert [entry.subject for entry in dispatched] == [bundle]
    frozen = frozen_bundle(world.context, bundle)[1]
    frozen.verify()

    accepted = Receipt(
        number="S-1", bundle=bundle, manifest=frozen.digest, result=Result.ACCEPTED, issued_at=dt.datetime(2026, 6, 5, tzinfo=dt.UTC),
        issuer="省社会保险局",
    )  # fmt: skip
    place = outbox.parent / "receipts"
    place.mkdir()
    (place / receipt_name(bundle, "1")).write_bytes(write_receipt(accepted, key=KEY.encode()))
    assert way.step("receipt") == State.ACCEPTED
    assert way.step("enter") == Verdict.DUPLICATE  # of what an earlier try had entered before it was killed
    assert way.step("receipt") == State.EXECUTED
    assert world.query("SELECT channel, verdict, count(*) FROM hedui.bundle_receipt GROUP BY 1, 2 ORDER BY 1") == [
        ("file", "counts", 1), ("form", "counts", 1),
    ]  # fmt: skip
    assert way.step("prove") == "False"  # no night has shown it yet
    monkeypatch.setattr(night_world, "DAY", DAY + dt.timedelta(days=1))
    world.of("sheng")[0]["months_paid"] = 120
    world.night()
    assert way.step("prove") == "True"
    way.step("review")
    closed = read_bundle(world.context, bundle)
    assert (closed.state, dict(closed.cases)) == (State.CLOSED, {CaseState.CLOSED: 1, CaseState.REOPENED: 1})
    assert acts(world, bundle) == {"PROPOSE": 1, "APPROVE": 1, "EXECUTE": 1, "REVIEW": 1}
    moved = Counter(event.to_state for event in closed.events if event.to_state is not event.from_state)
    assert moved[State.ACCEPTED] == moved[State.EXECUTED] == moved[State.CLOSED] == 1
    assert audit.verify(world.context.ledger_url).broken is None
    assert {death.partition(":")[0] for death in way.deaths} >= {
        "plan", "prepare", "gather", "business", "carry_out", "receipt", "enter", "prove", "review",
    }  # fmt: skip
