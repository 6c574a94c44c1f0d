"""A million rows of twelve columns into a workbook: openpyxl's streaming writer beside Hedui's.

python benchmarks/workbook_rows.py --rows 1000000
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
from functools import partial
from pathlib import Path

from bench import HERE, OURS, Bar, Case, Group, machine, measure, table, write

COLUMNS = (
    ("region", "text"), ("unit_no", "code"), ("unit_name", "text"), ("person", "code"), ("insurance", "text"), ("period", "code"),
    ("levy_no", "code"), ("day", "date"), ("months", "int"), ("due_fen", "money"), ("paid_fen", "money"), ("open_fen", "money"),
)  # fmt: skip
SQL = """
    SELECT i + 1 AS position, '99010' || CAST(i % 6 + 1 AS VARCHAR) || ' 某区' AS region,
        CAST(990100000000 + i // 20 AS VARCHAR) AS unit_no,
        '某某实业有限公司' || CAST(i // 20 AS VARCHAR) AS unit_name, '10****' || CAST(i % 10000 AS VARCHAR) AS person,
        '企业职工基本养老保险' AS insurance, '202605' AS period, 'ZJ20260603' || CAST(i // 20 AS VARCHAR) AS levy_no,
        DATE '2026-06-01' + CAST(i % 30 AS INTEGER) AS day, i % 12 AS months, i * 7 AS due_fen, i * 5 AS paid_fen, i * 2 AS open_fen
    FROM range({rows}) t (i)
"""


def ours(rows: int, path: Path) -> dict[str, int]:
    """Hedui's long sheet, with its styles."""
    from hedui import engine
    from hedui.reports.content import Column, LongTable, Report, Sheet
    from hedui.reports.fast_rows import fast_rows
    from hedui.reports.workbook import write_workbook

    columns = tuple(Column(key=key, title=key, kind=kind) for key, kind in COLUMNS)  # type: ignore[arg-type]
    with engine.connect(memory_limit="1GB") as connection:
        connection.execute(f"CREATE TEMP TABLE listed AS {SQL.format(rows=rows)}")
        listed = LongTable(
            name="明细", title="明细", columns=columns, count=rows, rows=lambda: iter(()), per_sheet=1_000_000,
            xml=partial(fast_rows, connection, "listed", columns),
        )  # fmt: skip
        cover = Sheet(name="封面", title="试", blocks=())
        write_workbook(Report(title="试", organisation="试", business_date=dt.date(2026, 6, 30), sheets=(cover, listed)), path)
    return {"MB": path.stat().st_size // 1024**2}


def theirs(rows: int, path: Path) -> dict[str, int]:
    """openpyxl's write-only mode, without any style but the formats that the values need."""
    import duckdb
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("明细")
    sheet.append([key for key, _ in COLUMNS])
    with duckdb.connect() as connection:
        result = connection.execute(f"SELECT * EXCLUDE (position) FROM ({SQL.format(rows=rows)})")
        while batch := result.fetchmany(10_000):
            for row in batch:
                sheet.append([value / 100 if key.endswith("_fen") else value for (key, _), value in zip(COLUMNS, row, strict=True)])
    book.save(path)
    return {"MB": path.stat().st_size // 1024**2}


def group(folder: Path, rows: int) -> Group:
    """The table."""
    cases = [
        Case(name=name, work=work, python=OURS, arguments={"file": str(folder / f"{work}.xlsx"), "rows": str(rows)})
        for name, work in (("Hedui", "hedui_rows"), ("openpyxl, write-only", "openpyxl_rows"))
    ]
    bar = Bar(text="openpyxl / Hedui, time", what="seconds", above=cases[1].name, below=cases[0].name, limit=4, at_least=True)
    return Group(title=f"A list of {rows:,} rows and {len(COLUMNS)} columns as a workbook", cases=cases, bars=[bar])


def main() -> None:
    """Runs both, prints and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the list (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=1, help="rounds (default: %(default)s)")
    parser.add_argument("--show", action="store_true", help="only show, do not write RESULTS.md")
    given = parser.parse_args()
    head = machine()
    with tempfile.TemporaryDirectory(prefix="hedui-rows-") as folder:
        one = group(Path(folder), given.rows)
        text = table(one, measure(one, given.repeat), head)
    print(text)
    if not given.show:
        write(HERE / "RESULTS.md", "rows", text)


if __name__ == "__main__":
    main()
