"""Draws a sheet's blocks row by row into a write-only worksheet, and keeps what later parts need: positions and formula results."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink

from hedui.reports.cells import cell_value, display_width
from hedui.reports.content import Column, Formula, Kind, Mark, Table, Value
from hedui.reports.layout import ALARM, ALARM_LIGHT, ROW_HEIGHT, TEXT_LINE, Look, Styles, colour_of


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A value at a place of a row: first column from 1, columns it covers, look, and the sheet it links to."""

    column: int
    value: Value
    look: Look
    span: int = 1
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Area:
    """Where a drawn table's rows are: letters and titles by column key, first and last row."""

    letters: dict[str, str]
    titles: dict[str, str]
    first: int
    last: int


def _number(value: Value) -> int | float:
    number = value.value if isinstance(value, Formula) else value
    return number if isinstance(number, int | float) else 0


def starts(columns: Iterable[Column]) -> list[int]:
    """First grid column, from 1, of each table column."""
    position, result = 1, []
    for column in columns:
        result.append(position)
        position += column.span
    return result


class Painter:
    """Writes rows into one worksheet.

    Attributes:
        row: Number of the last row written.
        values: Results of formulas by cell reference, for the archive.
        areas: Drawn tables by their id.
    """

    def __init__(self, worksheet: Any, *, styles: Styles, grid: Sequence[float]) -> None:
        self.sheet = worksheet
        self.styles = styles
        self.grid = tuple(grid)
        self.row = 0
        self.values: dict[str, object] = {}
        self.areas: dict[str, Area] = {}

    @property
    def columns(self) -> int:
        """Number of grid columns."""
        return len(self.grid)

    def width(self, column: int, span: int) -> float:
        """Width in characters of ``span`` grid columns."""
        return sum(self.grid[column - 1 : column - 1 + span])

    def line(self, placed: Iterable[Placed], *, height: float = ROW_HEIGHT) -> None:
        """Writes the next row; a place that covers several columns is merged."""
        self.row += 1
        cells: list[Any] = [None] * self.columns
        for item in placed:
            for offset in range(item.span):
                value = item.value if offset == 0 else None
                cells[item.column - 1 + offset] = self._cell(item.column + offset, value, item)
            if item.span > 1:
                last = get_column_letter(item.column + item.span - 1)
                self.sheet.merged_cells.add(f"{get_column_letter(item.column)}{self.row}:{last}{self.row}")
        self.sheet.row_dimensions[self.row].height = height
        self.sheet.append(cells)

    def _cell(self, column: int, value: Value, item: Placed) -> Any:
        kind: Kind = item.look.kind
        if isinstance(value, Formula):
            reference = f"{get_column_letter(column)}{self.row}"
            self.values[reference] = cell_value(value.value, kind)
            cell = self.styles.cell(self.sheet, item.look)
            cell.value = f"={value.text}"
            return cell
        cell = self.styles.cell(self.sheet, item.look, cell_value(value, kind))
        if item.link and value is not None:
            cell.hyperlink = Hyperlink(ref="", location=f"'{item.link}'!A1", display=str(value))
        return cell

    def gap(self, height: float = 10.0) -> None:
        """An empty row."""
        self.line((), height=height)

    def text(self, text: str, role: str, *, span: int = 0, height: float = 0.0) -> None:
        """A row with one text over ``span`` columns (default: all), as high as its lines need."""
        span = span or self.columns
        lines = lines_of(text, self.width(1, span))
        self.line(
            (Placed(column=1, value=text, look=Look(role), span=span),), height=height or max(ROW_HEIGHT, lines * TEXT_LINE + 4)
        )

    def table(self, table: Table) -> None:
        """A whole table: heading, column headings, rows, total row, note."""
        if table.title:
            self.text(table.title, "heading", height=22)
        head = self.head(table.columns)
        first = self.row + 1
        if not table.rows:
            span = sum(column.span for column in table.columns)
            self.line((Placed(column=1, value=table.empty, look=Look("note", "state"), span=span),))
        letters = {c.key: get_column_letter(start) for c, start in zip(table.columns, starts(table.columns), strict=True)}
        for index, row in enumerate(table.rows):
            self._row(table.columns, letters, row, role="zebra" if index % 2 else "body")
        titles = {column.key: column.title for column in table.columns}
        area = Area(letters=letters, titles=titles, first=first, last=max(first, self.row))
        self.areas[table.id or table.title] = area
        mark_cells(self.sheet, table.marks, area)
        if table.filtered:
            last = get_column_letter(sum(column.span for column in table.columns))
            self.sheet.auto_filter.ref = f"A{head}:{last}{area.last}"
        if table.total and table.rows:
            self._total(table, area)
        for row in table.footer:
            self._row(table.columns, letters, row, role="total", area=area)
        if table.note:
            self.text(table.note, "note")

    def head(self, columns: Sequence[Column]) -> int:
        """Column headings in one row, or two where columns are grouped; returns the number of the lower one."""
        places = starts(columns)
        grouped = any(column.group for column in columns)
        if grouped:
            self.line(list(_group_headings(columns, places)), height=20)
        lines = max(math.ceil((display_width(c.title) + 1) / self.width(p, c.span)) for c, p in zip(columns, places, strict=True))
        placed = []
        for column, place in zip(columns, places, strict=True):
            alone = grouped and not column.group
            placed.append(
                Placed(column=place, value=None if alone else column.title, look=Look("head"), span=1 if alone else column.span)
            )
            if alone:
                letters = get_column_letter(place), get_column_letter(place + column.span - 1)
                self.sheet.merged_cells.add(f"{letters[0]}{self.row}:{letters[1]}{self.row + 1}")
        self.line(placed, height=max(20.0, lines * 13 + 7))
        return self.row

    def _row(
        self, columns: Sequence[Column], letters: dict[str, str], row: Sequence[Value], *, role: str, area: Area | None = None
    ) -> None:
        number = self.row + 1
        references = {key: f"{letter}{number}" for key, letter in letters.items()}
        if area is not None:
            references |= {f"{key}_rows": f"{letter}{area.first}:{letter}{area.last}" for key, letter in letters.items()}
            references |= {f"{key}_up{up}": f"{letter}{number - up}" for key, letter in letters.items() for up in (1, 2)}
        placed, lines = [], 1
        for column, place, value in zip(columns, starts(columns), row, strict=True):
            if isinstance(value, Formula):
                value = Formula(text=rounded(value.text.format_map(references), column.kind), value=value.value)
            elif column.kind == "wrap" and isinstance(value, str):
                lines = max(lines, lines_of(value, self.width(place, column.span)))
            look = Look(role, column.kind, colour_of(value.value if isinstance(value, Formula) else value, column.kind))
            link = str(value) if column.kind == "link" else ""
            placed.append(Placed(column=place, value=value, look=look, span=column.span, link=link))
        self.line(placed, height=max(ROW_HEIGHT, lines * TEXT_LINE + 4))

    def _total(self, table: Table, area: Area) -> None:
        placed = []
        for index, (column, place) in enumerate(zip(table.columns, starts(table.columns), strict=True)):
            value: Value = table.total if index == 0 else None
            kind: Kind = "text" if index == 0 else column.kind
            if column.total:
                letter = area.letters[column.key]
                value = Formula(
                    text=rounded(f"SUM({letter}{area.first}:{letter}{area.last})", column.kind),
                    value=sum(_number(row[index]) for row in table.rows),
                )
                kind = column.kind
            placed.append(Placed(column=place, value=value, look=Look("total", kind), span=column.span))
        self.line(placed, height=20)


