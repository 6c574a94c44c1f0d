"""Three nights in a real Airflow: through its API and scheduler, looked at in a browser, and killed in the middle."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import psutil
import pyarrow as pa
import pytest

from e2e.kit import backfill, context_of
from hedui.cases.query import cases_as_of
from hedui.ledger.schema import upgrade
from hedui.local.rest import Airflow, Run
from hedui.local.run import DEMO_SITE, NIGHTS
from hedui.local.stack import DAG, Stack
from hedui.site import load_site

pytestmark = [pytest.mark.live, pytest.mark.timeout(1800)]

SITE = load_site(DEMO_SITE)
ID_NUMBER = re.compile(r"(?<![0-9A-Za-z])99\d{15}[\dX](?![0-9A-Za-z])")
KILLED = NIGHTS[:2]


def cases(stack: Stack) -> pa.Table:
    """The cases as they stood after the two nights in which something is killed."""
    return cases_as_of(context_of(stack), KILLED[-1]).sort_by("fingerprint")


def findings_digests(stack: Stack) -> dict[str, str]:
    """Digest by findings partition of these nights."""
    root = stack.home.lake / "findings"
    found = {
        str(file.parent.relative_to(root)): json.loads(file.read_text())["digest"] for file in sorted(root.rglob("manifest.json"))
    }
    return {partition: digest for partition, digest in found.items() if any(night.isoformat() in partition for night in KILLED)}


@pytest.fixture(scope="module")
def first_nights(stack: Stack) -> tuple[dict[Any, Run], pa.Table, dict[str, str]]:
    """The nights in which something is killed later, here undisturbed, with the cases and findings that they left.

    They are looked at before the third night: it brings packets that had been on the way, and states the second night anew.
    """
    with stack.client() as client:
        runs = backfill(stack, client, nights=KILLED)
    return runs, cases(stack), findings_digests(stack)


@pytest.fixture(scope="module")
def nights(stack: Stack, first_nights: tuple[dict[Any, Run], pa.Table, dict[str, str]]) -> dict[Any, Run]:
    """The demo's nights, run once."""
    with stack.client() as client:
        return first_nights[0] | backfill(stack, client, nights=NIGHTS[len(KILLED) :])


def test_the_three_nights_succeed_and_the_missing_source_is_skipped(airflow: Airflow, nights: dict[Any, Run]) -> None:
    for night, run in nights.items():
        tasks = airflow.tasks(DAG, run.run_id)
        assert run.state == "success", [task for task in tasks if task.state not in ("success", "skipped")]
        skipped = {task.label for task in tasks if task.state == "skipped"} - {"fail_if_any_failed"}
        missed = [one for one in SITE.comparisons if any(side.source == "guotong" for side in getattr(one, "sides", ()))]
        assert {"人员信息三级比对", "参保信息三级比对（企业职工养老）"} <= {one.name for one in missed}
        without = {"extract [全国统筹系统下发]", "checks [全国统筹系统下发]", *(f"compare [{one.name}]" for one in missed)}
        without |= {f"link [{one.name}]" for one in missed if one in SITE.linked}
        assert skipped == (without if night == dt.date(2026, 6, 4) else set())
        assert Counter(task.task_id for task in tasks)["extract"] == len(SITE.sources)
        assert {task.name for task in tasks if task.task_id == "extract"} == {source.name for source in SITE.sources}


def test_each_night_has_its_workbook(stack: Stack, nights: dict[Any, Run]) -> None:
    for night in nights:
        (path,) = (stack.home.reports / night.isoformat()).glob("*.xlsx")
        book = openpyxl.load_workbook(path, read_only=True)
        assert len(book.sheetnames) >= 8
        book.close()


def test_no_log_and_no_xcom_holds_an_id_number(stack: Stack, airflow: Airflow, nights: dict[Any, Run]) -> None:
    logs = list(stack.home.task_logs.rglob("attempt=*.log")) + list(stack.home.logs.glob("*.log"))
    assert len(logs) >= 3 * 18
    assert [str(log) for log in logs if ID_NUMBER.search(log.read_text(encoding="utf-8", errors="replace"))] == []
    seen = 0
    for run in nights.values():
        for entry in airflow.request("GET", f"/dags/{DAG}/dagRuns/{run.run_id}/taskInstances/~/xcomEntries", limit=100)[
            "xcom_entries"
        ]:
            path = f"/dags/{DAG}/dagRuns/{run.run_id}/taskInstances/{entry['task_id']}/xcomEntries/{entry['key']}"
            value = airflow.request("GET", path, map_index=entry["map_index"])["value"]
            assert not ID_NUMBER.search(json.dumps(value, ensure_ascii=False))
            seen += 1
    assert seen >= 3 * 16


@pytest.fixture
def page(browser: Any, stack: Stack) -> Any:
    """A page of the Chinese UI, logged in as the analyst."""
    password = json.loads(stack.home.passwords.read_text(encoding="utf-8"))["analyst"]
    context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 1600, "height": 1000})
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(stack.url)
    page.locator("input[name=username]").fill("analyst")
    page.locator("input[name=password]").fill(password)
    page.locator("button[type=submit]").click()
    page.get_by_role("link", name="Dag").first.wait_for()
    yield page
    context.close()


