"""Renders sheets of a report as PDF for people who only look: A4, lying, page numbers; equal content gives equal bytes.

The font is Adobe's standard Chinese one (STSong-Light), which is named and not embedded: every reader brings its own for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hedui.reports.cells import NO_VALUE, display_width, yuan
from hedui.reports.content import Block, Column, Facts, Figures, Formula, Kind, Notes, Report, Sheet, Table, Value
from hedui.reports.layout import ACCENT, ACCENT_LIGHT, INK, LINE, QUIET, RIGHT, ZEBRA
from hedui.reports.pdf_file import Canvas, write_pages

WIDTH, HEIGHT, MARGIN = 842.0, 595.0, 36.0
BODY: Final = 8.0
ROW: Final = 15.0
LOWEST: Final = MARGIN + 24
WHITE: Final = "FFFFFF"
SIGN: Final = "制表人：____________    审核人：____________"


def write_pdf(report: Report, names: Sequence[str], path: Path) -> None:
    """Writes the named sheets of a report, the first of which may be the cover, to ``path``, which appears whole or not at all."""
    pages = _Pages(report)
    for sheet in report.sheets:
        if isinstance(sheet, Sheet) and sheet.name in names:
            pages.sheet(sheet)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(
            write_pages(pages.finished(), width=WIDTH, height=HEIGHT, title=report.title, date=report.business_date)
        )
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def shown(value: Value, kind: Kind) -> str:
    """A value as text, as the workbook's number formats show it."""
    plain = value.value if isinstance(value, Formula) else value
    if plain is None:
        return NO_VALUE if kind == "percent" else ""
    if isinstance(plain, int) and kind in ("money", "diff"):
        return f"{yuan(plain):,.2f}"
    if isinstance(plain, int | float) and kind == "percent":
        return f"{plain:.2%}"
    return f"{plain:,}" if isinstance(plain, int) else str(plain)