def mark_cells(worksheet: Any, marks: Iterable[Mark], area: Area) -> None:
    """Adds the native conditional formats; a cell with text ("—") is never marked."""
    for mark in marks:
        letter = area.letters[mark.column]
        cell, sign = f"{letter}{area.first}", "<" if mark.beyond == "below" else ">"
        rule = FormulaRule(  # type: ignore[no-untyped-call]
            formula=[f"AND(ISNUMBER({cell}),{cell}{sign}{mark.bound:g})"],
            font=Font(color=ALARM, bold=True),
            fill=PatternFill(bgColor=ALARM_LIGHT, fill_type="solid"),
        )
        worksheet.conditional_formatting.add(f"{cell}:{letter}{area.last}", rule)


def lines_of(text: str, width: float) -> int:
    """Lines that a text needs in a cell: the body font is a little smaller than the one that column widths count in."""
    return math.ceil((display_width(text) * 0.92 + 1) / max(width, 1))


def rounded(formula: str, kind: Kind) -> str:
    """Sums of yuan are rounded to the fen: binary fractions must not show a difference that is not there."""
    return f"ROUND({formula},2)" if kind in ("money", "diff") else formula


def _group_headings(columns: Sequence[Column], places: Sequence[int]) -> Iterable[Placed]:
    """One heading for neighbours of the same group; a column without a group has its own heading here, over both rows."""
    start = 0
    while start < len(columns):
        stop = start + 1
        while columns[start].group and stop < len(columns) and columns[stop].group == columns[start].group:
            stop += 1
        alone = not columns[start].group
        span = 1 if alone else sum(column.span for column in columns[start:stop])
        yield Placed(column=places[start], value=columns[start].group or columns[start].title, look=Look("head"), span=span)
        start = stop
