"""Workbooks for tests, written as a stream and to the byte: also such as no proper program writes."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape

TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
    '<Override PartName="/xl/sharedStrings.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
    '<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>'
)
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="{target}"/></Relationships>'
)
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
BOOK = (
    f'<workbook {MAIN} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
STYLES = (
    f"<styleSheet {MAIN}><fonts><font/></fonts><fills><fill><patternFill/></fill></fills><borders><border/></borders>"
    '<cellStyleXfs><xf/></cellStyleXfs><cellXfs><xf xfId="0"/></cellXfs>'
    '<cellStyles><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def write(
    path: Path, rows: Iterable[str], *, texts: Iterable[str] = (), doctype: str = "", styles: str = STYLES, after: str = ""
) -> Path:
    """A workbook of one sheet.

    Args:
        path: The file.
        rows: ``row`` elements; see :func:`row`.
        texts: Shared texts.
        doctype: What the sheet declares.
        styles: The part with styles.
        after: What stands behind the rows.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": RELATIONS.format(kind="officeDocument", target="xl/workbook.xml"),
        "xl/workbook.xml": BOOK,
        "xl/_rels/workbook.xml.rels": RELATIONS.format(kind="worksheet", target="worksheets/sheet1.xml"),
        "xl/styles.xml": styles,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        with archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as part:
            part.write(f"<sst {MAIN}>".encode())
            part.writelines(f"<si><t>{escape(text)}</t></si>".encode() for text in texts)
            part.write(b"</sst>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            part.write(f'<?xml version="1.0" encoding="UTF-8"?>{doctype}<worksheet {MAIN}><sheetData>'.encode())
            part.writelines(one.encode() for one in rows)
            part.write(f"</sheetData>{after}</worksheet>".encode())
    return path


def row(values: Iterable[object], *, said: str = "", at: Iterable[str] = ()) -> str:
    """A row: numbers as Excel has them, integers as places in the shared texts where a tuple says so, the rest as text beside the cell.

    Args:
        values: Texts, or ``(place,)`` for a shared text.
        said: The row's attributes.
        at: The cells' references, where they have any.
    """
    named = iter(at)
    cells = ""
    for value in values:
        reference = next(named, "")
        where = f' r="{reference}"' if reference else ""
        if isinstance(value, tuple):
            cells += f'<c{where} t="s"><v>{value[0]}</v></c>'
        else:
            cells += f'<c{where} t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'
    return f"<row {said}>{cells}</row>"
