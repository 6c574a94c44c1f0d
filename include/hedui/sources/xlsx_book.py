"""Opens workbooks in bounded memory: a sheet's rows one after the other, and the table of texts, as large as the data, on disk.

openpyxl knows what cells and styles mean; how a sheet is walked is done here. openpyxl's own walk keeps something of every row, leaves
out rows whose number is not greater than the last one's, cells that stand behind a later column's, and makes up all rows that a number
skips: some programs that write workbooks number badly, and nothing that they sent may be lost.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, BinaryIO, NamedTuple

from lxml import etree
from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.worksheet._reader import WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

from hedui.sources.archive import check_directory

MAX_RATIO = 400  # of a part to its compressed size, from RATIO_FROM on
RATIO_FROM = 64 << 20
MAX_WHOLE = 16 << 20  # bytes of a part that is read as a whole: the list of sheets, styles
MAX_ELEMENT = 16 << 20  # bytes of a row or a shared text; Excel's own limits keep far below
MAX_COLUMNS = 16_384  # Excel's
CHUNK = 1 << 17
DATA, ROW, STRING = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("sheetData", "row", "si"))
ESCAPED = "x005F_"  # openpyxl removes it from shared texts


class Cell(NamedTuple):
    """A cell: its value as openpyxl has it, and whether that is one of Excel's error values."""

    value: Any = None
    error: bool = False


class Row(NamedTuple):
    """A row of a sheet.

    Attributes:
        number: As the sheet says it; numbers need not rise.
        cells: From column A on.
        problem: Why it cannot be used, in Chinese.
    """

    number: int
    cells: list[Cell]
    problem: str = ""


class TextTable:
    """Shared texts in a file; in memory is only where each begins."""

    def __init__(self, folder: BinaryIO) -> None:
        self._file = folder
        self._ends = array("Q", [0])

    def add(self, text: str) -> None:
        """Appends a text."""
        encoded = text.encode("utf-8", "surrogatepass")
        self._file.write(encoded)
        self._ends.append(self._ends[-1] + len(encoded))

    def done(self) -> None:
        """No text follows; they can be read now."""
        self._file.flush()

    def __getitem__(self, index: int) -> str:
        if not 0 <= index < len(self._ends) - 1:
            raise IndexError(index)
        begin, end = self._ends[index], self._ends[index + 1]
        return os.pread(self._file.fileno(), end - begin, begin).decode("utf-8", "surrogatepass")


class _Archive(zipfile.ZipFile):
    """A workbook's parts; the large ones are opened, and what is read as a whole is small."""

    def read(self, name: str | zipfile.ZipInfo, pwd: bytes | None = None) -> bytes:
        info = name if isinstance(name, zipfile.ZipInfo) else self.getinfo(name)
        if info.file_size > MAX_WHOLE:
            raise zipfile.BadZipFile("a part that is read as a whole is too large")
        return super().read(info, pwd)


class Book(ExcelReader):
    """A workbook's sheets; what says nothing about cells (properties, themes, charts) is not read.

    Attributes:
        sheets: The part of each sheet, by its name.
    """

    package: Any
    parser: Any
    wb: Any

    def __init__(self, archive: _Archive, texts: TextTable) -> None:
        self.archive = archive
        self.valid_files = archive.namelist()
        self.read_only, self.keep_vba, self.data_only, self.keep_links, self.rich_text = True, False, True, False, False
        self._texts = texts
        self.read_manifest()
        self.read_strings()
        self.read_workbook()
        apply_stylesheet(archive, self.wb)
        self.sheets: dict[str, str] = {
            sheet.name: rel.target
            for sheet, rel in self.parser.find_sheets()
            if rel.target in self.valid_files and "chartsheet" not in rel.Type
        }

    def read_strings(self) -> None:
        """The shared texts, to disk."""
        part = self.package.find(SHARED_STRINGS)
        if part is not None:
            with self.archive.open(part.PartName[1:]) as source:
                for element in _elements(source, STRING):
                    text: Any = Text.from_tree(element)
                    self._texts.add(text.content.replace(ESCAPED, ""))
        self._texts.done()

    def read_workbook(self) -> None:
        """The list of sheets."""
        try:
            super().read_workbook()
        except OSError as error:  # the library's word for a package without a workbook; what the disk says has a number
            if error.errno is not None:
                raise
            raise zipfile.BadZipFile("no workbook in it") from None

    def rows(self, sheet: str) -> Iterator[Row]:
        """The rows of a sheet in the order in which they stand."""
        with self.archive.open(self.sheets[sheet]) as source:
            parser: Any = WorkSheetParser(
                source,
                self._texts,
                data_only=True,
                epoch=self.wb.epoch,
                date_formats=self.wb._date_formats,
                timedelta_formats=self.wb._timedelta_formats,
            )
            for element in _elements(source, ROW, within=DATA):
                number, cells = parser.parse_row(element)
                parser.row_dimensions.clear()  # heights and styles of rows, one entry per row
                yield _placed(number, cells)


def _placed(number: int, found: list[dict[str, Any]]) -> Row:
    """A row whose cells stand in their columns."""
    width = max((cell["column"] for cell in found), default=0)
    columns = {cell["column"] for cell in found}
    problem = "同一列有两个单元格" if len(columns) < len(found) else ""
    if width > MAX_COLUMNS:
        found, width, problem = [], 0, f"超过 {MAX_COLUMNS} 列"
    cells = [Cell()] * width
    for cell in found:
        cells[cell["column"] - 1] = Cell(cell["value"], cell["data_type"] == "e")
    return Row(number, cells, problem)


def _elements(source: IO[bytes], tag: str, *, within: str = "") -> Iterator[Any]:
    """The elements of one name in a part, up to the end of the one that holds them; each is forgotten when the next is asked for."""
    parser = etree.XMLPullParser(
        events=("end",), tag=[tag, within or tag], resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    element: Any
    since = 0
    while chunk := source.read(CHUNK):
        since += len(chunk)
        parser.feed(chunk)
        for _, element in parser.read_events():
            if element.getroottree().docinfo.doctype:
                raise zipfile.BadZipFile("a part has a document type")
            if element.tag == within:
                while source.read(CHUNK):  # the rest says nothing about rows, but tells whether the part is whole
                    pass
                return
            since = 0
            yield element
            _forget(element)
        if since > MAX_ELEMENT:
            raise zipfile.BadZipFile("an element does not end within reason")
    parser.close()


def _forget(element: Any) -> None:
    """Frees an element and what stands before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


@contextmanager
def open_workbook(handle: BinaryIO, *, place: str) -> Iterator[Book]:
    """A workbook that is read row by row.

    Raises:
        PacketError: It is no archive, or lists too many parts.
        zipfile.BadZipFile: A part grows out of proportion; and whatever openpyxl raises.
    """
    check_directory(handle, place)
    handle.seek(0)
    with _Archive(handle) as archive, tempfile.TemporaryFile() as file:
        for info in archive.infolist():
            if info.file_size > max(RATIO_FROM, info.compress_size * MAX_RATIO):
                raise zipfile.BadZipFile("a part unpacks out of proportion")
        yield Book(archive, TextTable(file))
