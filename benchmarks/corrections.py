"""Measures a correction bundle of many rows beside a hand-written ``executemany`` of the same changes, PostgreSQL.

Every changed row has a new number of months and a new amount. The hand-written run is one transaction of guarded UPDATEs through
psycopg's ``executemany`` (which sends them in one pipeline) and a check of the row count; no backup, no journal, no check of the rest.
Each competitor gets a table of its own with the same rows, freshly written and vacuumed; the order turns round after each round. Hedui's
steps: the bundle made and frozen with all its files, rehearsed on a copy (without the night's rules: no source reads the table), executed,
rolled back.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import peak
from bench import machine, write

from hedui.context import Context
from hedui.corrections.bundle import freeze, open_bundle
from hedui.corrections.model import BundlePlan, Cell, Change, Column, Decision, Dialect, Operation, Reason, Table, Target
from hedui.corrections.run import execute, rehearse, rollback
from hedui.lake import Lake
from hedui.local.postgres import Postgres
from hedui.site import load_site
from hedui.sources.postgres_connect import connect

HERE = Path(__file__).resolve().parent
SITE = HERE.parent / "include" / "sites" / "demo"
BAR, MEMORY = 0.5, 1024
STEPS = {
    "make": "made and frozen",
    "open": "opened, every file verified",
    "rehearse": "rehearsed",
    "execute": "executed",
    "undo": "rolled back",
}
UPDATE = "UPDATE ac02 SET aae201 = %s, aae180 = %s WHERE aac001 = %s AND aae140 = '110' AND aae201 = %s AND aae180 = %s"
PEOPLE = {"approvers": ("a",), "leaders": ("b",), "executor": "c", "reviewers": ("d",)}
TABLE = Table(
    name="ac02",
    key=("aac001", "aae140"),
    columns=(
        Column(name="aac001", length=20, nullable=False, label="个人编号"),
        Column(name="aae140", length=3, nullable=False, label="险种"),
        Column(name="aae180", kind="decimal", length=16, scale=2, label="缴费基数"),
        Column(name="aae201", kind="integer", label="累计月数"),
    ),
    label="参保登记",
)


def person(number: int) -> str:
    """A made-up person number."""
    return f"99{number:08d}"


def values(number: int) -> tuple[int, Decimal]:
    """Months and base of a row as they are."""
    return number % 400, Decimal(300000 + number % 700000) / 100


def corrected(number: int) -> tuple[int, Decimal]:
    """Months and base as they should be."""
    months, base = values(number)
    return months + 1, base + Decimal("12.34")


def fill(url: str, rows: int) -> None:
    """The table anew, four times as many rows as change."""
    with closing(connect(url, autocommit=True)) as connection:
        for (name,) in connection.execute(
            "SELECT tablename FROM pg_tables WHERE tablename LIKE 'hedui%' OR tablename = 'ac02'"
        ).fetchall():
            connection.execute(f'DROP TABLE "{name}"'.encode())
        connection.execute(
            "CREATE TABLE ac02 (aac001 varchar(20), aae140 varchar(3), aac003 varchar(100), aab001 varchar(20), aae030 date, "
            "aae180 numeric(16,2), aae201 integer, PRIMARY KEY (aac001, aae140))"
        )
        with connection.cursor().copy("COPY ac02 FROM STDIN") as copy:
            for number in range(rows * 4):
                months, base = values(number)
                copy.write_row((person(number), "110", "张三", f"99U{number % 5000:05d}", dt.date(2001, 1, 1), base, months))
        connection.execute("VACUUM ANALYZE ac02")
        connection.execute("CHECKPOINT")


def plan(rows: int) -> BundlePlan:
    """The bundle of every fourth row."""
    changes, reasons = [], []
    for place in range(rows):
        number = place * 4
        (months, base), (new_months, new_base) = values(number), corrected(number)
        case = f"{place:032x}"
        cells = (
            Cell(column="aae180", old=base, new=new_base, amount_fen=(int(base * 100), int(new_base * 100))),
            Cell(column="aae201", old=months, new=new_months),
        )
        changes.append(
            Change(
                number=place + 1, operation=Operation.UPDATE, table="ac02", key=(person(number), "110"), cells=cells, cases=(case,),
                rule="T05", field="months_paid,pay_base_fen", region="990101", person=person(number),
            )
        )  # fmt: skip
        reasons.append(
            Reason(case=case, rule="T05", kind="AMT", decision=Decision.UPPER_RIGHT, basis="权威矩阵：累计月数以省集中系统为准")
        )
    table = {"dataset": "enrolment", "table": "ac02", "key": ("aac001", "aae140")}
    target = Target.model_validate(
        {"id": "shebao", "name": "市社保业务库", "tier": "local", "region": "990100", "source": "shebao", "dialect": Dialect.POSTGRESQL,
         "mode": "execute", "connection": "db", "tables": (table,), "people": PEOPLE}
    )  # fmt: skip
    return BundlePlan(
        id="BUNDLE-990100-20260603-001", target=target, business_date=dt.date(2026, 6, 3), tables=(TABLE,), changes=tuple(changes),
        decision=Decision.UPPER_RIGHT, reasons=tuple(reasons), proposer="bench",
    )  # fmt: skip


def by_hand(url: str, rows: int) -> None:
    """What a programmer would write."""
    numbers = range(0, rows * 4, 4)
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.executemany(UPDATE, [(*corrected(number), person(number), *values(number)) for number in numbers])
        if cursor.rowcount != rows:
            raise SystemExit(f"{cursor.rowcount} rows instead of {rows}")
        connection.commit()


def one(kind: str, url: str, folder: str, rows: int) -> dict[str, float]:
    """One run of a competitor: seconds of its steps and this process's peak memory in MB."""
    figures: dict[str, float] = {}

    def timed(name: str, step: Any) -> Any:
        begin = time.perf_counter()
        result = step()
        figures[name] = time.perf_counter() - begin
        return result

    if kind == "hand":
        timed("execute", lambda: by_hand(url, rows))
    else:
        base = Path(folder)
        context = Context(
            site=load_site(SITE),
            lake=Lake(str(base / "lake")),
            reports=base,
            inbox=folder,
            ledger_url="",
            connection=lambda name: url,
        )
        timed("make", lambda: freeze(plan(rows), folder=base))
        bundle = timed("open", lambda: open_bundle(base / "BUNDLE-990100-20260603-001"))
        timed("rehearse", lambda: rehearse(context, bundle, judged=False)).require()
        done = timed("execute", lambda: execute(context, bundle, executor="bench"))
        if done.rows != rows:
            raise SystemExit(f"{done.rows} rows instead of {rows}")
        check(url, rows)
        timed("undo", lambda: rollback(context, bundle, executor="bench"))
    figures["megabytes"] = peak.gigabytes() * 1000
    return figures


