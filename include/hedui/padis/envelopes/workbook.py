"""An XLSX workbook with a header row: what a web form takes. Every cell is text, so that codes keep their zeros."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell

from hedui.padis.envelopes import Sheet
from hedui.padis.errors import PackageError
from hedui.site.padis_profile import Xlsx

TEXT_FORMAT = "@"


def write(spec: Xlsx, names: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """The workbook."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(spec.sheet)

    def cell(value: str) -> Any:
        made = WriteOnlyCell(sheet)
        made.value = value
        made.data_type = "s"  # "=…" is text here, never a formula
        made.number_format = TEXT_FORMAT
        return made

    for row in (names, *rows):
        sheet.append([cell(value) for value in row])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def read(spec: Xlsx, content: bytes) -> Sheet:
    """The records below the header row."""
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        raise PackageError("The file is not an XLSX workbook.") from None
    if spec.sheet not in book.sheetnames:
        raise PackageError(f'The workbook has no sheet "{spec.sheet}".')
    lines = [["" if value is None else str(value) for value in row] for row in book[spec.sheet].iter_rows(values_only=True)]
    if not lines:
        raise PackageError("The sheet has no header row.")
    names, *records = lines
    width = len(names)
    return Sheet(rows=tuple(dict(zip(names, (row + [""] * width)[:width], strict=True)) for row in records))
