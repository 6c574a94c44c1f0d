"""Correction bundles in a real Airflow: decided by the manager in a Chinese browser, executed, dispatched, refused, closed."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from e2e.kit import context_of
from hedui.audit import entries, verify
from hedui.cases.query import CaseFilter, cases_as_of
from hedui.context import Context
from hedui.corrections.decide import decide
from hedui.corrections.dispatch.pack import read_cover
from hedui.corrections.dispatch.receipts import Receipt, Result
from hedui.corrections.frozen import frozen_bundle
from hedui.corrections.ledger import Bundle, list_bundles, read_bundle
from hedui.corrections.model import Decision, Operation
from hedui.corrections.plan import outline
from hedui.corrections.reading import rows_in_target
from hedui.corrections.select import Selection
from hedui.corrections.states import CaseState, State
from hedui.errors import HeduiError
from hedui.harness.executor import Executor
from hedui.ledger.schema import upgrade
from hedui.local.rest import Airflow, Task
from hedui.local.stack import DAG, HEAVY_POOL, Stack

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(3000)]  # two nights and three runs: a quarter of an hour

RUN = "correction_run"
FIRST, SECOND = dt.date(2026, 6, 3), dt.date(2026, 6, 4)
LONGEST = 1500.0
ID_NUMBER = re.compile(r"(?<![0-9A-Za-z])99\d{15}[\dX](?![0-9A-Za-z])")
WIDTH, HEIGHT = 1500, 1650
REASON = "依据不足，请先核对档案"
MISSING_EVIDENCE = "缺少缴费凭证"
RECEIPT = "correction_receipt"
LETTER = {"number": "粤社函1号", "issuer": "省社会保险局", "document": "粤社函〔2026〕1号"}
EVIDENCE = "档-2026-0603"


class Office:
    """What the people of the bureau do with the running Airflow."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.outbox = stack.home.root / "corrections" / "outbox"
        self.receipts = stack.home.root / "corrections" / "receipts"

    @contextmanager
    def client(self, role: str = "engineer") -> Iterator[Airflow]:
        with self.stack.client(role=role) as client:
            client._http.timeout = httpx.Timeout(180.0)
            yield client

    def start(self, dag: str = RUN, *, role: str = "analyst", **conf: Any) -> str:
        """Starts a run through the REST API."""
        with self.client(role) as client:
            return str(client.request("POST", f"/dags/{dag}/dagRuns", body={"logical_date": None, "conf": conf})["dag_run_id"])

    def wait(self, what: str, true: Callable[[Airflow], Any]) -> Any:
        """Looks until something is so, and gives it."""
        deadline = time.monotonic() + LONGEST
        with self.client() as client:
            while not (found := true(client)):
                self.stack.heal()
                assert time.monotonic() < deadline, what
                time.sleep(1.0)
        return found

    def parked(self, run: str, task: str, index: int | None = None, *, attempt: int = 1) -> Task:
        """A decision that waits for its people."""

        def look(client: Airflow) -> Task | None:
            tasks = client.tasks(RUN, run)
            failed = [item.label for item in tasks if item.state == "failed"]
            assert not failed, failed
            fits = (item for item in tasks if item.task_id == f"bundle.{task}" and index in (None, item.map_index))
            asked = next((item for item in fits if item.state == "awaiting_input" and item.attempt >= attempt), None)
            over = client.request("GET", f"/dags/{RUN}/dagRuns/{run}")["state"] in ("success", "failed")
            assert asked or not over, f"{run} is over and asked nobody for {task}"
            return asked

        found: Task = self.wait(f"{run} {task}", look)
        return found

    def answer(self, role: str, run: str, task: Task, option: str, reason: str) -> None:
        """Decides through the REST API."""

        def send(asked: Task) -> None:
            path = f"/dags/{RUN}/dagRuns/{run}/taskInstances/{asked.task_id}/{asked.map_index}/hitlDetails"
            with self.client(role) as client:
                client.request("PATCH", path, body={"chosen_options": [option], "params_input": {"reason": reason}})

        self.decide(run, task, send)

    def decide(self, run: str, task: Task, answer: Callable[[Task], None]) -> None:
        """Answers a request until it is taken.

        An answer within seconds of the asking may meet a scheduler that has not yet seen the task parked: it then takes the task for
        failed, and the task's next try asks again.
        """

        def look(client: Airflow) -> Task | None:
            tasks = client.tasks(RUN, run)
            found = next(item for item in tasks if (item.task_id, item.map_index) == (task.task_id, task.map_index))
            again = found.state == "awaiting_input" and found.attempt > task.attempt
            return found if again or found.state in ("success", "skipped") else None

        answer(task)
        after: Task = self.wait(f"what {task.label} becomes", look)
        if after.state == "awaiting_input":
            self.decide(run, after, answer)

    def ended(self, dag: str, run: str) -> str:
        """The state in which a run ends."""

        def look(client: Airflow) -> str | None:
            state = str(client.request("GET", f"/dags/{dag}/dagRuns/{run}")["state"])
            return state if state in ("success", "failed") else None

        found: str = self.wait(f"the end of {run}", look)
        return found

    def night(self, date: dt.date) -> None:
        """Runs a night."""
        run = self.start(DAG, business_date=date.isoformat())
        assert self.ended(DAG, run) == "success"

    def reached(self, bundle: str, *states: State) -> Bundle:
        """A bundle when the ledger has it in one of the states."""
        context = self.context()

        def look(_: Airflow) -> Bundle | None:
            found = read_bundle(context, bundle)
            return found if found.state in states else None

        found: Bundle = self.wait(f"{bundle} in {states}", look)
        return found

    def context(self) -> Context:
        """The library's surroundings, as the tasks have them."""
        return context_of(self.stack)

    def province(self) -> Executor:
        """The province's people: they change the files of the nights to come."""
        key = self.stack.environment["HEDUI_DISPATCH_KEY"].encode()
        return Executor(outbox=self.outbox, receipts=self.receipts, key=key, files=self.files_of("2026060[45]"))

    def files_of(self, nights: str) -> Callable[[str], list[Path]]:
        """Gives the province's files of a table on the nights of a pattern."""
        files = self.stack.home.inbox / "sheng"
        return lambda table: sorted(files.glob(f"{nights}/SB_{table.rpartition('.')[2]}_*.txt"))


