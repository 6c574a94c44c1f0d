"""The Word document of a report: the same sections and tables as its workbook."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Final

from hedui.corrections.bundle.paper import Paper
from hedui.reports.cells import NO_VALUE, yuan
from hedui.reports.content import Column, Facts, Formula, Notes, Report, Sheet, Table, Value

WIDTH: Final = 15.8
"""Centimetres between the margins."""
FIGURES: Final = ("int", "tally", "money", "diff", "percent")


def write_paper(report: Report, path: Path, *, site: str) -> None:
    """Writes the document; it appears whole, and equal content gives equal bytes."""
    paper = Paper(title=report.title, author=report.organisation, date=report.business_date, footer=f"{site}　{report.title}")
    paper.title(report.title, f"{report.organisation}　{report.period}")
    for sheet in report.sheets[1:]:
        if isinstance(sheet, Sheet):
            _section(paper, sheet)
    path.parent.mkdir(parents=True, exist_ok=True)
    paper.save(path)


def _section(paper: Paper, sheet: Sheet) -> None:
    paper.heading(sheet.title)
    if sheet.lead:
        paper.text(sheet.lead)
    for block in sheet.blocks:
        if isinstance(block, Table):
            _table(paper, block)
        elif isinstance(block, Facts):
            paper.facts(block.facts)
        elif isinstance(block, Notes):
            _notes(paper, block)


def _notes(paper: Paper, notes: Notes) -> None:
    if notes.numbered:
        paper.steps(notes.lines)
        return
    for line in notes.lines:
        paper.text(line)


def _table(paper: Paper, table: Table) -> None:
    if table.title:
        paper.text(table.title, intro=True)
    total = sum(column.width for column in table.columns)
    rows = [[shown(value, column) for value, column in zip(row, table.columns, strict=True)] for row in table.rows]
    if table.total and table.rows:
        rows.append([table.total if place == 0 else _sum(table, place) for place in range(len(table.columns))])
    if not rows:
        paper.text(table.empty)
        return
    paper.table(
        [column.title for column in table.columns],
        rows,
        widths=[WIDTH * column.width / total for column in table.columns],
        right=[place for place, column in enumerate(table.columns) if column.kind in FIGURES],
    )
    if table.note:
        paper.text(table.note)


def _sum(table: Table, place: int) -> str:
    column = table.columns[place]
    if not column.total:
        return ""
    return shown(sum(value for row in table.rows if isinstance(value := row[place], int)), column)


def shown(value: Value, column: Column) -> str:
    """A cell as text, as the workbook shows it."""
    if isinstance(value, Formula):
        value = value.value
    if value is None:
        return NO_VALUE
    if column.kind == "percent" and isinstance(value, int | float):
        return f"{100 * value:.2f}%"
    if column.kind in ("money", "diff") and isinstance(value, int):
        return f"{yuan(value):,.2f}"
    if isinstance(value, dt.date):
        return value.isoformat()
    return f"{value:,}" if isinstance(value, int) else str(value)