def check(url: str, rows: int) -> None:
    """That every changed row is as it should be."""
    query = (
        "SELECT count(*) FROM ac02 WHERE right(aac001, 8)::int % 4 = 0 AND aae201 = right(aac001, 8)::int % 400 + 1 "
        "AND aae180 = (300000 + right(aac001, 8)::int % 700000) / 100.0 + 12.34"
    )
    with closing(connect(url)) as connection:
        found = connection.execute(query.encode()).fetchone()
    if found is None or found[0] != rows:
        raise SystemExit(f"{found} rows are right, not {rows}")


def measure(server: Postgres, rows: int, repeat: int) -> dict[str, list[dict[str, float]]]:
    """All rounds."""
    found: dict[str, list[dict[str, float]]] = {"hand": [], "hedui": []}
    for number in range(repeat):
        for kind in ("hand", "hedui") if number % 2 == 0 else ("hedui", "hand"):
            url = server.url("bench")
            fill(url, rows)
            with tempfile.TemporaryDirectory() as folder:
                # A process of its own, so that memory is that of one run.
                command = [sys.executable, str(HERE / "corrections.py"), "--one", kind, url, folder, str(rows)]
                environment = {**os.environ, "HEDUI_REHEARSAL_URL": server.url("postgres")}
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
            result = dict(pair.split("=") for pair in done.stdout.split())
            found[kind].append({name: float(value) for name, value in result.items()})
            print(f"  {kind} {number + 1}/{repeat}: {done.stdout.strip()}", flush=True)
    return found


def table(rows: int, found: dict[str, list[dict[str, float]]], head: str) -> str:
    """The figures as Markdown."""
    lines = [f"## A correction bundle of {rows:,} rows beside a hand-written executemany, PostgreSQL", "", head, ""]
    lines += ["| | seconds (all runs) | rows/s |", "|---|--:|--:|"]
    hand = statistics.median(run["execute"] for run in found["hand"])
    each = ", ".join(f"{run['execute']:.1f}" for run in found["hand"])
    lines.append(
        f"| hand-written `executemany`: guarded UPDATEs, row count checked | **{hand:.1f}** ({each}) | {rows / hand:,.0f} |"
    )
    for step, label in STEPS.items():
        seconds = statistics.median(run[step] for run in found["hedui"])
        each = ", ".join(f"{run[step]:.1f}" for run in found["hedui"])
        lines.append(f"| Hedui: {label} | **{seconds:.1f}** ({each}) | {rows / seconds:,.0f} |")
    executed = statistics.median(run["execute"] for run in found["hedui"])
    memory = max(run["megabytes"] for run in found["hedui"])
    lines += ["", "| | measured | bar | |", "|---|--:|--:|---|"]
    ratio = hand / executed
    lines.append(f"| Hedui's execution / executemany, speed | {ratio:.2f} | ≥ {BAR} | {'met' if ratio >= BAR else 'missed'} |")
    lines.append(
        f"| peak memory of making, rehearsing and executing, MB | {memory:.0f} | < {MEMORY} | {'met' if memory < MEMORY else 'missed'} |"
    )
    return "\n".join(lines)


def main() -> None:
    """Measures and writes the table."""
    if sys.argv[1:2] == ["--one"]:
        kind, url, folder, rows = sys.argv[2:]
        print(*(f"{name}={value:.3f}" for name, value in one(kind, url, folder, int(rows)).items()))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000, help="rows that change (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=3, help="rounds (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=HERE.parent / "var" / "bench", help="where the server's data are")
    parser.add_argument("--show", action="store_true", help="only show, do not write RESULTS.md")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    head = machine()
    server = Postgres(given.folder / "corrections", databases=("bench",))
    server.start()
    try:
        found = measure(server, given.rows, given.repeat)
    finally:
        server.stop()
    text = table(given.rows, found, f"{head} Load average at the end {os.getloadavg()[0]:.1f}.")
    print(text)
    if not given.show:
        write(HERE / "RESULTS.md", "corrections", text)


if __name__ == "__main__":
    main()