@dataclass(frozen=True, kw_only=True)
class Story:
    """What came of it: ids of bundles and runs, and what the manager saw."""

    local: str
    province: str
    second_round: str
    rejected: str
    key_field: str
    added: str
    runs: tuple[str, ...]
    idle_runs: tuple[str, ...]
    page: str
    leader_page: str


@pytest.fixture(scope="module")
def office(stack: Stack) -> Office:
    """A bureau after its first night, with nothing in the ledger before it."""
    for folder in (stack.home.lake, stack.home.reports):
        shutil.rmtree(folder)
        folder.mkdir()
    stack.postgres.query("hedui", "SET client_min_messages = error; DROP SCHEMA IF EXISTS hedui CASCADE")
    upgrade(stack.postgres.url("hedui"))
    bureau = Office(stack)
    with bureau.client() as client:
        client.set_pool(HEAVY_POOL, slots=2, description="演示数据量小，可同时运行两个")
    bureau.night(FIRST)
    return bureau


@pytest.fixture(scope="module")
def manager(browser: Any, stack: Stack) -> Iterator[Any]:
    """A page of the Chinese UI, logged in as the manager."""
    password = json.loads(stack.home.passwords.read_text(encoding="utf-8"))["manager"]
    context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": WIDTH, "height": HEIGHT})
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.goto(stack.url)
    page.locator("input[name=username]").fill("manager")
    page.locator("input[name=password]").fill(password)
    page.locator("button[type=submit]").click()
    page.get_by_role("link", name="Dag").first.wait_for()
    yield page
    context.close()


def open_request(page: Any, office: Office, run: str, task: Task) -> str:
    """Opens a request and gives the text that the manager reads."""
    page.goto(f"{office.stack.url}/dags/{RUN}/runs/{run}/tasks/{task.task_id}/mapped/{task.map_index}/required_actions")
    page.get_by_role("heading", name="请决定").wait_for()
    return str(page.locator("body").inner_text())


def press(page: Any, option: str, reason: str) -> None:
    """Fills the reason in and presses a button."""
    page.locator("#element_reason").fill(reason)
    page.get_by_role("button", name=option, exact=True).click()
    page.get_by_text("响应成功").first.wait_for()


def picture(page: Any, tmp: Path, name: str, *, height: int = HEIGHT) -> None:
    """HEDUI_SCREENSHOTS=docs/images makes the pictures of the documentation anew."""
    clip = {"x": 0, "y": 0, "width": WIDTH, "height": height}
    page.screenshot(path=str(Path(os.environ.get("HEDUI_SCREENSHOTS", tmp)) / name), clip=clip)