@dataclass
class _Pages:
    report: Report
    pages: list[Canvas] = field(default_factory=list)
    y: float = 0.0

    @property
    def page(self) -> Canvas:
        return self.pages[-1]

    def finished(self) -> list[Canvas]:
        for number, page in enumerate(self.pages, start=1):
            page.text(MARGIN, MARGIN - 8, SIGN, size=BODY, colour=QUIET)
            page.text(WIDTH - MARGIN, MARGIN - 8, f"第 {number} 页 / 共 {len(self.pages)} 页", size=BODY, colour=QUIET, align=1.0)
        return self.pages

    def sheet(self, sheet: Sheet) -> None:
        self.pages.append(Canvas())
        self.y = HEIGHT - MARGIN - 18
        self.page.text(WIDTH / 2, self.y, sheet.title, size=17, colour=INK, align=0.5)
        self.y -= 20
        below = f"编制单位：{self.report.organisation}    {self.report.about}    金额单位：元"
        self.page.text(MARGIN, self.y, below, size=9, colour=QUIET)
        self.page.line(MARGIN, self.y - 5, WIDTH - MARGIN, self.y - 5, colour=ACCENT, width=1.2)
        self.y -= 14
        for block in sheet.blocks:
            self.block(block)

    def room(self, height: float) -> None:
        if self.y - height < LOWEST:
            self.pages.append(Canvas())
            self.y = HEIGHT - MARGIN

    def heading(self, text: str) -> None:
        if text:
            self.room(3 * ROW)
            self.y -= ROW + 3
            self.page.text(MARGIN, self.y, text, size=10, colour=ACCENT)
            self.y -= 5

    def block(self, block: Block) -> None:
        if isinstance(block, Table):
            self.heading(block.title)
            self.table(block)
        elif isinstance(block, Figures):
            self.heading(block.title)
            self.figures(block)
        elif isinstance(block, Facts):
            for first in range(0, len(block.facts), 2):
                self.room(ROW)
                self.y -= ROW
                for place, (name, value) in enumerate(block.facts[first : first + 2]):
                    self.page.text(MARGIN + place * (WIDTH / 2 - MARGIN), self.y, f"{name}：{value}", size=9, colour=INK)
        elif isinstance(block, Notes):
            self.heading(block.title)
            for number, line in enumerate(block.lines, start=1):
                for part in _wrapped(f"{number}. {line}" if block.numbered else line, WIDTH - 2 * MARGIN, 9):
                    self.room(ROW)
                    self.y -= ROW
                    self.page.text(MARGIN, self.y, part, size=9, colour=INK)

    def figures(self, block: Figures) -> None:
        share = (WIDTH - 2 * MARGIN) / len(block.figures)
        self.room(44)
        self.y -= 44
        for place, figure in enumerate(block.figures):
            left = MARGIN + place * share
            self.page.box(left, self.y, share - 6, 42, fill=ZEBRA, colour=LINE)
            self.page.text(left + share / 2 - 3, self.y + 29, figure.label, size=8, colour=QUIET, align=0.5)
            self.page.text(left + share / 2 - 3, self.y + 10, shown(figure.value, figure.kind), size=15, colour=ACCENT, align=0.5)

    def table(self, table: Table) -> None:
        total = sum(column.width for column in table.columns)
        widths = [column.width / total * (WIDTH - 2 * MARGIN) for column in table.columns]
        self.head(table.columns, widths)
        for number, row in enumerate(table.rows):
            self.row(table, widths, row, fill=ZEBRA if number % 2 else WHITE)
        for row in table.footer:
            self.row(table, widths, row, fill=ACCENT_LIGHT)

    def head(self, columns: Sequence[Column], widths: Sequence[float]) -> None:
        grouped = any(column.group for column in columns)
        self.room((2 + grouped) * ROW)
        if grouped:
            self.y -= ROW
            for text, left, width in _groups(columns, widths):
                self.cell(text, left, width, fill=ACCENT, colour=WHITE, align=0.5)
        self.y -= ROW
        for column, left, width in zip(columns, _lefts(widths), widths, strict=True):
            self.cell(column.title if column.group or not grouped else "", left, width, fill=ACCENT, colour=WHITE, align=0.5)

    def row(self, table: Table, widths: Sequence[float], row: Sequence[Value], *, fill: str) -> None:
        before = len(self.pages)
        self.room(ROW)
        if len(self.pages) != before:
            self.head(table.columns, widths)
        self.y -= ROW
        for column, value, left, width in zip(table.columns, row, _lefts(widths), widths, strict=True):
            self.cell(shown(value, column.kind), left, width, fill=fill, colour=INK, align=1.0 if column.kind in RIGHT else 0.0)

    def cell(self, text: str, left: float, width: float, *, fill: str, colour: str, align: float) -> None:
        self.page.box(left, self.y, width, ROW, fill=fill, colour=LINE)
        size = min(BODY, BODY * (width - 4) / max(1.0, display_width(text) * BODY / 2))
        self.page.text(left + 3 + align * (width - 6), self.y + 4.5, text, size=size, colour=colour, align=align)


def _lefts(widths: Sequence[float]) -> Iterator[float]:
    left = MARGIN
    for width in widths:
        yield left
        left += width


def _groups(columns: Sequence[Column], widths: Sequence[float]) -> Iterator[tuple[str, float, float]]:
    """Headings above the headings, each over its neighbours; a column without one has its own title there."""
    lefts, first = list(_lefts(widths)), 0
    while first < len(columns):
        last = first + 1
        while columns[first].group and last < len(columns) and columns[last].group == columns[first].group:
            last += 1
        yield columns[first].group or columns[first].title, lefts[first], sum(widths[first:last])
        first = last


def _wrapped(text: str, width: float, size: float) -> Iterator[str]:
    line = ""
    for character in text:
        if display_width(line + character) * size / 2 > width:
            yield line
            line = ""
        line += character
    yield line
