"""Opens workbooks without taking their texts into memory: Excel keeps every text once, in a table that is as large as the data."""

from __future__ import annotations

import os
import tempfile
import zipfile
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO
from xml.etree.ElementTree import iterparse

from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.workbook import Workbook
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

MAX_RATIO = 400  # of a part to its compressed size, from RATIO_FROM on
RATIO_FROM = 64 << 20
STRING = f"{{{SHEET_MAIN_NS}}}si"
ESCAPED = "x005F_"  # openpyxl removes it from shared texts


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


class _Reader(ExcelReader):
    """openpyxl's reader with another table of texts."""

    package: Any
    texts: TextTable
    shared_strings: Any

    def read_strings(self) -> None:
        part = self.package.find(SHARED_STRINGS)
        if part is not None:
            with self.archive.open(part.PartName[1:]) as source:
                events = iterparse(source, events=("start", "end"))  # noqa: S314 - expat refuses entities that multiply
                _, root = next(events)
                for event, node in events:
                    if event == "end" and node.tag == STRING:
                        text: Any = Text.from_tree(node)
                        self.texts.add(text.content.replace(ESCAPED, ""))
                        root.clear()
        self.texts.done()
        self.shared_strings = self.texts


@contextmanager
def open_workbook(handle: BinaryIO) -> Iterator[Workbook]:
    """A workbook that is read row by row.

    Raises:
        zipfile.BadZipFile: It is no workbook, or a part of it grows out of proportion; and whatever else openpyxl raises.
    """
    with zipfile.ZipFile(handle) as archive:
        for info in archive.infolist():
            if info.file_size > max(RATIO_FROM, info.compress_size * MAX_RATIO):
                raise zipfile.BadZipFile("a part unpacks out of proportion")
    with tempfile.TemporaryFile() as file:
        reader = _Reader(handle, read_only=True, keep_vba=False, data_only=True, keep_links=False)
        reader.texts = TextTable(file)
        reader.read()
        try:
            yield reader.wb
        finally:
            reader.wb.close()
