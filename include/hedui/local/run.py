"""``make run``: the demo's three nights through Airflow's own scheduler, from nothing to three workbooks, and nothing left running."""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from hedui.errors import HeduiError
from hedui.lake import Lake
from hedui.local.home import ROOT, Home, home_from_environment
from hedui.local.rest import Airflow, Run, Task
from hedui.local.stack import DAG, Stack, running_stack
from hedui.local.world import prepare_world, world_from_environment

NIGHTS = [dt.date(2026, 6, 3), dt.date(2026, 6, 4), dt.date(2026, 6, 5)]
DEMO_SITE = ROOT / "include" / "sites" / "demo"
SERVICES_OF_A_RUN = ("api-server", "scheduler", "dag-processor")  # nothing in a night waits for a trigger
HEAVY_SLOTS = 2  # the demo's nights are small and run one after the other
FINISHED = ("success", "skipped", "failed", "upstream_failed", "removed")
STATE_NAMES = {
    "success": "成功",
    "skipped": "跳过",
    "failed": "失败",
    "upstream_failed": "上游失败",
    "running": "运行中",
    "queued": "排队",
    "up_for_retry": "待重试",
}
_QUIET_INTERVAL = 15.0
_LONGEST_RUN = 3600.0


class RunFailedError(HeduiError):
    """A task of the demo's nights has failed."""


def wanted_port() -> int | None:
    """The port that ``HEDUI_PORT`` asks for.

    Raises:
        HeduiError: It is not a port number.
    """
    text = os.environ.get("HEDUI_PORT") or ""
    if not text:
        return None
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise HeduiError(f"HEDUI_PORT is {text!r}; set it to a free port from 1024 to 65535.")
    return int(text)


def start_world(stack: Stack, console: Console) -> None:
    """Builds the demo world while Airflow's database is being migrated, then starts Airflow."""
    world = world_from_environment()
    with console.status(f"Demo world of {world.persons:,} persons …"):
        began = time.monotonic()
        built = prepare_world(stack.home, stack.postgres, world, site=stack.site)
        took = f"built in {time.monotonic() - began:.0f} s" if built else "stands"
    console.print(f"[green]✓[/] demo world of {world.persons:,} persons, seed {world.seed}: {took}")
    with console.status("Airflow …") as status:
        began = time.monotonic()
        stack.start(wait=lambda what: status.update(f"Airflow: waiting for {what} …"))
    console.print(f"[green]✓[/] Airflow at {stack.url}: started in {time.monotonic() - began:.0f} s")


def night_of(run: Run) -> dt.date | None:
    """Business date of a run."""
    return run.logical_date.astimezone(dt.timezone(dt.timedelta(hours=8))).date() if run.logical_date else None


def follow(stack: Stack, airflow: Airflow, console: Console) -> dict[dt.date, tuple[Run, tuple[Task, ...]]]:
    """Shows the nights' progress until all are over, and returns them with their tasks.

    Raises:
        HeduiError: A night is not over after an hour.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[states]}"),
    )
    done: dict[dt.date, tuple[Run, tuple[Task, ...]]] = {}
    deadline = time.monotonic() + _LONGEST_RUN
    next_line = time.monotonic() + _QUIET_INTERVAL
    with Progress(*columns, TimeElapsedColumn(), console=console, disable=not console.is_terminal) as progress:
        bars = {night: progress.add_task(f"{night}", total=None, states="") for night in NIGHTS}
        while len(done) < len(NIGHTS):
            stack.heal()
            for run in airflow.runs(DAG):
                night = night_of(run)
                if night not in bars or night in done:
                    continue
                tasks = airflow.tasks(DAG, run.run_id) if run.state != "queued" else ()
                counts = Counter(task.state or "" for task in tasks)
                text = " ".join(f"{label} {counts[state]}" for state, label in STATE_NAMES.items() if counts[state])
                finished = sum(counts[state] for state in FINISHED)
                progress.update(bars[night], total=len(tasks) or None, completed=finished, states=text)
                if run.ended:
                    done[night] = (run, tasks)
                if not console.is_terminal and (run.ended or (tasks and time.monotonic() > next_line)):
                    console.print(f"  {night}  {finished}/{len(tasks)}  {text}", highlight=False)
                    next_line = time.monotonic() + _QUIET_INTERVAL
            if time.monotonic() > deadline:
                raise HeduiError(f"The nights are not over after {_LONGEST_RUN / 60:.0f} minutes; see {stack.home.logs}.")
            time.sleep(1.5)
    return done


def log_of(home: Home, task: Task) -> Path:
    """Path of a task's last log."""
    mapped = f"map_index={task.map_index}" if task.map_index >= 0 else ""
    folder = home.task_logs / f"dag_id={DAG}" / f"run_id={task.run_id}" / f"task_id={task.task_id}" / mapped
    return folder / f"attempt={task.attempt}.log"


def refuse_failures(home: Home, nights: dict[dt.date, tuple[Run, tuple[Task, ...]]]) -> None:
    """Raises where a task has failed.

    Raises:
        RunFailedError: With the first failed task of each night and its log's path.
    """
    lines = []
    for night, (run, tasks) in sorted(nights.items()):
        failed = [task for task in tasks if task.state == "failed" and task.task_id != "fail_if_any_failed"]
        lines += [f"{night}: {task.label} failed; its log: {log_of(home, task)}" for task in failed]
        if run.state == "failed" and not failed:
            lines.append(f"{night}: the run failed without a failed task; see {home.logs / 'scheduler.log'}")
    if lines:
        raise RunFailedError("\n".join(lines))


def run_nights(stack: Stack, console: Console) -> None:
    """Backfills the demo's nights, waits for them, and prints what was found."""
    from hedui.local.results import results_table, workbooks

    start_world(stack, console)
    with stack.client() as airflow:
        left = airflow.abandon(DAG)
        if left:
            console.print(f"[yellow]![/] {left} night(s) of an interrupted run are started again")
        airflow.backfill(DAG, first=NIGHTS[0], last=NIGHTS[-1])
        nights = follow(stack, airflow, console)
    refuse_failures(stack.home, nights)
    console.print(results_table(Lake(str(stack.home.lake)), NIGHTS))
    console.print("报表：")
    for path in workbooks(stack.home.reports, NIGHTS):
        console.print(f"  {path}", highlight=False, soft_wrap=True)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Turns SIGTERM and SIGHUP into the exception that Ctrl-C raises, so that everything is stopped on the way out."""

    def interrupt(number: int, frame: object) -> NoReturn:
        raise KeyboardInterrupt

    previous = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def main() -> int:
    """Runs the demo.

    Returns:
        0 where all three nights are done, 1 where something failed, 130 after Ctrl-C.
    """
    console = Console()
    began = time.monotonic()
    home = home_from_environment()
    try:
        with (
            ended_by_signals(),
            running_stack(
                home=home, site=DEMO_SITE, port=wanted_port(), services=SERVICES_OF_A_RUN, heavy_slots=HEAVY_SLOTS
            ) as stack,
        ):
            run_nights(stack, console)
    except KeyboardInterrupt:
        console.print("\n[yellow]Interrupted; everything is stopped. `make run` starts the nights again.[/]")
        return 130
    except HeduiError as error:
        console.print(f"[red]✗[/] {error}", highlight=False, soft_wrap=True)
        return 1
    console.print(f"[green]✓[/] done in {time.monotonic() - began:.0f} s; nothing is left running. `make up` opens the Airflow UI.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
