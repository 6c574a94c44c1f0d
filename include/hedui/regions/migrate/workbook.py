"""Plain workbooks with equal bytes for equal content: tables with a title, a frozen header, filters and print settings."""

from __future__ import annotations

import datetime as dt
import os
import re
import uuid
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

_EPOCH = dt.datetime(2000, 1, 1)
_FONT = "SimSun"
_HEAD = PatternFill("solid", fgColor="DCE6F1")
_COLOURS = {"通过": "E2EFDA", "不通过": "F8CBAD", "提示": "FFF2CC"}
_LINE = Side(style="thin", color="BFBFBF")
_BORDER = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_FORMULA = ("=", "+", "-", "@")

Value = str | int | None


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column: its title, its width in characters, and how numbers in it look."""

    title: str
    width: int = 14
    number: str = "#,##0"


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table with a title.

    Attributes:
        name: Of the tab.
        title: Above the table.
        columns: Its columns.
        rows: Its cells; text that looks like a formula stays text.
        notes: Lines between title and table.
        header_first: The header is the first row and the title only the tab's print header (forms that are read back).
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    notes: Sequence[str] = ()
    header_first: bool = False


def save(path: Path, sheets: Sequence[Sheet]) -> bytes:
    """Writes a workbook in one step and returns its bytes."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for sheet in sheets:
        _paint(book.create_sheet(sheet.name), sheet)
    book.properties.creator = "Hedui"
    book.properties.created = book.properties.modified = _EPOCH
    buffer = BytesIO()
    book.save(buffer)
    content = _timeless(buffer.getvalue())
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    temporary.write_bytes(content)
    os.replace(temporary, path)
    return content


def _timeless(content: bytes) -> bytes:
    """The workbook's ZIP with one time for all members, and without the time of saving."""
    source, target = zipfile.ZipFile(BytesIO(content)), BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for item in sorted(source.infolist(), key=lambda item: item.filename != "[Content_Types].xml"):
            data = source.read(item.filename)
            if item.filename == "docProps/core.xml":
                data = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", data)
            info = zipfile.ZipInfo(item.filename, (2000, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            archive.writestr(info, data)
    return target.getvalue()


def _paint(page: Worksheet, sheet: Sheet) -> None:
    row = 1
    if not sheet.header_first:
        page.cell(1, 1, sheet.title).font = Font(name=_FONT, size=15, bold=True)
        page.row_dimensions[1].height = 24
        for note in sheet.notes:
            row += 1
            page.cell(row, 1, note).font = Font(name=_FONT, size=10, color="595959")
        row += 1
    header = row
    for number, column in enumerate(sheet.columns, start=1):
        cell = page.cell(header, number, column.title)
        cell.font, cell.fill, cell.border = Font(name=_FONT, size=11, bold=True), _HEAD, _BORDER
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        page.column_dimensions[get_column_letter(number)].width = column.width
    for values in sheet.rows:
        row += 1
        for number, (value, column) in enumerate(zip(values, sheet.columns, strict=True), start=1):
            _fill(page.cell(row, number), value, column)
    last = get_column_letter(len(sheet.columns))
    page.freeze_panes = f"A{header + 1}"
    page.auto_filter.ref = f"A{header}:{last}{max(row, header)}"
    page.print_title_rows = f"{header}:{header}"
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", page.PAPERSIZE_A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True  # type: ignore[union-attr]
    page.oddFooter.center.text = f"{sheet.title}　第 &P 页 共 &N 页"  # type: ignore[union-attr]


def _fill(cell, value: Value, column: Column) -> None:  # type: ignore[no-untyped-def]
    cell.font, cell.border = Font(name=_FONT, size=10), _BORDER
    cell.alignment = Alignment(vertical="top", wrap_text=True, horizontal="right" if isinstance(value, int) else "left")
    cell.value = value
    if isinstance(value, int):
        cell.number_format = column.number
    elif isinstance(value, str):
        cell.number_format = "@"
        if value.startswith(_FORMULA):
            cell.data_type = "s"
            cell.quotePrefix = True
        if value in _COLOURS:
            cell.fill = PatternFill("solid", fgColor=_COLOURS[value])
