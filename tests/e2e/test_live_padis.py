"""Births reported from a real Airflow to a reference server that goes wrong, with the task and the scheduler killed in the middle.

Whatever happens, every record ends once in the server's store, or in a case with the receiver's reason; the ledger is the server's store,
record by record; replays change nothing.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import signal
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from e2e.kit import wait_until
from hedui.audit import verify
from hedui.cases.query import CaseFilter, cases_as_of
from hedui.context import Context
from hedui.lake import Lake, Manifest
from hedui.local.rest import Airflow
from hedui.local.run import DEMO_SITE
from hedui.local.stack import Stack
from hedui.padis import dispatch
from hedui.padis.batches import open_batches, parcel
from hedui.padis.model import BatchState
from hedui.padis.office import Office, open_office
from hedui.padis.standing import counts, refused, standing
from hedui.site import load_site
from integration.padis.conftest import Server
from integration.padis.people import birth

pytestmark = [pytest.mark.live, pytest.mark.timeout(5400)]

DAG = "padis_upload"
SOURCE = "chusheng"
SHARES = {"timeout": 0.06, "cut": 0.1, "lost": 0.1, "error": 0.06, "late": 0.12, "twice": 0.12, "throttle": 0.08}
COUNTIES = ("990101", "990102", "990103", "990105")
PERSONAL = re.compile(r"(?<![0-9A-Za-z])(99\d{15}[\dX]|V46\d{7})(?![0-9A-Za-z])")


@dataclass(frozen=True)
class Setting:
    """How much goes on: business dates, births that each brings, and what is killed on which of them."""

    dates: tuple[dt.date, ...]
    births: int
    kills: dict[dt.date, tuple[str, ...]]


SMALL = Setting((dt.date(2026, 2, 25),), 300, {dt.date(2026, 2, 25): ("task",)})
_DAYS = tuple(dt.date(2026, 3, day) for day in (2, 3, 4))
FULL = Setting(_DAYS, 20_000 // 3, {_DAYS[0]: ("task", "task"), _DAYS[1]: ("scheduler", "task"), _DAYS[2]: ("task", "scheduler")})


@dataclass
class Post:
    """The running Airflow, the server and the ledger between them."""

    stack: Stack
    airflow: Airflow
    server: Server
    office: Office
    runs: list[str] = field(default_factory=list)
    killed: Counter[str] = field(default_factory=Counter)

    def deliver(self, rows: list[dict[str, Any]], date: dt.date) -> None:
        """Puts the births of a night into the lake."""
        context = self.office.context
        with context.lake.writer(context.canonical("birth", SOURCE, date)) as writer:
            pq.write_table(pa.Table.from_pylist([{"void_reason": None, **row} for row in rows]), writer.new_file())
            writer.commit(Manifest(rows=len(rows)))

    def run(self, date: dt.date, *kills: str) -> str:
        """Runs the DAG for a business date to its end, and kills meanwhile what is to be killed."""
        body = {"logical_date": None, "conf": {"business_date": date.isoformat()}}
        number: str = self.airflow.request("POST", f"/dags/{DAG}/dagRuns", body=body)["dag_run_id"]
        self.runs.append(number)
        left = list(kills)

        def over() -> bool:
            if left and self._kill(number, left[0]):
                self.killed[left.pop(0)] += 1
            return self.airflow.request("GET", f"/dags/{DAG}/dagRuns/{number}")["state"] in ("success", "failed")

        wait_until(self.stack, over, seconds=3600)
        assert not left, f"the run ended before {left} could be killed"
        state: str = self.airflow.request("GET", f"/dags/{DAG}/dagRuns/{number}")["state"]
        return state

    def _kill(self, run: str, what: str) -> bool:
        running = [
            task for task in self.airflow.tasks(DAG, run) if task.state == "running" and task.task_id in ("prepare", "upload")
        ]
        if not running:
            return False
        if what == "scheduler":
            os.kill(self.stack.pid("scheduler"), signal.SIGKILL)
            return True
        path = f"/dags/{DAG}/dagRuns/{run}/taskInstances/{running[0].task_id}"
        pid = self.airflow.request("GET", path if running[0].map_index < 0 else f"{path}/{running[0].map_index}")["pid"]
        if not pid or not psutil.pid_exists(pid):
            return False
        os.kill(pid, signal.SIGKILL)
        return True


@pytest.fixture(scope="module")
def post(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Post]]:
    """Makes the receiver's side anew: an empty server with other chances."""
    url = os.environ["HEDUI_PADIS_URL"]
    server = Server(tmp_path_factory.mktemp("receiver"), "--hold", "20", port=int(url.rsplit(":", 1)[1]))
    context = Context(
        site=load_site(DEMO_SITE),
        lake=Lake(str(stack.home.lake)),
        reports=stack.home.reports,
        inbox=str(stack.home.inbox),
        ledger_url=stack.postgres.url("hedui"),
        connection={"padis": url}.__getitem__,
    )
    with stack.client() as airflow:

        def make(**chances: Any) -> Post:
            server.reset(**chances)
            return Post(stack, airflow, server, open_office(context, DEMO_SITE))

        yield make
    server.stop()


def births_of(setting: Setting) -> Iterator[tuple[dt.date, list[dict[str, Any]]]]:
    """Each date's new births; their regions are the demo's."""
    for night, date in enumerate(setting.dates):
        first = (date - dt.date(2026, 1, 1)).days * 100_000
        numbers = range(first, first + setting.births)
        month = date.replace(day=1) - dt.timedelta(days=28 * (night % 2))
        yield date, [birth(number, month=month.replace(day=1), region=COUNTIES[number % 4]) for number in numbers]


