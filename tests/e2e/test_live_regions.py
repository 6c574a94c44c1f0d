"""The demo's change of districts in a real Airflow: started by REST, approved in a browser, migrated, proved, reported, rolled back."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from e2e.kit import wait_for_task, wait_until
from hedui import steps
from hedui.context import Context
from hedui.lake import Lake
from hedui.local.rest import Airflow
from hedui.local.run import DEMO_SITE
from hedui.local.stack import Stack
from hedui.regions.migrate.signature import verify_report
from hedui.regions.site import site_migration
from hedui.site import load_site

pytestmark = [pytest.mark.live, pytest.mark.timeout(1800)]

DAG = "region_code_migration"
OLD, NEW = dt.date(2025, 12, 31), dt.date(2026, 6, 30)
NIGHT = dt.date(2026, 6, 5)
STOP = "misnamed:990101"
NOTE = "已核对批复和新港区街道名单"
TABLES = {"ac01": "aab301", "ab01": "aab301", "ac02": "aaa027", "ac44": "aaa027", "czyqx": "aab301", "tjyb": "aaa027"}
WHOLE = {"990104": "990102", "990106": "990107"}


@pytest.fixture(scope="module")
def context(stack: Stack) -> Context:
    """The installation's own lake and databases, with the persons of the last night in the lake."""
    urls = {"shebao_db": "shebao", "shuiwu_db": "shuiwu", "hedui_ledger": "hedui"}
    made = Context(
        site=load_site(DEMO_SITE),
        lake=Lake(str(stack.home.lake)),
        reports=stack.home.reports,
        inbox=str(stack.home.inbox),
        ledger_url=stack.postgres.url("hedui"),
        connection=lambda name: stack.postgres.url(urls[name]),
    )
    if made.lake.manifest(made.canonical("person", "shebao", NIGHT)) is None:
        steps.extract(made, "shebao", NIGHT)
    return made


def contents(stack: Stack) -> dict[str, str]:
    """A digest of every migrated table."""
    return {
        table: stack.postgres.query("shebao", f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM shebao.{table} AS t")
        for table in TABLES
    }


def counted(stack: Stack, table: str, where: str = "true") -> dict[str, int]:
    """Rows by code."""
    text = stack.postgres.query(
        "shebao",
        f"SELECT json_object_agg(c, n) FROM (SELECT {TABLES[table]} AS c, count(*) AS n FROM shebao.{table} WHERE {where} GROUP BY 1) AS g",
    )
    return dict(json.loads(text))


@pytest.fixture(scope="module")
def before(stack: Stack, context: Context) -> tuple[dict[str, str], dict[str, int]]:
    """The tables' digests and the persons by district before anything."""
    return contents(stack), counted(stack, "ac01", "jsrq = '9999-12-31'")


@pytest.fixture(scope="module")
def run(stack: Stack, before: object) -> Iterator[str]:
    """A run that waits for its approval."""
    with stack.client() as airflow:
        body = {"logical_date": None, "conf": {"from_date": OLD.isoformat(), "to_date": NEW.isoformat()}}
        number = airflow.request("POST", f"/dags/{DAG}/dagRuns", body=body)["dag_run_id"]
        wait_for_task(stack, airflow, DAG, number, "approve", {"awaiting_input", "deferred"})
        yield number


@pytest.fixture(scope="module")
def manager(browser: Any, stack: Stack) -> Iterator[Any]:
    """A page of the Chinese UI, logged in as the manager."""
    password = json.loads(stack.home.passwords.read_text(encoding="utf-8"))["manager"]
    context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 1500, "height": 1900})
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(stack.url)
    page.locator("input[name=username]").fill("manager")
    page.locator("input[name=password]").fill(password)
    page.locator("button[type=submit]").click()
    page.get_by_role("link", name="Dag").first.wait_for()
    yield page
    context.close()


@pytest.fixture
def picture(tmp_path: Path) -> Callable[[str], str]:
    """Where a screenshot goes; ``HEDUI_SCREENSHOTS=docs/images`` makes the documentation's anew."""
    return lambda name: str(Path(os.environ.get("HEDUI_SCREENSHOTS", tmp_path)) / name)


def last_words(stack: Stack, run: str, tasks: list[str]) -> dict[str, str]:
    """The ends of the logs of failed tasks."""
    folder = stack.home.task_logs / f"dag_id={DAG}" / f"run_id={run}"
    return {
        task: log.read_text(encoding="utf-8")[-1500:]
        for task in tasks
        for log in sorted((folder / f"task_id={task}").glob("*.log"))
    }


def test_only_the_sites_approvers_may_answer(stack: Stack, run: str) -> None:
    path = f"/dags/{DAG}/dagRuns/{run}/taskInstances/approve/-1/hitlDetails"
    with stack.client(role="leader") as airflow:
        assert airflow.request("PATCH", path, body={"chosen_options": ["批准"], "params_input": {}}, allowed=(403,)) is None