@pytest.fixture(scope="module")
def story(office: Office, manager: Any, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """From three requests of the analyst to what became of them."""
    tmp = tmp_path_factory.mktemp("pictures")
    night = FIRST.isoformat()
    here = office.start(target="shebao", rules=["T06", "U11"], business_date=night)
    # Two runs for the same cases at once: one of them gets them.
    twins = [office.start(target="sheng", rules=["T06", "T08"], business_date=night) for _ in range(2)]
    local = office.parked(here, "business")
    idle = office.wait("the run without cases", lambda client: [run for run in twins if ended_without_bundles(client, run)])
    (there,) = set(twins) - set(idle)
    rows = {task.name: read_bundle(office.context(), task.name).figures["rows"] for task in both(office, there)}
    other, upward = sorted(both(office, there), key=lambda task: rows[task.name])

    manager.goto(f"{office.stack.url}/required_actions")
    manager.get_by_text(upward.name).first.wait_for()
    picture(manager, tmp, "corrections-waiting.png", height=380)

    open_request(manager, office, there, other)
    press(manager, "驳回", "")
    asked_again = office.parked(there, "business", other.map_index, attempt=2)
    page = open_request(manager, office, here, local)

    def by_hand(run: str, option: str, reason: str) -> Callable[[Task], None]:
        def answer(task: Task) -> None:
            open_request(manager, office, run, task)
            press(manager, option, reason)

        return answer

    office.decide(there, asked_again, by_hand(there, "驳回", REASON))
    office.decide(here, local, by_hand(here, "批准", "已核对，同意"))
    open_request(manager, office, there, upward)
    picture(manager, tmp, "corrections-approval.png")
    office.decide(there, upward, by_hand(there, "批准", "同意上报"))

    office.reached(upward.name, State.DISPATCHED)
    province = office.province()
    cover = read_cover((office.outbox / f"{upward.name}.cover.json").read_bytes(), key=province.key)
    province.send(
        Receipt(
            number="F-1", bundle=upward.name, manifest=cover.manifest, result=Result.EXECUTED, issued_at=dt.datetime.now(dt.UTC),
            issuer="不知何人",
        ),
        key=b"a key that nobody has agreed upon",
    )  # fmt: skip
    province.refuse = {upward.name: {1: MISSING_EVIDENCE, 2: MISSING_EVIDENCE}}
    province.work(accept=True)
    review = office.parked(here, "review")
    open_request(manager, office, here, review)
    picture(manager, tmp, "corrections-review.png")
    office.answer("reviewer", here, review, "批准", "复读一致")
    office.reached(upward.name, State.EXECUTED)

    more = office.start(target="sheng", parent=upward.name, business_date=night)
    second = office.parked(more, "business")
    office.answer("manager", more, second, "批准", "已补凭证，同意")
    office.reached(second.name, State.DISPATCHED)
    province.work(answer=False)
    entered = office.start(RECEIPT, bundle=second.name, result="executed", **LETTER)
    assert office.ended(RECEIPT, entered) == "success"
    office.reached(second.name, State.EXECUTED)

    lone = [key_field_bundle(office)]
    province.work()
    lone.append(added_bundle(office))
    province.files = office.files_of("20260604")  # the demo's province has the record on the fifth
    province.work()
    for _, bundle, _ in lone:
        office.reached(bundle, State.EXECUTED)

    office.night(SECOND)
    for run in (there, more, *(run for run, _, _ in lone)):
        office.answer("reviewer", run, office.parked(run, "review"), "批准", "下一批次复读一致")
    runs = (here, there, more, *(run for run, _, _ in lone))
    assert [office.ended(RUN, run) for run in runs] == ["success"] * len(runs)
    return Story(
        local=local.name, province=upward.name, second_round=second.name, rejected=other.name, key_field=lone[0][1], added=lone[1][1],
        runs=runs, idle_runs=tuple(idle), page=page, leader_page=lone[0][2],
    )  # fmt: skip


def key_field_bundle(office: Office) -> tuple[str, str, str]:
    """A person's name is put right, with its evidence, by the manager and then the leader; run, bundle and the leader's page."""
    context = office.context()
    names = cases_as_of(context, FIRST, where=CaseFilter(scope=("person_tiers",))).to_pylist()
    case = next(row["fingerprint"] for row in names if (row["field"], row["source"], row["state"]) == ("name", "sheng", "open"))
    decide(context, case=case, decision=Decision.LOCAL_RIGHT, basis="户籍证明", evidence=EVIDENCE, actor="analyst")
    run = office.start(target="sheng", cases=[case], business_date=FIRST.isoformat())
    asked = office.parked(run, "business")
    office.answer("manager", run, asked, "批准", "证明齐全")
    leader = office.parked(run, "leader")
    path = f"/dags/{RUN}/dagRuns/{run}/taskInstances/{leader.task_id}/{leader.map_index}/hitlDetails"
    with office.client("leader") as client:
        page = str(client.request("GET", path)["body"])
    with office.client("manager") as client, pytest.raises(HeduiError):  # has signed already, and is not asked again
        client.request("PATCH", path, body={"chosen_options": ["批准"], "params_input": {}})
    office.answer("leader", run, leader, "批准", "同意")
    office.reached(asked.name, State.DISPATCHED)
    return run, asked.name, page


def added_bundle(office: Office) -> tuple[str, str, str]:
    """Pension accounts that the province lacks are to be added there; run and bundle."""
    run = office.start(target="sheng", rules=["T02"], comparisons=["accounts_tiers"], business_date=FIRST.isoformat())
    asked = office.parked(run, "business")
    office.answer("manager", run, asked, "批准", "同意补录")
    office.answer("leader", run, office.parked(run, "leader"), "批准", "同意")  # a whole record holds key fields
    office.reached(asked.name, State.DISPATCHED)
    return run, asked.name, ""


def both(office: Office, run: str) -> list[Task]:
    """The two bundles of a run that wait for the manager."""
    return [office.parked(run, "business", index) for index in (0, 1)]


def ended_without_bundles(client: Airflow, run: str) -> bool:
    """Whether a run has found no cases for itself."""
    done = {task.task_id: task.state for task in client.tasks(RUN, run)}
    return done.get("gather") == "success" and done.get("bundle.business") == "skipped"


def test_the_local_bundle_was_executed_read_again_and_closed(office: Office, story: Story) -> None:
    context = office.context()
    bundle, frozen = frozen_bundle(context, story.local)
    assert (bundle.state, dict(bundle.cases)) == (State.CLOSED, {CaseState.CLOSED: bundle.figures["cases"]})
    assert bundle.figures["cases"] >= 2
    plan = frozen.plan
    now = rows_in_target(context, plan, plan.changes)
    assert {change.number: [now[change.number][cell.column] for cell in change.cells] for change in plan.changes} == {
        change.number: [cell.new for cell in change.cells] for change in plan.changes
    }
    acts = [(event.act, event.actor) for event in bundle.events if event.act]
    assert acts == [("PROPOSE", "analyst"), ("APPROVE", "manager"), ("EXECUTE", "engineer"), ("REVIEW", "reviewer")]


def test_two_refused_rows_came_back_and_the_second_round_closed_them(office: Office, story: Story) -> None:
    context = office.context()
    first, frozen = frozen_bundle(context, story.province)
    assert first.state is State.CLOSED
    refused = {case for change in frozen.plan.changes if change.number in (1, 2) for case in change.cases}
    assert dict(first.cases) == {CaseState.CLOSED: first.figures["cases"] - len(refused), CaseState.REOPENED: len(refused)}
    second, again = frozen_bundle(context, story.second_round)
    assert (second.parent, second.round, second.state) == (story.province, 2, State.CLOSED)
    assert set(again.plan.cases) == refused
    assert dict(second.cases) == {CaseState.CLOSED: len(refused)}
    engine = sa.create_engine(office.stack.postgres.url("hedui"))
    with engine.connect() as connection:
        told = connection.execute(
            sa.text("SELECT verdict, count(*) FROM hedui.bundle_receipt WHERE bundle_id = :id GROUP BY 1"), {"id": story.province}
        )
        assert dict(told.tuples().all()) == {"counts": 2, "forged": 1}
    engine.dispose()


def test_a_key_field_goes_alone_with_its_evidence_and_a_second_signature(office: Office, story: Story) -> None:
    bundle, frozen = frozen_bundle(office.context(), story.key_field)
    assert (bundle.state, bundle.key_field, frozen.plan.people) == (State.CLOSED, True, 1)
    (change,) = frozen.plan.changes
    assert (change.field, change.evidence) == ("name", EVIDENCE)
    acts = [(event.act, event.actor) for event in bundle.events if event.act]
    assert acts == [
        ("PROPOSE", "analyst"), ("APPROVE", "manager"), ("APPROVE_LEADER", "leader"), ("EXECUTE", "engineer"), ("REVIEW", "reviewer"),
    ]  # fmt: skip
    for words in ("分管领导审批", "须分管领导审批：", "业务部门审批：manager", "证明齐全"):
        assert words in story.leader_page


def test_records_that_the_province_lacked_are_there_the_night_after(office: Office, story: Story) -> None:
    bundle, frozen = frozen_bundle(office.context(), story.added)
    assert (bundle.state, dict(bundle.cases)) == (State.CLOSED, {CaseState.CLOSED: bundle.figures["cases"]})
    assert {change.operation for change in frozen.plan.changes} == {Operation.INSERT}


def test_the_receipt_of_the_second_round_was_entered_by_form(office: Office, story: Story) -> None:
    engine = sa.create_engine(office.stack.postgres.url("hedui"))
    with engine.connect() as connection:
        query = sa.text("SELECT channel, name, entered_by, verdict FROM hedui.bundle_receipt WHERE bundle_id = :id")
        assert connection.execute(query, {"id": story.second_round}).tuples().all() == [
            ("form", LETTER["document"], "analyst", "counts")
        ]
    engine.dispose()


def test_the_refused_bundle_set_its_cases_free_and_they_can_be_proposed_again(office: Office, story: Story) -> None:
    context = office.context()
    bundle, frozen = frozen_bundle(context, story.rejected)
    assert (bundle.state, bundle.note) == (State.REJECTED, REASON)
    assert set(bundle.cases) == {CaseState.REOPENED}
    found = outline(context, date=FIRST, target="sheng", selection=Selection(cases=frozen.plan.cases), proposer="analyst")
    assert {case for plan in found.plans for case in plan.cases} == set(frozen.plan.cases)


def test_a_refusal_without_a_reason_did_not_count_and_was_asked_again(office: Office, story: Story) -> None:
    noted = entries(office.stack.postgres.url("hedui"), actions=["bundle.refused_decision"])[0]
    assert (noted.subject, noted.actor, noted.details["objection"]) == (story.rejected, "manager", "驳回须写明理由")


def test_of_two_runs_at_once_one_found_nothing_and_no_case_was_taken_twice(office: Office, story: Story) -> None:
    assert len(story.idle_runs) == 1
    later = (story.key_field, story.added)
    bundles = [each for each in list_bundles(office.context(), targets=["sheng"]) if each.round == 1 and each.id not in later]
    assert {bundle.run.partition("#")[0] for bundle in bundles} == {story.runs[1]}


def test_the_manager_read_a_chinese_page_without_personal_data(office: Office, story: Story) -> None:
    for words in ("涉及", "人", "为什么", "修改内容", "示例（3 条，已脱敏）", "副本演练", "回退后与原状一致：通过", "请决定"):
        assert words in story.page
    assert not ID_NUMBER.search(story.page)
    _, frozen = frozen_bundle(office.context(), story.local)
    people = {change.person for change in frozen.plan.changes if change.person}
    assert not [person for person in people if person in story.page]


def test_every_decision_stands_in_the_audit_chain_and_it_holds(office: Office, story: Story) -> None:
    ledger = office.stack.postgres.url("hedui")
    told = {(entry.subject, entry.actor, entry.details["note"]) for entry in entries(ledger, actions=["bundle.advance"])}
    assert {
        (story.local, "manager", "已核对，同意"),
        (story.local, "reviewer", "复读一致"),
        (story.rejected, "manager", REASON),
        (story.second_round, "manager", "已补凭证，同意"),
    } <= told
    assert verify(ledger).broken is None


def test_no_log_and_no_xcom_of_the_runs_holds_an_id_number(office: Office, story: Story) -> None:
    logs = [log for run in story.runs for log in office.stack.home.task_logs.glob(f"dag_id={RUN}/run_id={run}/**/attempt=*.log")]
    assert len(logs) >= 3 * 8
    assert [str(log) for log in logs if ID_NUMBER.search(log.read_text(encoding="utf-8", errors="replace"))] == []
    with office.client() as client:
        for run in story.runs:
            path = f"/dags/{RUN}/dagRuns/{run}"
            for entry in client.request("GET", f"{path}/taskInstances/~/xcomEntries", limit=100)["xcom_entries"]:
                one = f"{path}/taskInstances/{entry['task_id']}/xcomEntries/{entry['key']}"
                value = client.request("GET", one, map_index=entry["map_index"])["value"]
                assert not ID_NUMBER.search(json.dumps(value, ensure_ascii=False))