def test_the_ui_shows_the_run_with_its_sources_in_chinese(page: Any, stack: Stack, nights: dict[Any, Run], tmp_path: Path) -> None:
    run = nights[dt.date(2026, 6, 4)]
    page.goto(f"{stack.url}/dags/{DAG}/runs/{run.run_id}/tasks/extract/mapped")
    for source in SITE.sources:
        page.get_by_text(source.name, exact=True).first.wait_for()
    for name in ("读取来源", "规则检查", "跨表规则", "比对", "入台账", "出报表", "通知"):
        page.get_by_text(name).first.wait_for()
    # HEDUI_SCREENSHOTS=docs/images makes the README's picture anew.
    page.screenshot(path=str(Path(os.environ.get("HEDUI_SCREENSHOTS", tmp_path)) / "airflow-grid.png"))


def test_the_report_pages_want_a_login_and_lead_to_workbook_and_data_docs(
    page: Any, stack: Stack, airflow: Airflow, nights: dict[Any, Run]
) -> None:
    assert httpx.get(f"{stack.url}/hedui/", trust_env=False).status_code == 401
    run = nights[dt.date(2026, 6, 3)]
    links = airflow.request("GET", f"/dags/{DAG}/dagRuns/{run.run_id}/taskInstances/report/links")["extra_links"]
    page.goto(stack.url + links["对账日报"])
    with page.expect_download() as download:
        page.get_by_role("link", name="对账日报_和对市_20260603.xlsx").click()
    (made,) = (stack.home.reports / "2026-06-03").glob("*.xlsx")
    assert Path(download.value.path()).read_bytes() == made.read_bytes()
    page.get_by_role("row", name="2026-06-03").get_by_role("link", name="查看").click()
    page.wait_for_url("**/datadocs/index.html")
    assert "身份证校验位错误" in page.content()


def test_the_ui_shows_a_log_without_personal_data(page: Any, stack: Stack, nights: dict[Any, Run]) -> None:
    run = nights[dt.date(2026, 6, 3)]
    page.goto(f"{stack.url}/dags/{DAG}/runs/{run.run_id}/tasks/record")
    page.get_by_text("record: done").first.wait_for()
    text = page.locator("body").inner_text()
    assert "open_total" in text
    assert not ID_NUMBER.search(text)


def test_roles_see_the_night_and_only_some_may_start_it(stack: Stack, nights: dict[Any, Run]) -> None:
    body = {"logical_date": None, "conf": {"business_date": "not a date"}}
    for role, allowed in (("auditor", False), ("analyst", True), ("manager", True), ("engineer", True)):
        with stack.client(role=role) as client:
            assert len(client.runs(DAG)) == len(NIGHTS)
            refused = client.request("POST", f"/dags/{DAG}/dagRuns", body=body, allowed=(400, 403, 422))
            assert refused is None
            status = client._http.post(f"/api/v2/dags/{DAG}/dagRuns", json=body).status_code
            assert (status != 403) is allowed, (role, status)


class Killer:
    """Kills a running comparison's process in the first night and the scheduler in the second, each once."""

    def __init__(self, stack: Stack, airflow: Airflow) -> None:
        self.stack, self.airflow = stack, airflow
        self.killed: dict[str, str] = {}

    def __call__(self) -> None:
        runs = self.airflow.runs(DAG)
        for index, (what, kill) in enumerate((("task", self.kill_task), ("scheduler", self.kill_scheduler))):
            if what not in self.killed and len(runs) > index and runs[index].state == "running":
                kill(runs[index])

    def kill_task(self, run: Run) -> None:
        running = [task for task in self.airflow.tasks(DAG, run.run_id) if task.state == "running" and task.task_id == "compare"]
        for task in running:
            path = f"/dags/{DAG}/dagRuns/{run.run_id}/taskInstances/compare/{task.map_index}"
            pid = self.airflow.request("GET", path)["pid"]
            if pid and psutil.pid_exists(pid):
                os.kill(pid, signal.SIGKILL)
                self.killed["task"] = path

    def kill_scheduler(self, run: Run) -> None:
        states = Counter(task.state for task in self.airflow.tasks(DAG, run.run_id))
        if states["running"] and states["success"] >= 3:
            os.kill(self.stack.pid("scheduler"), signal.SIGKILL)
            self.killed["scheduler"] = run.run_id


def test_a_killed_task_and_a_killed_scheduler_leave_the_same_result(
    stack: Stack, airflow: Airflow, nights: dict[Any, Run], first_nights: tuple[dict[Any, Run], pa.Table, dict[str, str]]
) -> None:
    for folder in (stack.home.lake, stack.home.reports):
        shutil.rmtree(folder)
        folder.mkdir()
    stack.postgres.query("hedui", "SET client_min_messages = error; DROP SCHEMA hedui CASCADE")
    upgrade(stack.postgres.url("hedui"))
    assert cases(stack).num_rows == 0
    killer = Killer(stack, airflow)
    runs = backfill(stack, airflow, nights=KILLED, meanwhile=killer)
    assert set(killer.killed) == {"task", "scheduler"}
    assert {run.state for run in runs.values()} == {"success"}
    assert airflow.request("GET", killer.killed["task"])["try_number"] >= 2
    _, before, digests = first_nights
    assert before.num_rows > 0
    assert cases(stack).equals(before)
    assert digests
    assert findings_digests(stack) == digests