def test_the_page_is_read_and_approved_in_the_browser(
    stack: Stack, airflow: Airflow, run: str, manager: Any, picture: Callable[[str], str], before: Any
) -> None:
    manager.goto(f"{stack.url}/dags/{DAG}/runs/{run}/tasks/approve/required_actions")
    manager.get_by_role("heading", name="区划代码迁移").first.wait_for()
    text = manager.locator("body").inner_text()
    for shown in ("990104 北塘区", "990102 西湖区", "东政函〔2026〕13号", STOP, "待人工判定", "按村（12位）", "回退演练恢复基线"):
        assert shown in text
    manager.screenshot(path=picture("regions-approval.png"))
    manager.locator("[name=element_note]").fill(NOTE)
    manager.locator("[name=element_stops]").fill(STOP)
    manager.get_by_role("button", name="批准", exact=True).click()
    path = f"/dags/{DAG}/dagRuns/{run}"
    wait_until(stack, lambda: airflow.request("GET", path)["state"] in ("success", "failed"), seconds=900)
    state = airflow.request("GET", path)["state"]
    tasks = {task.task_id: task.state for task in airflow.tasks(DAG, run)}
    assert state == "success", (tasks, last_words(stack, run, [name for name, ended in tasks.items() if ended == "failed"]))
    assert tasks["prove"] == tasks["report"] == "success"
    manager.goto(f"{stack.url}/dags/{DAG}/runs/{run}")
    manager.get_by_text("核验报告").first.wait_for()
    manager.screenshot(path=picture("regions-run.png"), clip={"x": 0, "y": 0, "width": 1500, "height": 900})


def test_every_row_has_followed(stack: Stack, context: Context, run: str, before: tuple[dict[str, str], dict[str, int]]) -> None:
    persons = counted(stack, "ac01", "jsrq = '9999-12-31'")
    was = before[1]
    assert not WHOLE.keys() & persons.keys()
    assert persons["990107"] == was["990106"]
    assert persons["990102"] == was["990102"] + was["990104"]
    assert persons["990105"] + persons["990108"] == was["990105"]
    assert all(persons[code] == was[code] for code in ("990100", "990101", "990103", "990188"))
    villages = "jsrq = '9999-12-31' AND zzq012 LIKE '990105003%'"  # a township that went to the new district as a whole
    assert counted(stack, "ac01", villages).keys() == {"990108"}
    ended = counted(stack, "ac01", "jsrq < '9999-12-31'")
    assert WHOLE.keys() & ended.keys()  # ended versions of rows keep the code that was in force
    assert contents(stack)["tjyb"] == before[0]["tjyb"]
    manifest = context.lake.manifest(context.canonical("person", "shebao", NIGHT))
    assert manifest is not None
    assert manifest.meta["region_version"] == NEW.isoformat()
    moves = site_migration(context, DEMO_SITE, start=OLD, end=NEW, actor="test").book.moves()
    by_village = {target: {row[1:3] for row in moves if (row[0], row[3]) == (target, "village")} for target in ("person", "lake")}
    assert by_village["lake"]  # the lake has no villages: it follows the database's persons
    assert by_village["lake"] == by_village["person"]


def test_the_report_tells_who_approved_and_what_was_proved(stack: Stack, airflow: Airflow, run: str) -> None:
    told = airflow.request("GET", f"/dags/{DAG}/dagRuns/{run}/taskInstances/report/xcomEntries/return_value")["value"]
    made = json.loads(told) if isinstance(told, str) else told
    book = openpyxl.load_workbook(made["path"])
    cells = {
        str(cell) for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None
    }
    verdicts = {row[7] for row in book["核验项目"].iter_rows(values_only=True) if isinstance(row[0], int)}
    assert verdicts == {"通过", "提示"}
    assert {"通过", "manager", NOTE} <= cells
    assert any(made["digest"] in cell for cell in cells)
    assert verify_report(Path(made["path"]), key=stack.environment["HEDUI_REPORT_KEY"].encode()).problems == ()
    kept = os.environ.get("HEDUI_SCREENSHOTS")
    if kept:
        (Path(kept) / "区划迁移核验报告.xlsx").write_bytes(Path(made["path"]).read_bytes())


def test_rolling_back_restores_every_table(
    stack: Stack, context: Context, run: str, before: tuple[dict[str, str], dict[str, int]]
) -> None:
    migration = site_migration(context, DEMO_SITE, start=OLD, end=NEW, actor="test")
    undone = migration.roll_back()
    assert undone["undone"] > 0
    assert contents(stack) == before[0]
    manifest = context.lake.manifest(context.canonical("person", "shebao", NIGHT))
    assert manifest is not None
    assert manifest.meta["region_version"] == OLD.isoformat()
