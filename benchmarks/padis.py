"""Measures one million births from canonical Parquet into finished files: taken into the ledger, judged, packed, read back, kept.

Each step runs in a process of its own, whose peak memory is what the operating system says; PostgreSQL is another process and counts
apart. The files are those of the reference profile: ZIPs of 10,000 records in 40 columns.
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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import peak
import pyarrow as pa
import pyarrow.parquet as pq
from bench import machine, write
from sqlalchemy import text

from hedui.context import Context
from hedui.lake import Lake, Manifest
from hedui.ledger.database import begin
from hedui.ledger.schema import upgrade
from hedui.local.postgres import Postgres
from hedui.padis import intake, outgoing, ready
from hedui.padis.build import canonical_rows, drafts
from hedui.padis.office import Office
from hedui.site import load_site
from hedui.site.padis import SHIPPED, PadisSettings, load_profile

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
DATE = dt.date(2026, 6, 3)
BLOCK = 50_000
BAR_MB = 500
COUNTIES = ("460202", "460203", "460204", "460205")
STEPS = {"collect": "taken into the ledger", "check": "judged", "package": "packed, read back, kept"}


def id_number(body: str) -> str:
    """A resident identity number with its check digit."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]


def blocks(rows: int) -> Iterator[pa.Table]:
    """Synthetic births; id numbers begin with 99."""
    for first in range(0, rows, BLOCK):
        numbers = range(first, min(first + BLOCK, rows))
        yield pa.table(
            {
                "certificate_no": [f"V{number:09d}" for number in numbers],
                "child_name": [f"测试婴{number}" for number in numbers],
                "sex": [str(1 + number % 2) for number in numbers],
                "birth_time": pa.array(
                    [dt.datetime(2026, 5, 1 + number % 31, number % 24) for number in numbers], pa.timestamp("s")
                ),
                "birth_place": ["海南省三亚市"] * len(numbers),
                "region": [COUNTIES[number % 4] for number in numbers],
                "place_type": ["1"] * len(numbers),
                "gestation_weeks": [38 + number % 4 for number in numbers],
                "weight_g": [2800 + number % 1200 for number in numbers],
                "mother_name": [f"测试母{number}" for number in numbers],
                "mother_id_type": ["01"] * len(numbers),
                "mother_id_number": [id_number(f"990101{1980 + number % 20}0101{number % 1000:03d}") for number in numbers],
                "father_name": [f"测试父{number}" for number in numbers],
                "father_id_type": ["01"] * len(numbers),
                "father_id_number": [id_number(f"990101{1978 + number % 20}0202{number % 1000:03d}") for number in numbers],
                "institution_name": ["测试医院"] * len(numbers),
                "issue_date": pa.array([dt.date(2026, 6, 1)] * len(numbers), pa.date32()),
                "birth_order": [1 + number % 3 for number in numbers],
            }
        )


def fill(lake: Lake, context: Context, rows: int) -> None:
    """The canonical partition."""
    with lake.writer(context.canonical("birth", "birth_platform", DATE)) as writer:
        path = writer.new_file()
        target = None
        for block in blocks(rows):
            target = target or pq.ParquetWriter(path, block.schema)
            target.write_table(block)
        assert target is not None
        target.close()
        writer.commit(Manifest(rows=rows))


def office_of(folder: Path, ledger: str) -> Office:
    """An office with the shipped profile."""
    context = Context(
        site=load_site(ROOT / "include" / "sites" / "demo"),
        lake=Lake(str(folder / "lake")),
        reports=folder,
        inbox=str(folder),
        ledger_url=ledger,
        connection={}.__getitem__,
    )
    settings = PadisSettings(sender="460200000000")
    return Office(context=context, folder=folder, settings=settings, profile=load_profile(SHIPPED / "reference.yaml"))


def one(step: str, folder: Path, ledger: str) -> dict[str, Any]:
    """One step: seconds, peak memory of this process in MB, what came of it."""
    office = office_of(folder, ledger)
    begun = time.perf_counter()
    found: Any
    if step == "collect":
        rows = canonical_rows(office.context, dataset="birth", source="birth_platform", date=DATE)
        found = intake.collect(office, "birth", drafts("birth", rows), date=DATE).new
    elif step == "check":
        found = ready.validate(office, "birth", report=DATE).valid
    else:
        found = len(outgoing.pack_records(office, "birth", report=DATE))
    seconds = time.perf_counter() - begun
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {"seconds": seconds, "processor": usage.ru_utime + usage.ru_stime, "megabytes": peak.gigabytes() * 1000, "found": found}


def measure(rows: int) -> dict[str, dict[str, Any]]:
    """All steps, each in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="hedui-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = Postgres(folder / "postgres")
        server.start()
        try:
            server.query("postgres", "CREATE DATABASE padis")
            ledger = server.url("padis")
            upgrade(ledger)
            office = office_of(folder, ledger)
            fill(office.context.lake, office.context, rows)
            found = {}
            for step in STEPS:
                command = [sys.executable, __file__, "--one", step, "--folder", name, "--ledger", ledger]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                found[step] = json.loads(done.stdout.splitlines()[-1])
                print(step, found[step], flush=True)
            with begin(ledger) as connection:
                packed = connection.execute(text("SELECT count(*) FROM hedui.padis_record WHERE state = 'PACKED'")).scalar_one()
            assert packed == rows
            return found
        finally:
            server.stop()


def report(rows: int, found: dict[str, dict[str, Any]]) -> str:
    """The section of the results."""
    lines = [
        f"## {rows:,} births packaged for PADIS, reference profile",
        "",
        machine(),
        "",
        "| | seconds | processor seconds of our process | records/s | peak memory of our process, MB |",
        "|---|--:|--:|--:|--:|",
    ]
    for step, label in STEPS.items():
        one_ = found[step]
        speed = rows / one_["seconds"]
        lines.append(f"| {label} | **{one_['seconds']:.1f}** | {one_['processor']:.1f} | {speed:,.0f} | {one_['megabytes']:.0f} |")
    total = sum(step["seconds"] for step in found.values())
    most = max(step["megabytes"] for step in found.values())
    lines += [
        f"| all | **{total:.1f}** | {sum(step['processor'] for step in found.values()):.1f} | {rows / total:,.0f} | {most:.0f} |",
        "",
        f"{found['package']['found']} files. Bar: memory under {BAR_MB} MB: {'met' if most < BAR_MB else 'missed'}.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--one", choices=list(STEPS))
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--ledger")
    parser.add_argument("--write", action="store_true", help="Put the section into RESULTS.md.")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.one, options.folder, options.ledger)))
        return
    section = report(options.rows, measure(options.rows))
    print(section)
    if options.write:
        write(HERE / "RESULTS.md", "padis", section)


if __name__ == "__main__":
    main()
