"""The last screen of `make run`: what was found, or what failed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from hedui.lake import Lake, Manifest, Partition
from hedui.local.home import Home
from hedui.local.rest import Run, Task
from hedui.local.results import findings_by_kind, results_table, workbooks
from hedui.local.run import RunFailedError, night_of, refuse_failures

FIRST, SECOND = dt.date(2026, 6, 3), dt.date(2026, 6, 4)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = Lake(str(tmp_path / "lake"))
    nights = {
        ("levy_payment", FIRST): [("AMT", -1250), ("AMT", 250), ("IN_TRANSIT", 100_000)],
        ("check:person:shebao", FIRST): [("RULE", None)],
        ("levy_payment", SECOND): [],
    }
    for (scope, date), rows in nights.items():
        table = pa.table(
            {
                "kind": pa.array([kind for kind, _ in rows], pa.string()),
                "amount_diff_fen": pa.array([fen for _, fen in rows], pa.int64()),
            }
        )
        with made.writer(Partition(layer="findings", parts=(scope,), date=date)) as writer:
            pq.write_table(table, writer.new_file())
            writer.commit(Manifest(rows=len(rows)))
    return made


def test_findings_are_counted_by_kind_over_all_scopes(lake: Lake) -> None:
    assert findings_by_kind(lake, FIRST) == {"AMT": (2, 1500), "IN_TRANSIT": (1, 100_000), "RULE": (1, 0)}
    assert findings_by_kind(lake, SECOND) == {}


def test_an_empty_lake_has_no_findings(tmp_path: Path) -> None:
    assert findings_by_kind(Lake(str(tmp_path)), FIRST) == {}


def test_the_table_names_kinds_in_chinese_and_fits_a_terminal(lake: Lake) -> None:
    console = Console(width=80, record=True, file=(Path(lake.root) / "out").open("w"))
    console.print(results_table(lake, [FIRST, SECOND]))
    lines = [line.split() for line in console.export_text().splitlines()]
    assert ["金额不符", "2", "15", "–", "–"] in lines
    assert ["合计", "4", "1,015", "–", "–"] in lines
    console.file.close()


def test_workbooks_are_listed_by_night(tmp_path: Path) -> None:
    for name in ("2026-06-04/b.xlsx", "2026-06-03/a.xlsx", "2026-06-03/a.csv", "2026-06-09/other.xlsx"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert workbooks(tmp_path, [FIRST, SECOND]) == [tmp_path / "2026-06-03/a.xlsx", tmp_path / "2026-06-04/b.xlsx"]


def task(name: str, state: str) -> Task:
    return Task(run_id="r", task_id=name, map_index=-1, name="", state=state, attempt=4)


def test_a_failure_names_night_task_and_log(tmp_path: Path) -> None:
    run = Run(run_id="r", logical_date=None, state="failed")
    tasks = (task("record", "failed"), task("report", "upstream_failed"), task("fail_if_any_failed", "failed"))
    with pytest.raises(RunFailedError, match=r"^2026-06-03: record failed; its log: .*task_id=record/attempt=4\.log$"):
        refuse_failures(Home(root=tmp_path), {FIRST: (run, tasks)})


def test_a_run_that_failed_as_a_whole_points_to_the_scheduler(tmp_path: Path) -> None:
    run = Run(run_id="r", logical_date=None, state="failed")
    with pytest.raises(RunFailedError, match=r"without a failed task; see .*scheduler\.log"):
        refuse_failures(Home(root=tmp_path), {FIRST: (run, (task("record", "success"),))})


def test_good_nights_pass(tmp_path: Path) -> None:
    refuse_failures(
        Home(root=tmp_path), {FIRST: (Run(run_id="r", logical_date=None, state="success"), (task("record", "success"),))}
    )


def test_a_run_belongs_to_the_night_of_its_logical_date_in_shanghai() -> None:
    run = Run(run_id="r", logical_date=dt.datetime(2026, 6, 2, 18, 30, tzinfo=dt.UTC), state="success")
    assert night_of(run) == FIRST
