"""Renders a report's content as an Excel workbook: one pass, bounded memory, equal content gives equal bytes."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.packaging.core import DocumentProperties
from openpyxl.utils import get_column_letter
from openpyxl.writer.excel import ExcelWriter

from hedui.reports.archive import SheetPatch, WorkbookArchive
from hedui.reports.cells import cell_xml, display_width
from hedui.reports.charts import chart_anchor, chart_rows, make_chart
from hedui.reports.content import Block, Chart, Facts, Figures, Kind, LongTable, Notes, Report, Sheet, Table, Value
from hedui.reports.layout import ACCENT, ROW_HEIGHT, Look, Styles, colour_of, set_up_page
from hedui.reports.painter import Painter, Placed

TOP_ROWS = 2  # title and subtitle, repeated on every printed page
BACK = "返回封面"
MAX_TEXT_WIDTH = 40.0


def write_workbook(report: Report, path: Path) -> None:
    """Writes the report to ``path``, which appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    renderer = _Renderer(report)
    try:
        renderer.save(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
        renderer.discard()


class _Renderer:
    def __init__(self, report: Report) -> None:
        self.report = report
        self.book = Workbook(write_only=True)
        self.styles = Styles()
        self.patches: dict[str, SheetPatch] = {}
        moment = dt.datetime.combine(report.business_date, dt.time())
        self.book.properties = DocumentProperties(
            title=report.title, creator=report.organisation, lastModifiedBy=report.organisation, created=moment, modified=moment
        )
        self.book.calculation.fullCalcOnLoad = True

    def save(self, path: Path) -> None:
        for index, sheet in enumerate(self.report.sheets):
            if isinstance(sheet, Sheet):
                self._sheet(sheet, cover=index == 0)
            else:
                self._long(sheet)
        with WorkbookArchive(path, patches=self.patches) as archive:
            ExcelWriter(self.book, archive).write_data()

    def discard(self) -> None:
        """Removes what openpyxl keeps in the temporary folder for sheets that were begun and not saved."""
        worksheets: list[Any] = list(self.book.worksheets)
        for worksheet in worksheets:
            writer = worksheet._writer
            if writer is not None and not worksheet.closed:
                worksheet.close()
            if writer is not None and os.path.exists(writer.out):
                writer.cleanup()

    def _open(self, name: str, grid: tuple[float, ...], *, header_rows: int, freeze: int, portrait: bool = False) -> Painter:
        worksheet = self.book.create_sheet(name)
        set_up_page(worksheet, header_rows=header_rows, protect=self.report.protect, portrait=portrait)
        for index, width in enumerate(grid, start=1):
            worksheet.column_dimensions[get_column_letter(index)].width = width
        if freeze:
            worksheet.freeze_panes = f"A{freeze}"
        return Painter(worksheet, styles=self.styles, grid=grid)

    def _close(self, painter: Painter, rows: Iterator[bytes] | None = None) -> None:
        path = f"xl/worksheets/sheet{len(self.book.worksheets)}.xml"
        self.patches[path] = SheetPatch(values=painter.values, rows=rows)

    def _sheet(self, sheet: Sheet, *, cover: bool) -> None:
        grid = sheet.grid or _grid(sheet)
        freeze = 0 if cover else _freeze(sheet)
        painter = self._open(sheet.name, grid, header_rows=TOP_ROWS, freeze=freeze, portrait=sheet.portrait)
        if cover:
            painter.sheet.sheet_properties.tabColor = ACCENT
            painter.text(sheet.title, "formal" if self.report.period else "cover", height=44)
            painter.text(sheet.lead, "subtitle", height=22)
        else:
            self._top(painter, sheet.title, sheet.lead)
        pending: list[tuple[Chart, int, int, int, int]] = []
        blocks = list(sheet.blocks)
        while blocks:
            charts = _leading_charts(blocks)
            if charts:
                del blocks[: len(charts)]
                pending += _reserve(painter, charts, max(chart_rows(chart, _names(sheet, chart)) for chart in charts))
            else:
                _draw(painter, blocks.pop(0))
        for chart, row, rows, first, last in pending:
            made = make_chart(chart, painter.sheet, painter.areas[chart.table])
            made.anchor = chart_anchor(row=row, rows=rows, first=first, last=last)
            painter.sheet.add_chart(made)
        painter.sheet.print_area = f"A1:{get_column_letter(painter.columns)}{painter.row}"
        self._close(painter)

    def _top(self, painter: Painter, title: str, lead: str) -> None:
        painter.text(title, "formal" if self.report.period else "title", height=36 if self.report.period else 32)
        subtitle = f"编制单位：{self.report.organisation}    {self.report.about}    金额单位：元"
        back = min(2, painter.columns - 1)
        link = Placed(
            column=painter.columns - back + 1, value=BACK, look=Look("back", "link"), span=back, link=self.report.sheets[0].name
        )
        left = Placed(column=1, value=subtitle, look=Look("subtitle"), span=painter.columns - back)
        painter.line((left, link) if back else (left,), height=20)
        if lead:
            painter.text(lead, "lead")

    def _long(self, table: LongTable) -> None:
        grid = tuple(column.width for column in table.columns)
        stream = table.rows()
        for index in range(table.sheets):
            first = index * table.per_sheet + 1
            last = min(table.count, first + table.per_sheet - 1)
            header = TOP_ROWS + bool(table.lead) + 1
            painter = self._open(table.sheet_name(index), grid, header_rows=header, freeze=header + 1)
            continued = "" if table.sheets == 1 else f"（第 {index + 1} 页，共 {table.sheets} 页）"
            lead = table.lead.format(first=f"{first:,}", last=f"{last:,}", sheet=index + 1, sheets=table.sheets)
            self._top(painter, table.title + continued, lead)
            painter.head(table.columns)
            if not table.count:
                span = len(table.columns)
                painter.line((Placed(column=1, value=table.empty, look=Look("note", "state"), span=span),))
            end = painter.row + max(0, last - first + 1)
            painter.sheet.auto_filter.ref = f"A{header}:{get_column_letter(len(table.columns))}{end}"
            if table.xml is None:
                rows = _rows_xml(painter, table, islice(stream, table.per_sheet))
            else:
                rows = table.xml(_style_of(painter), first - 1, max(0, last - first + 1), painter.row + 1)
            self._close(painter, rows)


def _grid(sheet: Sheet) -> tuple[float, ...]:
    """Column widths that suit all tables of the sheet: as wished, or what the values need up to a limit."""
    widths: list[float] = []
    for block in sheet.blocks:
        if isinstance(block, Table):
            position = 0
            for index, column in enumerate(block.columns):
                wished = max(column.width, _needed(block, index)) / column.span
                for _ in range(column.span):
                    widths += [0.0] * (position + 1 - len(widths))
                    widths[position] = max(widths[position], wished)
                    position += 1
    return tuple(widths) or (12.0,) * 8


def _needed(table: Table, index: int) -> float:
    """Width of a one-line text column's longest value, within reason."""
    if table.columns[index].kind not in ("text", "code"):
        return 0.0
    longest = max((display_width(row[index]) for row in table.rows if isinstance(row[index], str)), default=0)  # type: ignore[arg-type]
    return min(longest * 1.05 + 3, MAX_TEXT_WIDTH)


def _freeze(sheet: Sheet) -> int:
    """First row that scrolls: below the headings where the sheet begins with its only table, else below the titles."""
    tables = [block for block in sheet.blocks if isinstance(block, Table)]
    top = TOP_ROWS + bool(sheet.lead)
    if len(tables) == 1 and sheet.blocks[0] is tables[0]:
        grouped = any(column.group for column in tables[0].columns)
        return top + 1 + bool(tables[0].title) + 1 + grouped + 1
    return TOP_ROWS + 1


def _leading_charts(blocks: list[Block]) -> list[Chart]:
    """Charts at the start of ``blocks``, at most two: they stand side by side."""
    charts: list[Chart] = []
    for block in blocks[:2]:
        if not isinstance(block, Chart):
            break
        charts.append(block)
    return charts


def _names(sheet: Sheet, chart: Chart) -> int:
    """Number of names that a chart shows."""
    return next(len(block.rows) for block in sheet.blocks if isinstance(block, Table) and block.id == chart.table)


def _reserve(painter: Painter, charts: list[Chart], rows: int) -> list[tuple[Chart, int, int, int, int]]:
    """Leaves rows free; returns each chart with its first row, its rows and its first and last column."""
    painter.gap()
    row = painter.row + 1
    share = painter.width(1, painter.columns) / len(charts)
    placed, first = [], 1
    for number, chart in enumerate(charts, start=1):
        last = first
        while last < painter.columns and painter.width(1, last) < share * number * 0.97:
            last += 1
        placed.append((chart, row, rows, first, last))
        first = min(last + 1, painter.columns)
    for _ in range(rows):
        painter.gap(ROW_HEIGHT)
    return placed


def _draw(painter: Painter, block: Block) -> None:
    painter.gap()
    if isinstance(block, Table):
        painter.table(block)
    elif isinstance(block, Figures):
        _draw_figures(painter, block)
    elif isinstance(block, Facts):
        _draw_facts(painter, block)
    elif isinstance(block, Notes):
        painter.text(block.title, "heading", height=22)
        for number, line in enumerate(block.lines, start=1):
            painter.text(f"{number}. {line}" if block.numbered else line, "paragraph")


def _draw_figures(painter: Painter, block: Figures) -> None:
    if block.title:
        painter.text(block.title, "heading", height=22)
    span = painter.columns // len(block.figures)
    for role, height in (("figure_label", 20.0), ("figure", 32.0), ("figure_hint", 20.0)):
        placed = []
        for index, figure in enumerate(block.figures):
            texts: dict[str, Value] = {"figure_label": figure.label, "figure": figure.value, "figure_hint": figure.hint}
            look = Look(role, figure.kind if role == "figure" else "text", "A61B1B" if figure.alarming and role == "figure" else "")
            placed.append(
                Placed(column=index * span + 1, value=texts[role] if texts[role] is not None else "—", look=look, span=span)
            )
        painter.line(placed, height=height)


def _draw_facts(painter: Painter, block: Facts) -> None:
    half = painter.columns // 2
    label = max(1, half // 4)
    for index in range(0, len(block.facts), 2):
        placed = []
        for offset, (name, value) in enumerate(block.facts[index : index + 2]):
            column = offset * half + 1
            placed.append(Placed(column=column, value=name, look=Look("label"), span=label))
            placed.append(Placed(column=column + label, value=value, look=Look("fact"), span=half - label))
        painter.line(placed, height=20)


def _style_of(painter: Painter) -> Callable[[str, Kind], int]:
    """Gives the number of a style by role and kind."""
    return lambda role, kind: painter.styles.style_id(painter.sheet, Look(role, kind))


def _rows_xml(painter: Painter, table: LongTable, rows: Iterator[tuple[Value, ...]]) -> Iterator[bytes]:
    """The rows of a long sheet as XML, from the row below the headings on; styles are made as they are needed."""
    kinds = [column.kind for column in table.columns]
    letters = [get_column_letter(index) for index in range(1, len(kinds) + 1)]
    coloured = [kind in ("severity", "state") for kind in kinds]

    @cache
    def style(role: str, kind: Kind, colour: str) -> int:
        return painter.styles.style_id(painter.sheet, Look(role, kind, colour))

    for number, row in enumerate(rows, start=painter.row + 1):
        role = "body" if number % 2 else "zebra"
        cells = [
            cell_xml(
                f"{letters[index]}{number}",
                style(role, kinds[index], colour_of(value, kinds[index]) if coloured[index] else ""),
                value,
                kinds[index],
            )
            for index, value in enumerate(row)
        ]
        yield f'<row r="{number}" ht="{ROW_HEIGHT:g}" customHeight="1">{"".join(cells)}</row>'.encode()
