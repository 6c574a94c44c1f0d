"""Measures a migration of region codes in PostgreSQL beside one plain joined UPDATE of the same rows.

Every row of the table has a code that moves (all whole changes of the first half of 1997). Each competitor gets a table of its own with
the same rows, freshly written and vacuumed; the order turns round after each round. The migration's time is that of its whole step:
reading the codes, writing the key log with every affected key, and all batches with their progress. Up to a size the run is also measured,
rehearsed and proved as a site would; larger tables only migrate, from the prediction that a rehearsal would have made.
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
from pathlib import Path
from typing import Any

import peak
import psycopg
from bench import machine, write
from sqlalchemy import make_url

from hedui.ledger.schema import upgrade
from hedui.local.postgres import Postgres
from hedui.regions.migrate.batches import Surroundings
from hedui.regions.migrate.page import digest_of
from hedui.regions.migrate.plan import make_plan
from hedui.regions.migrate.records import Logged
from hedui.regions.migrate.run import Migration
from hedui.site.regions import RegionSettings

HERE = Path(__file__).resolve().parent
PERIOD = (dt.date(1996, 12, 31), dt.date(1997, 6, 30))
PLAIN = "UPDATE insured SET region = m.new_code FROM plain_map AS m WHERE insured.region = m.old_code"
BAR = 0.5
WHOLE_UP_TO = 5_000_000
"""Rows up to which baseline, rehearsal and proof are run, too."""


def connect(url: str) -> psycopg.Connection[Any]:
    """A connection in autocommit mode."""
    address = make_url(url)
    return psycopg.connect(dbname=address.database, user=address.username, host=str(address.query["host"]), autocommit=True)


def fill(url: str, rows: int, moves: list[tuple[str, str]]) -> None:
    """The table anew: a row per person and insurance, codes in turn."""
    with connect(url) as connection:
        connection.execute("DROP TABLE IF EXISTS insured, plain_map")
        connection.execute("DROP SCHEMA IF EXISTS hedui_regions CASCADE")
        connection.execute("CREATE TABLE plain_map (old_code text PRIMARY KEY, new_code text NOT NULL)")
        with connection.cursor().copy("COPY plain_map FROM STDIN") as copy:
            for move in moves:
                copy.write_row(move)
        connection.execute(
            "CREATE TABLE insured (person_no bigint, insurance text, region text, unit_no bigint, due_fen bigint, paid_fen bigint, "
            "start_date date)"
        )
        codes = [old for old, _ in moves]
        connection.execute(
            "INSERT INTO insured SELECT 990000000 + n / 2, CASE n %% 2 WHEN 0 THEN '110' ELSE '310' END, (%s::text[])[1 + (n * 7) %% %s], "
            "n / 40, n * 13 %% 1000000, n * 17 %% 1000000, date '1990-01-01' + (n %% 2000)::int FROM generate_series(0, %s - 1) AS n",
            (codes, len(codes), rows),
        )
        connection.execute("ALTER TABLE insured ADD PRIMARY KEY (person_no, insurance)")
        connection.execute("VACUUM ANALYZE insured")
        connection.execute("CHECKPOINT")


def migration(url: str, ledger: str, folder: Path, batch_rows: int) -> Migration:
    """The migration of the table."""
    target = {"id": "insured", "connection": "db", "table": "insured", "key": ("person_no", "insurance"), "column": "region"}
    figures = {"person": "person_no", "unit": "unit_no", "amounts": ("due_fen", "paid_fen"), "date": "start_date"}
    values = {"targets": ({**target, **figures},), "batch_rows": batch_rows, "accept_queue": True}
    plan = make_plan(RegionSettings.model_validate(values), folder=folder, start=PERIOD[0], end=PERIOD[1])
    return Migration(plan, Surroundings(ledger_url=ledger, connection=lambda name: url))


def one(kind: str, url: str, ledger: str, folder: Path, batch_rows: int) -> dict[str, float]:
    """One run of a competitor: seconds of its parts and peak memory of this process in MB."""
    figures: dict[str, float] = {}

    def timed(name: str, step: Any) -> Any:
        begin = time.perf_counter()
        result = step()
        figures[name] = time.perf_counter() - begin
        return result

    if kind == "plain":
        with connect(url) as connection:
            figures["rows"] = timed("move", lambda: connection.execute(PLAIN)).rowcount
    else:
        os.environ.setdefault("HEDUI_REPORT_KEY", "of a benchmark only")
        mine = migration(url, ledger, folder, batch_rows)
        mine.load()
        (target,) = mine.moving
        with closing(mine.open(target)) as store:
            values = store.values()
            foreseen = tuple((row.old, row.new or "", row.method, values[row.old]) for row in mine.map_rows(store))
        whole = sum(values.values()) <= WHOLE_UP_TO
        if whole:
            timed("baseline", mine.baseline)
            mine.preflight()
            timed("rehearse", mine.rehearse)
            accept = tuple(stop.id for stop in mine.plan.open_stops)
            mine.approve(by="bench", note="bench", page_digest=digest_of(mine.page()), accept=accept)
        else:
            mine.book.put_logged(target.id, Logged(moves=foreseen, batches=0))
            mine.book.update(state="approved")
        with connect(url) as connection:
            connection.execute("CHECKPOINT")
        figures["rows"] = timed("move", mine.migrate)["moved"]
        if whole:
            timed("prove", mine.prove)
    figures["megabytes"] = peak.gigabytes() * 1000
    return figures


def measure(server: Postgres, rows: int, repeat: int, batch_rows: int) -> dict[str, list[dict[str, float]]]:
    """All rounds of one size."""
    found: dict[str, list[dict[str, float]]] = {"plain": [], "hedui": []}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(repeat):
            for kind in ("plain", "hedui") if number % 2 == 0 else ("hedui", "plain"):
                names = [f"bench_{what}_{rows}_{kind}_{number}" for what in ("data", "ledger")]
                for name in names:
                    server.query("postgres", f'DROP DATABASE IF EXISTS "{name}"')
                    server.query("postgres", f'CREATE DATABASE "{name}"')
                url, ledger = (server.url(name) for name in names)
                upgrade(ledger)
                plan = migration(url, ledger, Path(folder), batch_rows).plan
                moves = [(rule.old, rule.targets[0]) for rule in plan.mapping.moved() if rule.fate == "move"]
                fill(url, rows, moves)
                # A process of its own, so that memory is that of one run.
                command = [sys.executable, str(HERE / "regions.py"), "--one", kind, url, ledger, folder, str(batch_rows)]
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
                result = dict(pair.split("=") for pair in done.stdout.split())
                found[kind].append({name: float(value) for name, value in result.items()})
                print(f"  {rows:,} {kind} {number + 1}/{repeat}: {done.stdout.strip()}", flush=True)
                for name in names:
                    server.query("postgres", f'DROP DATABASE "{name}"')
    return found


def table(sizes: dict[int, dict[str, list[dict[str, float]]]], head: str) -> str:
    """The figures as Markdown."""
    lines = ["## Region codes: a migration beside one plain joined UPDATE of the same rows, PostgreSQL", "", head, ""]
    lines += [
        "| rows moved | | seconds (all runs) | rows/s | our process, MB | baseline, rehearsal, proof, s |",
        "|--:|---|--:|--:|--:|--:|",
    ]
    names = {"plain": "one plain joined UPDATE", "hedui": "Hedui: key log, batches, progress"}
    ratios = []
    for rows, kinds in sizes.items():
        for kind, runs in kinds.items():
            seconds = statistics.median(run["move"] for run in runs)
            parts = [part for part in ("baseline", "rehearse", "prove") if part in runs[0]]
            others = ", ".join(f"{statistics.median(run[part] for run in runs):.1f}" for part in parts)
            memory = statistics.median(run["megabytes"] for run in runs)
            each = ", ".join(f"{run['move']:.1f}" for run in runs)
            lines.append(
                f"| {rows:,} | {names[kind]} | **{seconds:.1f}** ({each}) | {rows / seconds:,.0f} | {memory:.0f} | {others} |"
            )
        ratio = statistics.median(run["move"] for run in kinds["plain"]) / statistics.median(run["move"] for run in kinds["hedui"])
        met = "met" if ratio >= BAR else "missed"
        ratios.append(f"| Hedui's speed / plain UPDATE, {rows:,} rows | {ratio:.2f} | ≥ {BAR} | {met} |")
    return "\n".join([*lines, "", "| ratio | measured | bar | |", "|---|--:|--:|---|", *ratios])


def main() -> None:
    """Measures and writes the table."""
    if sys.argv[1:2] == ["--one"]:
        kind, url, ledger, folder, batch_rows = sys.argv[2:]
        figures = one(kind, url, ledger, Path(folder), int(batch_rows))
        print(*(f"{name}={value:.3f}" for name, value in figures.items()))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, action="append", help="rows that move; may be repeated (default: 5 and 20 million)")
    parser.add_argument("--repeat", type=int, default=3, help="rounds (default: %(default)s)")
    parser.add_argument("--batch-rows", type=int, default=500_000, help="rows of a batch (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=HERE.parent / "var" / "bench", help="where the server's data are")
    parser.add_argument("--show", action="store_true", help="only show, do not write RESULTS.md")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    head = machine()
    server = Postgres(given.folder / "regions")
    server.start()
    try:
        wanted = given.rows or [5_000_000, 20_000_000]
        sizes = {rows: measure(server, rows, given.repeat, given.batch_rows) for rows in wanted}
    finally:
        server.stop()
    text = table(sizes, f"{head} Load average at the end {os.getloadavg()[0]:.1f}. Batches of {given.batch_rows:,} rows.")
    print(text)
    if not given.show:
        write(HERE / "RESULTS.md", "regions", text)


if __name__ == "__main__":
    main()
