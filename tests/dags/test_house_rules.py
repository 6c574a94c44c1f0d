"""Rules that every DAG of the project keeps."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DAG_FILES = sorted((ROOT / "dags").glob("*.py"))
HEAVY = ("pandas", "duckdb", "great_expectations", "pyarrow", "polars", "openpyxl")

PARSE = """
import json, sys
from importlib.abc import MetaPathFinder

class Refuse(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in HEAVY:
            raise ImportError(f"{name} is imported while a DAG file is parsed; import it inside the task")

HEAVY = set(sys.argv[2].split(","))
from airflow.dag_processing.dagbag import DagBag
sys.meta_path.insert(0, Refuse())
bag = DagBag(sys.argv[1])
print("RESULT", json.dumps({"errors": bag.import_errors, "dags": sorted(bag.dags), "heavy": sorted(HEAVY & set(sys.modules))}))
"""


def test_every_file_parses_and_the_night_is_there(dag_bag: Any) -> None:
    assert dag_bag.import_errors == {}
    assert "nightly_reconciliation" in dag_bag.dags


def test_parsing_imports_nothing_heavy() -> None:
    environment = {**os.environ, "HEDUI_SITE": str(ROOT / "include" / "sites" / "demo")}
    command = [sys.executable, "-c", PARSE, str(ROOT / "dags"), ",".join(HEAVY)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    result = json.loads(done.stdout.split("RESULT ", 1)[1].splitlines()[0])
    assert result == {
        "errors": {},
        "dags": [
            "assist_follow",
            "channel_monitor",
            "correction_receipt",
            "correction_reminders",
            "correction_run",
            "daily_inspection",
            "feed_monitor",
            "monthly_report",
            "nightly_reconciliation",
            "outbound_push",
            "padis_monthly_table",
            "padis_upload",
            "region_code_migration",
            "statistics_report",
        ],
        "heavy": [],
    }


@pytest.mark.parametrize("file", DAG_FILES, ids=lambda file: file.name)
def test_dag_files_are_thin(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 120


def test_dags_say_what_they_are(dag_bag: Any) -> None:
    for dag in dag_bag.dags.values():
        assert dag.doc_md, dag.dag_id
        assert dag.description, dag.dag_id
        assert dag.tags, dag.dag_id
        assert dag.dagrun_timeout, dag.dag_id
        assert dag.catchup is False, dag.dag_id
        # Runs of a schedule never overlap; runs that people start may wait for other people for weeks.
        assert dag.max_active_runs == 1 or type(dag.timetable).__name__ == "NullTimetable", dag.dag_id


def test_tasks_have_an_owner_a_chinese_name_a_document_and_limits(dag_bag: Any) -> None:
    seen = 0
    for dag in dag_bag.dags.values():
        for task in dag.tasks:
            label = f"{dag.dag_id}.{task.task_id}"
            seen += 1
            assert task.owner not in ("", "airflow"), label
            assert any("\u4e00" <= letter <= "\u9fff" for letter in task.task_display_name), label
            assert task.python_callable.__doc__ if hasattr(task, "python_callable") else True, label
            assert task.execution_timeout, label
            if task.task_id.startswith("fail_if") or task.task_id == "notify":  # the message is offered again channel by channel
                assert task.retries == 0, label
            else:
                assert task.retries >= 2, label
                assert task.retry_exponential_backoff, label
                assert task.retry_delay >= dt.timedelta(seconds=5), label
                assert task.max_retry_delay <= dt.timedelta(minutes=30), label
    assert seen >= 7


def test_every_failed_run_becomes_a_fault(dag_bag: Any) -> None:
    from hedui_airflow.operations import open_fault_of_run

    for dag in dag_bag.dags.values():
        for task in dag.tasks:
            called = task.on_failure_callback  # Airflow keeps a mapped task's as it is, another's in a list
            assert (called if isinstance(called, list) else [called]) == [open_fault_of_run], f"{dag.dag_id}.{task.task_id}"
