"""The month's statistics of a city beside the same figures made with pandas: time, memory, and whether they agree.

    python benchmarks/monthly_statistics.py --rows 20000000

``rows`` is the number of payments of the month; there are as many enrolments and nearly as many levies. Each competitor is a process of
its own. Hedui makes the workbooks and the list of arrears too, pandas only the figures. Needs about 0.1 GB of disk per million rows, and
for pandas about as much memory as a run says; more than ``--most`` GB is refused to it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import tempfile
from pathlib import Path

from bench import HERE, OURS, Bar, Case, Figures, Group, machine, measure, table, write

DAYS = [dt.date(2026, 6, day) for day in range(1, 31) if dt.date(2026, 6, day).weekday() < 5]
REPORTS = (
    "employer_collection", "flexible_collection", "resident_collection", "tax_office_collection", "enrolment_by_unit_type",
    "payment_by_unit_type",
)  # fmt: skip
BLOCK = 60
"""Rows of 20 persons of one unit."""
BASE = """
    SELECT i // 3 AS p, i % 3 AS n,
        CASE WHEN (i // 3) % 10 = 0 THEN 'R' WHEN (i // 3) % 20 = 1 THEN 'F' ELSE 'E' END AS payer,
        CAST(hash(i // {block}) % {units} AS BIGINT) AS u, CAST(hash(i) % 1000 AS BIGINT) AS luck,
        CAST(400000 + hash(i // 3) % 1800000 AS BIGINT) AS base_fen
    FROM (
        SELECT (k * {days} + {number}) * {block} + r AS i FROM range({blocks} // {days} + 1) a (k), range({block}) b (r)
    ) WHERE i < {rows}
"""
COMMON = """
    '1' || lpad(CAST(p AS VARCHAR), 9, '0') AS person_no, '99010' || CAST(u % 6 + 1 AS VARCHAR) AS pool_region,
    CASE WHEN payer = 'R' THEN '150' WHEN n = 0 THEN '110' WHEN n = 1 THEN '210' ELSE '410' END AS insurance,
    CASE WHEN payer = 'E' THEN '9' || lpad(CAST(u AS VARCHAR), 11, '0') END AS unit_no
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
    """Writes the month's canonical partitions: a unit's levies on one day, their payments on another."""
    from hedui import engine
    from hedui.lake import Lake, Manifest, Partition

    lake, units = Lake(str(folder / "lake")), max(50, rows // BLOCK)
    offices = (
        "SELECT '9' || lpad(CAST(u AS VARCHAR), 11, '0') AS unit_no, CAST(1990100000 + (u % 6 + 1) * 1000 AS VARCHAR) AS tax_office"
    )
    types = "['10', '10', '20', '30', '90'][CAST(u % 5 AS INTEGER) + 1] AS unit_type, '某单位' AS name"
    people = "SELECT '1' || lpad(CAST(p AS VARCHAR), 9, '0') AS person_no, CAST(p % 2 + 1 AS VARCHAR) AS sex"
    snapshots = {
        ("unit", "shebao"): f"{offices}, {types} FROM range({units}) t (u)",
        ("person", "shebao"): f"{people} FROM range({rows // 3 + 1}) t (p)",
    }
    with engine.connect(memory_limit="2GB") as connection:
        for (name, source), sql in {**TABLES, **snapshots}.items():
            days = DAYS if name in ("levy", "payment") else DAYS[-1:]
            for number, day in enumerate(days):
                shifted = (number + (7 if name == "payment" else 0)) % len(days)
                base = BASE.format(rows=rows, units=units, block=BLOCK, blocks=rows // BLOCK + 1, days=len(days), number=shifted)
                with lake.writer(Partition(layer="canonical", parts=(name, source), date=day)) as writer:
                    file = engine.literal(writer.new_file())
                    connection.execute(f"COPY (WITH base AS ({base}) {sql}) TO {file} (FORMAT PARQUET, COMPRESSION ZSTD)")
                    writer.commit(Manifest(rows=0))


def group(root: Path, rows: int, most: float) -> Group:
    """The table: Hedui with its workbooks, pandas with the figures alone."""
    ours = Case(
        name="Hedui: figures, workbooks, list of arrears, PDF", work="hedui_statistics", python=OURS, arguments={"root": str(root)}
    )
    frame = Case(
        name="pandas: the figures", work="pandas_statistics", python=OURS, arguments={"root": str(root), "most": str(most)}
    )
    return Group(
        title=f"A month's {len(REPORTS)} reports on {rows:,} payments",
        cases=[ours, frame],
        bars=[
            Bar(text="pandas / Hedui, time", what="seconds", above=frame.name, below=ours.name, limit=5, at_least=True),
            Bar(text="Hedui / pandas, memory", what="gigabytes", above=ours.name, below=frame.name, limit=0.25),
        ],
    )


def same(root: Path) -> int:
    """How many figures both have made and agree on; the first that does not ends the run."""
    ours, theirs = (json.loads((root / f"{name}.json").read_text("utf-8")) for name in ("hedui", "pandas"))
    found = [
        {
            (report, place, key): value
            for report, places in one.items()
            for place, values in places.items()
            for key, value in values.items()
        }
        for one in (ours, theirs)
    ]
    common = {place[::2] for place in found[0]} & {place[::2] for place in found[1]}
    places = {place for one in found for place in one if place[::2] in common}
    for place in sorted(places):
        first, second = (one.get(place, 0) for one in found)
        if first != second:
            raise SystemExit(f"{place}: Hedui {first}, pandas {second}")
    return len(places)


def main() -> None:
    """Builds the data, runs both, prints and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000_000, help="payments of the month (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=1, help="rounds (default: %(default)s)")
    parser.add_argument("--most", type=float, default=24.0, help="GB that pandas may take (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=HERE.parent / "var" / "bench", help="where the data go while it runs")
    parser.add_argument("--alone", action="store_true", help="only Hedui, only shown: for sizes that pandas has no memory for")
    parser.add_argument("--show", action="store_true", help="only show, do not write RESULTS.md")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    head = machine()
    with tempfile.TemporaryDirectory(prefix="statistics-", dir=given.folder) as name:
        root = Path(name)
        build(root, given.rows)
        print("data are made", flush=True)
        one = group(root, given.rows, given.most)
        if given.alone:
            one = Group(title=one.title, cases=one.cases[:1], bars=[])
        figures: dict[str, Figures] = measure(one, given.repeat)
        agree = "" if given.alone else f"\n\n{same(root):,} figures of both agree."
    text = table(one, figures, head) + agree
    print(text)
    if not (given.show or given.alone):
        write(HERE / "RESULTS.md", "statistics", text)


if __name__ == "__main__":
    main()
