"""Reads CSV (plain or gzip) and XLSX into lines of text with their place, so that each mistake can name its line."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile

from hedui.regions.errors import RegionFileError

_LIMIT = 256 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Line:
    """A record of a file: its place, and its cells by column name."""

    file: str
    number: int
    cells: dict[str, str]

    def get(self, column: str) -> str:
        """A cell, empty where the file has no such column."""
        return self.cells.get(column, "")


@dataclass(kw_only=True)
class Mistakes:
    """Collects every mistake of a file before anything of it is refused."""

    found: list[str] = field(default_factory=list)

    def add(self, file: str, line: int, what: str) -> None:
        """Notes a mistake at a place."""
        self.found.append(f"{file}:{line}: {what}")

    def refuse(self) -> None:
        """Raises when there were any.

        Raises:
            RegionFileError: There were mistakes.
        """
        if self.found:
            raise RegionFileError(self.found)


def shown(value: str) -> str:
    """A value as messages show it: bounded and quoted."""
    return repr(value if len(value) <= 40 else f"{value[:40]}…")


def decode(raw: bytes, file: str) -> str:
    """UTF-8 text without its byte order mark.

    Raises:
        RegionFileError: It is not UTF-8; the line of the first wrong byte is named.
    """
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise RegionFileError([f"{file}:{line}: byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8"]) from None


def file_bytes(path: Path) -> bytes:
    """A file's content; ``.gz`` is unpacked, with a bound against bombs.

    Raises:
        RegionFileError: It is not there, damaged, or unpacks to more than 256 MB.
    """
    try:
        if path.suffix != ".gz":
            return path.read_bytes()
        with gzip.open(path) as handle:
            raw = handle.read(_LIMIT + 1)
    except (OSError, EOFError) as error:
        raise RegionFileError([f"{path.name}: cannot be read: {getattr(error, 'strerror', None) or error}"]) from None
    if len(raw) > _LIMIT:
        raise RegionFileError([f"{path.name}: unpacks to more than {_LIMIT >> 20} MB; that is no region file"])
    return raw


def read_rows(path: Path, *, columns: Sequence[str], optional: Sequence[str] = ()) -> list[Line]:
    """The records of a CSV or XLSX file (by its suffix) with a header line that names the columns.

    Raises:
        RegionFileError: The file, its header or a line's number of cells is wrong.
    """
    cells = _sheet(path) if path.suffix.lower() == ".xlsx" else _csv(decode(file_bytes(path), path.name), path.name)
    return _lines(cells, path.name, columns, optional)


def _csv(text: str, file: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    try:
        for cells in reader:
            yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise RegionFileError([f"{file}:{begins}: is not valid CSV: {error}"]) from None


def _sheet(path: Path) -> Iterator[tuple[int, list[str]]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (OSError, KeyError, ValueError, BadZipFile, InvalidFileException) as error:
        raise RegionFileError([f"{path.name}: is not a readable workbook: {type(error).__name__}"]) from None
    try:
        for number, row in enumerate(book.worksheets[0].iter_rows(values_only=True), start=1):
            yield number, [_cell(value) for value in row]
    finally:
        book.close()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _lines(cells: Iterator[tuple[int, list[str]]], file: str, columns: Sequence[str], optional: Sequence[str]) -> list[Line]:
    mistakes = Mistakes()
    header: list[str] | None = None
    lines: list[Line] = []
    for number, row in cells:
        if not any(cell.strip() for cell in row):
            continue
        if header is None:
            header = [cell.strip() for cell in row]
            while header and not header[-1]:
                header.pop()
            _check_header(header, file, number, columns, optional)
            continue
        values = [cell.strip() for cell in row]
        while len(values) > len(header) and not values[-1]:
            values.pop()
        if len(values) != len(header):
            mistakes.add(file, number, f"has {len(values)} cells, the header has {len(header)}")
            continue
        lines.append(Line(file=file, number=number, cells=dict(zip(header, values, strict=True))))
    if header is None:
        raise RegionFileError([f"{file}:1: is empty; its header must name {','.join(columns)}"])
    mistakes.refuse()
    return lines


def _check_header(header: list[str], file: str, number: int, columns: Sequence[str], optional: Sequence[str]) -> None:
    mistakes = Mistakes()
    for column in columns:
        if column not in header:
            mistakes.add(file, number, f"the header lacks the column {column}; it must name {','.join(columns)}")
    for column in header:
        if column not in columns and column not in optional:
            mistakes.add(file, number, f"unknown column {shown(column)}; allowed are {','.join((*columns, *optional))}")
        if header.count(column) > 1:
            mistakes.add(file, number, f"the column {shown(column)} is there twice")
    mistakes.refuse()