def ours(post: Post, setting: Setting) -> set[str]:
    return {row["certificate_no"] for _, rows in births_of(setting) for row in rows}


def story(post: Post, setting: Setting) -> None:
    """All dates, one after the other; each delivery repeats the earlier ones, with what was refused until then corrected."""
    everything: dict[str, dict[str, Any]] = {}
    for date, fresh in births_of(setting):
        for one in refused(post.office):
            if one.business_key in everything:
                everything[one.business_key] = {**everything[one.business_key], "mother_name": "测试更正"}
        everything |= {row["certificate_no"]: row for row in fresh}
        post.deliver(list(everything.values()), date)
        assert post.run(date, *setting.kills.get(date, ())) == "success", [
            (task.label, task.state) for task in post.airflow.tasks(DAG, post.runs[-1])
        ]


def ends_once(post: Post, setting: Setting) -> dict[str, int]:
    """Every record stands once there, or waits here as a case with its reason; the books agree; figures."""
    store = post.server.store()
    kept = {(one["kind"], one["business_key"]): (one["action"], one["wire"]) for one in store["kept"]}
    assert set(Counter((row["kind"], row["business_key"]) for row in store["record"] if row["live"]).values()) <= {1}
    expected = ours(post, setting)
    mine = {
        (one.kind, one.business_key): (one.action, one.wire_digest) for one in standing(post.office) if one.business_key in expected
    }
    assert {key: value for key, value in kept.items() if key[1] in expected} == mine
    waiting = {one.business_key: one for one in refused(post.office) if one.business_key in expected}
    assert len(mine) + len(waiting) == len(expected)
    assert {key for _, key in mine} | waiting.keys() == expected
    assert not open_batches(post.office, *dispatch.OPEN_BATCH)
    table = cases_as_of(post.office.context, setting.dates[-1], where=CaseFilter(scope=("padis:birth",)))
    cases = {row["subject_key"]: row for row in table.to_pylist() if row["state"] == "open" and row["subject_key"] in expected}
    assert cases.keys() == waiting.keys()
    assert all(row["rule"] == "F25" and "抽检不合格" in row["side_values"] for row in cases.values())
    batches = len(open_batches(post.office, *BatchState))
    return {"there": len(mine), "cases": len(cases), "arrivals": len(store["arrival"]), "batches": batches}


def nothing_is_told(post: Post) -> None:
    """No log and no XCom of the runs has a number in clear."""
    logs = [log for run in post.runs for log in post.stack.home.task_logs.glob(f"dag_id={DAG}/run_id={run}/**/attempt=*.log")]
    assert len(logs) >= 5 * len(post.runs)
    services = list(post.stack.home.logs.glob("*.log"))
    assert [str(log) for log in (*logs, *services) if PERSONAL.search(log.read_text(encoding="utf-8", errors="replace"))] == []
    for run in post.runs:
        path = f"/dags/{DAG}/dagRuns/{run}"
        for entry in post.airflow.request("GET", f"{path}/taskInstances/~/xcomEntries", limit=100)["xcom_entries"]:
            one = f"{path}/taskInstances/{entry['task_id']}/xcomEntries/{entry['key']}"
            value = post.airflow.request("GET", one, map_index=entry["map_index"])["value"]
            assert not PERSONAL.search(json.dumps(value, ensure_ascii=False))


def replays_change_nothing(post: Post, setting: Setting) -> None:
    """The last date is run again, and somebody sends every file once more."""
    before = ends_once(post, setting)
    post.server.plan([""] * 2000)  # the server is well again
    post.run(setting.dates[-1])
    for batch in open_batches(post.office, *BatchState):
        sent = parcel(post.office, batch.id)
        request = urllib.request.Request(f"{post.server.url}/batches/{batch.id}", data=sent.content, method="PUT")
        urllib.request.urlopen(request, timeout=60).read()
    after = ends_once(post, setting)
    assert (after["there"], after["cases"]) == (before["there"], before["cases"])


def through(post: Post, setting: Setting, told: Path) -> None:
    story(post, setting)
    figures = ends_once(post, setting)
    replays_change_nothing(post, setting)
    nothing_is_told(post)
    assert verify(post.office.ledger).broken is None
    wrong = Counter(row["outcome"] for row in post.server.store()["arrival"])
    told.write_text(json.dumps({**figures, "killed": post.killed, "outcomes": wrong}, ensure_ascii=False), encoding="utf-8")


def test_a_day_with_faults_and_a_killed_task(post: Callable[..., Post], tmp_path: Path) -> None:
    made = post(refuse=0.05, seed=11, shares=SHARES)
    through(made, SMALL, tmp_path / "figures.json")
    assert made.killed == {"task": 1}


@pytest.mark.slow
def test_twenty_thousand_records_over_three_days_with_kills(post: Callable[..., Post], tmp_path: Path) -> None:
    made = post(refuse=0.02, seed=3, shares=SHARES)
    through(made, FULL, Path(os.environ.get("HEDUI_FIGURES", tmp_path / "figures.json")))
    assert made.killed == {"task": 4, "scheduler": 2}
    assert {row["kind"] for row in counts(made.office)} >= {"birth"}
