"""What three nights have found, read back from the lake for the last screen of ``make run``."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from pathlib import Path

import duckdb
from rich.box import SIMPLE
from rich.table import Table

from hedui.findings import KINDS
from hedui.lake import Lake, Partition


def findings_by_kind(lake: Lake, date: dt.date) -> dict[str, tuple[int, int]]:
    """Number of findings and fen at stake per kind on a business date."""
    found: dict[str, tuple[int, int]] = {}
    files: list[str] = []
    for entry in sorted(lake.fs.ls(f"{lake.root}/findings", detail=False)) if lake.fs.exists(f"{lake.root}/findings") else []:
        partition = Partition(layer="findings", parts=(entry.rstrip("/").rsplit("/", 1)[-1],), date=date)
        if lake.manifest(partition) is not None:
            files += lake.files(partition)
    if files:
        query = "SELECT kind, count(*), coalesce(sum(abs(amount_diff_fen)), 0) FROM read_parquet(?) GROUP BY kind"
        for kind, count, fen in duckdb.execute(query, [files]).fetchall():
            found[kind] = (int(count), int(fen))
    return found


def results_table(lake: Lake, dates: list[dt.date]) -> Table:
    """Findings by kind and night, with the money at stake in whole yuan."""
    nights = {date: findings_by_kind(lake, date) for date in dates}
    totals: dict[str, int] = defaultdict(int)
    for night in nights.values():
        for kind, (count, _) in night.items():
            totals[kind] += count
    table = Table(title="各夜发现", title_style="bold", box=SIMPLE)
    table.add_column("类型", no_wrap=True)
    for date in dates:
        table.add_column(f"{date:%m-%d}\n笔数", justify="right")
        table.add_column("涉及金额\n（元）", justify="right")
    for kind in sorted(totals, key=lambda name: -totals[name]):
        cells = [_cells(nights[date].get(kind, (0, 0))) for date in dates]
        table.add_row(KINDS.get(kind, kind), *(cell for pair in cells for cell in pair))
    table.add_section()
    sums = [(sum(count for count, _ in night.values()), sum(fen for _, fen in night.values())) for night in nights.values()]
    table.add_row("合计", *(cell for pair in map(_cells, sums) for cell in pair), style="bold")
    return table


def workbooks(reports: Path, dates: list[dt.date]) -> list[Path]:
    """The workbooks of the dates, in order."""
    return [path for date in dates for path in sorted((reports / date.isoformat()).glob("*.xlsx"))]


def _cells(value: tuple[int, int]) -> tuple[str, str]:
    count, fen = value
    return (f"{count:,}" if count else "–", f"{round(fen / 100):,}" if fen else "–")
