"""Inspections of a real PostgreSQL, a real web server with a certificate, real files: what is measured, told, opened and closed."""

from __future__ import annotations

import datetime as dt
import os
import threading
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from hedui import audit
from hedui.inspection.findings import scope
from hedui.inspection.model import Inspection, Item
from hedui.inspection.recording import items_of
from hedui.inspection.run import inspect, inspect_and_record
from hedui.ledger.database import begin
from integration.inspection.conftest import FRI, THU, WED, World

ALL = ("quarterly",)


def items(made: Inspection, check: str) -> list[Item]:
    return [item for item in made.items if item.check == check]


def open_cases(world: World) -> set[str]:
    query = "SELECT subject_key FROM hedui.case_view WHERE scope = :scope AND state = 'open'"
    with begin(world.context.ledger_url) as connection:
        return set(connection.execute(text(query), {"scope": scope("core")}).scalars())


def break_an_index(connection: psycopg.Connection) -> None:
    """An index that PostgreSQL gave up on: its values are not unique."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS planted")
    connection.execute("DROP TABLE IF EXISTS planted.t")
    connection.execute("CREATE TABLE planted.t AS SELECT 1 AS n FROM generate_series(1, 2)")
    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON planted.t (n)")


def test_a_database_is_measured_against_the_standards(world: World) -> None:
    world.system(connections=["core_db"], standards={"latency_ms": 600_000, "backup_hours": None})
    with world.connect() as connection:
        break_an_index(connection)
        made = inspect(world.context, "core", now=WED, kinds=ALL)
        connections, most = connection.execute(
            "SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), current_setting('max_connections')"
        ).fetchone()
        connection.execute("DROP SCHEMA planted CASCADE")
    [invalid] = items(made, "invalid_objects")
    assert (invalid.target, invalid.measured, invalid.verdict) == ("planted", "1 个", "abnormal")
    assert invalid.standard == "不多于 0 个"
    [sessions] = items(made, "sessions")
    assert sessions.verdict == "normal"
    measured = float(sessions.measured.rstrip("%"))
    assert measured == pytest.approx(100 * (connections + 1) / int(most), abs=100 * 3 / int(most))  # the inspection's own session
    assert {item.verdict for check in ("latency", "tablespaces", "locks") for item in items(made, check)} == {"normal"}
    assert items(made, "clock")[0].verdict == "normal"
    assert items(made, "backup") == []
    assert items(made, "failed_jobs") == []  # PostgreSQL has no jobs


def test_a_session_that_waits_for_a_lock_is_named(world: World) -> None:
    world.system(connections=["core_db"], standards={"lock_seconds": 3600})
    with world.connect() as holder, world.connect() as waiter, world.connect() as watcher:
        holder.execute("SELECT pg_advisory_lock(7)")
        pids = {name: connection.info.backend_pid for name, connection in (("holder", holder), ("waiter", waiter))}
        thread = threading.Thread(target=waiter.execute, args=("SELECT pg_advisory_lock(7)",))
        thread.start()
        while not watcher.execute("SELECT pg_blocking_pids(%s) <> '{}'", (pids["waiter"],)).fetchone()[0]:
            pass
        made = inspect(world.context, "core", now=WED)
        holder.execute("SELECT pg_advisory_unlock(7)")
        thread.join()
    assert [item.target for item in items(made, "locks")] == [f"PID {pids['waiter']} 等待 PID {pids['holder']}"]


def test_what_is_abnormal_is_a_case_until_an_inspection_finds_it_well(world: World) -> None:
    world.system(connections=["core_db"], standards={"latency_ms": 600_000, "backup_hours": None})
    with world.connect() as connection:
        break_an_index(connection)
        done = inspect_and_record(world.context, "core", now=WED, actor="test", kinds=ALL)
        assert (done.number, done.abnormal) == ("XJ-20260603-core", 1)
        assert done.lines == ("核心系统：失效对象 core_db planted：1 个（标准 不多于 0 个）",)
        assert open_cases(world) == {"invalid_objects/core_db/planted"}
        # The database is away: nobody knows better, so the case stays, and that it is away is another one.
        away = world.urls.pop("core_db")
        world.urls["core_db"] = "postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2"
        done = inspect_and_record(world.context, "core", now=THU, actor="test", kinds=ALL)
        assert open_cases(world) == {"invalid_objects/core_db/planted", "latency/core_db/"}
        assert done.unmeasured > 0
        world.urls["core_db"] = away
        connection.execute("DROP SCHEMA planted CASCADE")
    done = inspect_and_record(world.context, "core", now=FRI, actor="test", kinds=("daily",))
    # It is there again; a daily inspection does not ask for invalid objects, so that nobody knows better of these.
    assert open_cases(world) == {"invalid_objects/core_db/planted"}
    done = inspect_and_record(world.context, "core", now=FRI, actor="test", kinds=("daily", "weekly"))
    assert open_cases(world) == set()
    assert [item.verdict for item in items_of(world.context, done.number)] == ["normal"] * done.items
    rows = [[cell.value for cell in row] for row in load_workbook(done.path).active.iter_rows()]
    tracked = [(row[1], row[2], row[3], row[4], row[6]) for row in rows if row[5] == "已消除"]
    assert tracked == [("失效对象", "core_db", "planted", "2026-06-03 起", "正常")]
    assert any("日常巡检、每周巡检" in str(value) for row in rows for value in row)


def test_the_same_day_again_replaces_the_report_and_its_record(world: World) -> None:
    world.system(disks=[{"name": "盘", "path": "lake"}], standards={"disk_percent": 0})
    first = inspect_and_record(world.context, "core", now=WED, actor="test")
    again = inspect_and_record(world.context, "core", now=WED + dt.timedelta(hours=1), actor="test")
    assert (first.number, first.abnormal) == (again.number, again.abnormal) == ("XJ-20260603-core", 1)
    with begin(world.context.ledger_url) as connection:
        assert (
            connection.execute(text("SELECT count(*) FROM hedui.inspection_item WHERE number = :n"), {"n": first.number}).scalar()
            == 1
        )


def test_a_narrower_inspection_of_the_same_day_takes_nothing_back(world: World) -> None:
    world.system(disks=[{"name": "盘", "path": "lake"}])
    inspect_and_record(world.context, "core", now=FRI, actor="test", kinds=("daily", "weekly"))
    done = inspect_and_record(world.context, "core", now=FRI + dt.timedelta(hours=1), actor="test", kinds=("daily",))
    with begin(world.context.ledger_url) as connection:
        query = text("SELECT kinds FROM hedui.inspection WHERE number = :number")
        assert connection.execute(query, {"number": done.number}).scalar_one() == ["daily", "weekly"]


def test_before_a_holiday_there_has_to_be_more_in_reserve(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.system(disks=[{"name": "盘", "path": "lake"}])
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(total=1000, used=780, free=220))
    verdicts = {
        kinds: [(item.verdict, item.standard) for item in inspect(world.context, "core", now=WED, kinds=kinds).items]
        for kinds in (("daily",), ("daily", "holiday"))
    }
    assert verdicts == {("daily",): [("normal", "不超过 85%")], ("daily", "holiday"): [("abnormal", "不超过 75%")]}


def test_the_quarterly_report_tells_what_became_of_each_problem_of_the_quarter(world: World) -> None:
    days = [dt.datetime(2026, month, day, 0, 15, tzinfo=dt.UTC) for month, day in ((6, 29), (7, 6), (7, 7), (7, 8), (9, 30))]
    for day, limit in zip(days[:4], (0, 0, 100, 0), strict=True):
        world.system(disks=[{"name": "季盘", "path": "lake"}], standards={"disk_percent": limit})
        inspect_and_record(world.context, "core", now=day, actor="test", kinds=("daily",))
    done = inspect_and_record(world.context, "core", now=days[4], actor="test", kinds=("quarterly",))
    rows = [[cell.value for cell in row] for row in load_workbook(done.path).active.iter_rows()]
    title = next(place for place, row in enumerate(rows) if row[0] == "四、本季问题跟踪")
    found = [(row[4].date(), row[5].date() if row[5] else None, row[7]) for row in rows[title + 2 : title + 4]]
    assert found == [
        (dt.date(2026, 6, 29), dt.date(2026, 7, 6), "已消除，历时 8 天"),
        (dt.date(2026, 7, 8), None, "仍存在"),
    ]


def test_pages_certificates_and_airflow(world: World, web_port: int, tls_port: int) -> None:
    here = f"http://127.0.0.1:{web_port}"
    world.system(
        pages=[
            {"name": "好", "url": f"{here}/health", "contains": "UP"},
            {"name": "词", "url": f"{here}/health", "contains": "READY"},
            {"name": "坏", "url": f"{here}/broken"},
            {"name": "无", "url": "http://127.0.0.1:1/health"},
            {"name": "密", "url": f"https://127.0.0.1:{tls_port}/health"},
        ],
        airflow=here,
    )
    made = inspect(world.context, "core", now=WED)
    assert {item.part: item.verdict for item in items(made, "page")} == {
        "好": "normal", "词": "abnormal", "坏": "abnormal", "无": "abnormal", "密": "normal",
    }  # fmt: skip
    assert [item.measured for item in items(made, "page") if item.part == "坏"] == ["无记录，状态码 503，应为 200"]
    [certificate] = items(made, "certificate")
    assert (certificate.measured, certificate.verdict) == ("剩余 16 天（2026-06-20 到期）", "abnormal")
    airflow = {item.target: (item.measured, item.verdict) for item in items(made, "airflow")}
    assert airflow == {
        "元数据库": ("心跳 0 秒前（不报心跳，状态健康）", "normal"),
        "调度器": ("心跳 10 秒前", "normal"),
        "流程解析器": ("无记录，unhealthy", "abnormal"),
    }


def test_old_logs_go_by_rule_only_and_each_is_in_the_audit_chain(world: World, tmp_path: Path) -> None:
    for folder in ("ruled", "listed"):
        (tmp_path / folder).mkdir()
        for name, days in (("young.log", 10), ("kept.log", 200), ("old.log", 201)):
            path = tmp_path / folder / name
            path.write_text(name, "utf-8")
            when = (WED - dt.timedelta(days=days, hours=1)).timestamp()
            os.utime(path, (when, when))
    world.system(
        logs=[
            {"name": "规", "path": str(tmp_path / "ruled"), "delete_after": 200},
            {"name": "列", "path": str(tmp_path / "listed")},
        ],
        standards={"log_days": 200},
    )
    inspect_and_record(world.context, "core", now=WED, actor="log-test", kinds=("weekly",))
    assert sorted(path.name for path in (tmp_path / "ruled").iterdir()) == ["kept.log", "young.log"]
    assert len(list((tmp_path / "listed").iterdir())) == 3
    [entry] = [
        item for item in audit.entries(world.context.ledger_url, actions=["inspection.delete_logs"]) if item.actor == "log-test"
    ]
    assert list(entry.details["files"]) == ["old.log"]
    found = {item.part: (item.measured, item.verdict) for item in items_of(world.context, "XJ-20260603-core")}
    assert found == {"规": ("最早 200 天前，共 2 个文件", "normal"), "列": ("最早 201 天前，共 3 个文件", "abnormal")}
