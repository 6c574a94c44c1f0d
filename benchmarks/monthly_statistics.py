"""The month's statistics of a city beside the same figures made with pandas: time, memory, and whether they agree.

    python benchmarks/monthly_statistics.py --rows 20000000

``rows`` is the number of payments of the month; there are as many enrolments and nearly as many levies. Each competitor is a process of
its own. Hedui makes the workbooks too, pandas only the figures. Needs about 0.2 GB of disk per million rows.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peak

ROOT = Path(__file__).resolve().parents[1]
DAYS = [dt.date(2026, 6, day) for day in range(1, 31) if dt.date(2026, 6, day).weekday() < 5]
REPORTS = (
    "employer_collection", "flexible_collection", "resident_collection", "tax_office_collection", "enrolment_by_unit_type",
    "payment_by_unit_type",
)  # fmt: skip
BASE = """
    SELECT i // 3 AS p, i % 3 AS n,
        CASE WHEN (i // 3) % 10 = 0 THEN 'R' WHEN (i // 3) % 20 = 1 THEN 'F' ELSE 'E' END AS payer,
        CAST(hash(i // 60) % {units} AS BIGINT) AS u, CAST(hash(i) % 1000 AS BIGINT) AS luck,
        CAST(400000 + hash(i // 3) % 1800000 AS BIGINT) AS base_fen
    FROM range({rows}) t (i)
"""
COMMON = """
    lpad(CAST(p AS VARCHAR), 10, '1') AS person_no, '99010' || CAST(u % 6 + 1 AS VARCHAR) AS pool_region,
    CASE WHEN payer = 'R' THEN '150' WHEN n = 0 THEN '110' WHEN n = 1 THEN '210' ELSE '410' END AS insurance,
    CASE WHEN payer = 'E' THEN lpad(CAST(u AS VARCHAR), 12, '9') END AS unit_no
"""
TABLES = {
    ("enrolment", "shebao"): f"""
        SELECT {COMMON}, CASE WHEN luck < 30 THEN '2' ELSE '1' END AS enrol_state, CASE WHEN luck < 30 THEN '2' ELSE '1' END AS pay_state,
            CASE payer WHEN 'F' THEN '13' WHEN 'R' THEN '30' ELSE '10' END AS person_category
        FROM base""",
    ("levy", "shebao"): f"""
        SELECT {COMMON}, 'ZJ202606' || lpad(CAST(u AS VARCHAR), 10, '0') AS levy_no, base_fen * 16 // 100 AS unit_due_fen,
            base_fen * 8 // 100 AS person_due_fen
        FROM base WHERE payer = 'E'""",
    ("payment", "shuiwu"): f"""
        SELECT {COMMON}, 'ZJ202606' || lpad(CAST(u AS VARCHAR), 10, '0') AS levy_no, CASE WHEN luck = 1 THEN 'refund' ELSE 'pay' END
            AS payment_flag, base_fen AS pay_base_fen, base_fen * 16 // 100 - CASE WHEN luck < 12 THEN 5 ELSE 0 END AS unit_paid_fen,
            base_fen * 8 // 100 AS person_paid_fen, CASE WHEN luck = 7 THEN 100 ELSE 0 END AS late_fee_fen,
            CAST(0 AS BIGINT) AS subsidy_fen,
            CAST(0 AS BIGINT) AS unit_interest_fen, CAST(0 AS BIGINT) AS person_interest_fen,
            DATE '2026-06-28' + CAST(luck % 4 AS INTEGER) AS treasury_date
        FROM base WHERE luck <> 500""",
}  # fmt: skip


def build(folder: Path, rows: int) -> None:
    """Writes the month's canonical partitions."""
    from hedui import engine
    from hedui.lake import Lake, Manifest, Partition

    lake, units = Lake(str(folder / "lake")), max(50, rows // 60)
    with engine.connect(memory_limit="4GB") as connection:
        connection.execute(f"CREATE VIEW base AS {BASE.format(rows=rows, units=units)}")
        tables = {(name, source): (sql, DAYS if name != "enrolment" else DAYS[-1:]) for (name, source), sql in TABLES.items()}
        offices = "SELECT lpad(CAST(u AS VARCHAR), 12, '9') AS unit_no, CAST(1990100000 + (u % 6) * 1000 AS VARCHAR) AS tax_office"
        types = "['10', '10', '20', '30', '90'][CAST(u % 5 AS INTEGER) + 1] AS unit_type, '某单位' AS name"
        tables["unit", "shebao"] = (f"{offices}, {types} FROM range({units}) t (u)", DAYS[-1:])
        people = "SELECT lpad(CAST(p AS VARCHAR), 10, '1') AS person_no, CAST(p % 2 + 1 AS VARCHAR) AS sex"
        tables["person", "shebao"] = (f"{people} FROM range({rows // 3 + 1}) t (p)", DAYS[-1:])
        for (name, source), (sql, days) in tables.items():
            for number, day in enumerate(days):
                part = f"SELECT * FROM ({sql})"
                if len(days) > 1:
                    part = f"{part} WHERE hash(levy_no) % {len(days)} = {number}"
                with lake.writer(Partition(layer="canonical", parts=(name, source), date=day)) as writer:
                    connection.execute(f"COPY ({part}) TO {engine.literal(writer.new_file())} (FORMAT PARQUET)")
                    writer.commit(Manifest(rows=0))


def ours(folder: Path) -> dict[str, Any]:
    """Every report with its workbook."""
    from dataclasses import replace

    from hedui.context import Context
    from hedui.lake import Lake
    from hedui.site import load_site
    from hedui.statistics.compute import figures
    from hedui.statistics.make import make
    from hedui.statistics.periods import period_of

    context = Context(
        site=load_site(ROOT / "include" / "sites" / "demo"), lake=Lake(str(folder / "lake")), reports=folder / "reports", inbox="",
        ledger_url="", memory_limit="1GB", threads=2,
    )  # fmt: skip
    month, found = period_of("month", DAYS[0]), {}
    for report in REPORTS:
        make(replace(context), report, month)
        found[report] = {"|".join(place): dict(values) for place, values in figures(context, report, month).cells.items()}
    return found


def theirs(folder: Path) -> dict[str, Any]:
    """The same figures made with pandas."""
    from monthly_pandas import month

    return month(folder / "lake" / "canonical")


WORK: dict[str, Callable[[Path], dict[str, Any]]] = {"hedui": ours, "pandas": theirs}


def run(name: str, folder: Path) -> dict[str, Any]:
    """A competitor in a process of its own."""
    command = [sys.executable, str(Path(__file__)), "--work", name, "--folder", str(folder)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])  # type: ignore[no-any-return]


def same(ours_found: dict[str, Any], theirs_found: dict[str, Any]) -> int:
    """How many figures agree; the first that does not ends the run."""
    checked = 0
    for report, places in ours_found.items():
        for place, values in places.items():
            for key, value in values.items():
                other = theirs_found[report].get(place, {}).get(key, 0)
                if value != other:
                    raise SystemExit(f"{report} {place} {key}: Hedui {value}, pandas {other}")
                checked += 1
    return checked


def main() -> None:
    """Builds the data, runs both, prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--folder", type=Path, help="Where the data goes; default: a temporary folder.")
    parser.add_argument("--work", choices=WORK, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        start = time.perf_counter()
        found = WORK[options.work](options.folder)
        seconds, usage = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
        cpu = usage.ru_utime + usage.ru_stime
        print(json.dumps({"seconds": seconds, "cpu": cpu, "gigabytes": peak.gigabytes(), "found": found}))
        return
    with tempfile.TemporaryDirectory(prefix="hedui-statistics-", dir=options.folder) as name:
        folder = Path(name)
        build(folder, options.rows)
        results = {name: run(name, folder) for name in WORK}
        checked = same(results["hedui"]["found"], results["pandas"]["found"])
    print(f"| {options.rows:,} payments, {len(REPORTS)} reports | seconds | processor seconds | peak memory, GB |")
    print("|---|---|---|---|")
    for name, result in results.items():
        print(f"| {name} | {result['seconds']:.1f} | {result['cpu']:.1f} | {result['gigabytes']:.2f} |")
    faster = results["pandas"]["seconds"] / results["hedui"]["seconds"]
    leaner = results["hedui"]["gigabytes"] / results["pandas"]["gigabytes"]
    print(f"\nHedui is {faster:.1f} times as fast with {leaner:.2f} of the memory; {checked:,} figures agree.")


if __name__ == "__main__":
    main()
