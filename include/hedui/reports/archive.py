"""The workbook's ZIP file: equal content gives equal bytes, long sheets are streamed in, formulas carry their values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

MEMBER_TIME = (1980, 1, 1, 0, 0, 0)
END_OF_ROWS = b"</sheetData>"
FORMULA = re.compile(rb'<c r="([A-Z]+[0-9]+)"([^>]*)><f>(.*?)</f><v ?(?:/>|></v>)</c>')


@dataclass(frozen=True, kw_only=True)
class SheetPatch:
    """What openpyxl's XML of one sheet lacks.

    Attributes:
        values: Results of formulas by cell reference; openpyxl writes formulas only, and a preview that does not compute shows none.
        rows: XML of further rows, in order, in UTF-8, that go behind the sheet's last row.
    """

    values: Mapping[str, object] = field(default_factory=dict)
    rows: Iterator[bytes] | None = None


class WorkbookArchive(ZipFile):
    """A ZIP file whose members have fixed times and whose sheets are patched on the way in.

    openpyxl hands over every part either as bytes or, for sheets, as a temporary file; both come through here, in a fixed order.
    """

    def __init__(self, path: Path, *, patches: Mapping[str, SheetPatch]) -> None:
        super().__init__(path, "w", ZIP_DEFLATED, allowZip64=True, compresslevel=6)
        self._patches = patches

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        """Adds a member from memory."""
        super().writestr(_member(str(zinfo_or_arcname)), data)

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:
        """Adds a sheet from openpyxl's temporary file, patched."""
        name = str(arcname).lstrip("/")
        patch = self._patches.get(name, SheetPatch())
        content = Path(filename).read_bytes()
        if patch.values:
            content = FORMULA.sub(lambda match: _with_value(match, patch.values), content)
        head, end, tail = content.partition(END_OF_ROWS)
        with self.open(_member(name), "w", force_zip64=patch.rows is not None) as member:
            member.write(head)
            for chunk in pieces(patch.rows):
                member.write(chunk)
            member.write(end)
            member.write(tail)


def _member(name: str) -> ZipInfo:
    info = ZipInfo(name.lstrip("/"), date_time=MEMBER_TIME)
    info.compress_type = ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = 0o644 << 16
    return info


def pieces(rows: Iterator[bytes] | None, size: int = 1 << 20) -> Iterator[bytes]:
    """Rows put together to a megabyte or so: few calls into zlib, and never more than that in memory."""
    batch, length = [], 0
    for row in rows or ():
        batch.append(row)
        length += len(row)
        if length >= size:
            yield b"".join(batch)
            batch, length = [], 0
    yield b"".join(batch)


def _with_value(match: re.Match[bytes], values: Mapping[str, object]) -> bytes:
    reference, attributes, formula = match.groups()
    value = values.get(reference.decode())
    kind, text = b"", escape(str(value)).encode()
    if value is None:
        text = b""
    elif isinstance(value, str):
        kind = b' t="str"'
    return b'<c r="%s"%s%s><f>%s</f><v>%s</v></c>' % (reference, attributes, kind, formula, text)
