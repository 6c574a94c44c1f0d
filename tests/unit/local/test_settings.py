"""What the environment may ask of the embedded services, and what they give to Airflow."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from hedui.errors import HeduiError
from hedui.local import home as home_module
from hedui.local.environment import airflow_environment, keys, passwords
from hedui.local.home import Home
from hedui.local.postgres import Postgres
from hedui.local.rest import Task
from hedui.local.run import log_of, wanted_port
from hedui.local.world import World, world_from_environment
from hedui.site import load_site

DEMO = Path(__file__).resolve().parents[3] / "include" / "sites" / "demo"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(root=tmp_path / "var")
    made.create()
    return made


def test_the_world_has_a_default_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEDUI_DEMO_PERSONS", raising=False)
    monkeypatch.setenv("HEDUI_DEMO_SEED", "7")
    assert world_from_environment() == World(persons=20_000, seed=7)


@pytest.mark.parametrize("variable", ["HEDUI_DEMO_PERSONS", "HEDUI_DEMO_SEED"])
def test_a_size_that_is_no_number_is_refused(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "many")
    with pytest.raises(HeduiError, match=f"{variable} is 'many'; set it to a whole number"):
        world_from_environment()


@pytest.mark.parametrize(("text", "port"), [("", None), ("8080", 8080)])
def test_the_port_may_be_chosen(text: str, port: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEDUI_PORT", text)
    assert wanted_port() == port


@pytest.mark.parametrize("text", ["http", "0", "70000", "-1"])
def test_what_is_no_port_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEDUI_PORT", text)
    with pytest.raises(HeduiError, match="set it to a free port"):
        wanted_port()


def test_a_full_disk_is_named_before_anything_starts(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home_module, "MINIMUM_FREE_BYTES", 1 << 60)
    with pytest.raises(HeduiError, match=r"Only [\d.]+ GB are free below .*var, the demo needs 2 GB"):
        home.create()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HeduiError, match=r"cannot be written .* set HEDUI_VAR"):
        Home(root=tmp_path / "file" / "var").create()


def test_every_role_gets_a_password_that_stays_and_is_private(home: Home) -> None:
    site = load_site(DEMO)
    made = passwords(home, site)
    assert list(made) == ["engineer", "analyst", "manager", "leader", "reviewer", "auditor"]
    assert len({*made.values()}) == 6
    assert passwords(home, site) == made == json.loads(home.passwords.read_text())
    assert keys(home) == keys(home)
    for file in (home.passwords, home.secrets):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_airflow_gets_the_roles_the_connections_and_nothing_of_another_airflow(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", "postgres://x")
    monkeypatch.setenv("HOME", "/nonexistent")
    site = load_site(DEMO)
    environment = airflow_environment(home, Postgres(home.postgres), site=site, folder=DEMO, port=8099)
    assert environment["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] == (
        "engineer:admin,analyst:user,manager:op,leader:op,reviewer:op,auditor:viewer"
    )
    assert environment["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert environment["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:8099"
    assert {name for name in environment if name.startswith("AIRFLOW_CONN_")} == {
        "AIRFLOW_CONN_HEDUI_LEDGER",
        "AIRFLOW_CONN_PADIS",
        "AIRFLOW_CONN_SHEBAO_DB",
        "AIRFLOW_CONN_SHUIWU_DB",
    }
    assert os.access(environment["HOME"], os.W_OK)
    assert "127.0.0.1" in environment["NO_PROXY"].split(",")


def test_a_long_path_moves_the_socket_where_postgresql_can_open_it(tmp_path: Path) -> None:
    deep = Postgres(tmp_path / ("x" * 120) / "data")
    assert len(str(deep.socket_folder / ".s.PGSQL.5432")) < 104
    assert Postgres(tmp_path / ("y" * 120) / "data").socket_folder != deep.socket_folder


def test_the_log_of_a_mapped_task_is_where_airflow_writes_it(home: Home) -> None:
    task = Task(run_id="r", task_id="extract", map_index=2, name="医保平台导出", state="failed", attempt=3)
    assert log_of(home, task).relative_to(home.task_logs) == Path(
        "dag_id=nightly_reconciliation/run_id=r/task_id=extract/map_index=2/attempt=3.log"
    )
    assert task.label == "extract [医保平台导出]"
