"""Writes packets as a source's reader expects them: the other side's program, as far as the wire can tell."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree
from openpyxl import Workbook

from hedui.errors import HeduiError
from hedui.harness.rows import Row
from hedui.site.models import Source
from hedui.site.readers import DelimitedReader, FixedField, FixedMark, FixedReader, SqlReader, XlsxReader, XmlReader

XML_ENCODINGS = {"declared": "GBK", "gbk": "GBK", "gb18030": "GB18030", "utf-8": "UTF-8"}
ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A packet before it is written.

    Attributes:
        dataset: Canonical dataset.
        rows: Records by the source's columns.
        head: Head fields; the declared count is set when it is written.
        declared_rows: What the packet declares, where it declares something.
        declared_totals: Totals by the field that declares them, as written.
        encoding: What the bytes are in truth; None: as agreed.
    """

    dataset: str
    rows: Sequence[Row]
    head: Mapping[str, str] = field(default_factory=dict)
    declared_rows: int = 0
    declared_totals: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None


def path_of(source: Source, dataset: str, *, date: dt.date, parts: Mapping[str, str]) -> str:
    """The packet's path below the inbox.

    Raises:
        HeduiError: The reader's path leaves something open that ``parts`` does not give.
    """
    if isinstance(source.reader, SqlReader):
        raise HeduiError(f"Source {source.id} is a database; the harness plays senders of files.")
    spec = source.datasets[dataset]
    template = spec.path if spec.path is not None else source.reader.path
    if "*" in template:
        raise HeduiError(f'The path of source {source.id} is "{template}": give the packet\'s whole path with `file`.')
    try:
        return _Parts(template).format(dict(parts) | {"dataset": dataset, "table": spec.table}, date)
    except KeyError as missing:
        raise HeduiError(f'The path of source {source.id} is "{template}": `name` lacks the part {missing}.') from None


class _Parts(str):
    """A path's template; ``{agency:9}`` means nine characters, not a width."""

    def format(self, values: Mapping[str, str], date: dt.date) -> str:  # type: ignore[override]
        import string

        pieces = []
        for text, name, spec, _ in string.Formatter().parse(self):
            pieces.append(text)
            if name == "date":
                pieces.append(format(date, spec or ""))
            elif name is not None:
                pieces.append(values[name])
        return "".join(pieces)


def render(source: Source, draft: Draft) -> bytes:
    """The packet's bytes without an archive around them."""
    reader = source.reader
    if isinstance(reader, XmlReader):
        return _xml(reader, draft)
    if isinstance(reader, FixedReader):
        return _fixed(reader, draft)
    if isinstance(reader, DelimitedReader):
        return _delimited(reader, draft, _columns(source, draft))
    if isinstance(reader, XlsxReader):
        return _xlsx(reader, draft, _columns(source, draft))
    raise HeduiError(f"The harness writes no packets of type {reader.type}.")


def packed(source: Source, content: bytes, *, member: str) -> bytes:
    """The bytes with the reader's archive around them; the same content gives the same bytes."""
    reader = source.reader
    if isinstance(reader, SqlReader) or reader.archive == "none":
        return content
    if reader.archive == "gz":
        return gzip.compress(content, mtime=0)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(member, date_time=ZIP_TIME), content, compress_type=zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _columns(source: Source, draft: Draft) -> list[str]:
    mapped = [column.column for column in source.datasets[draft.dataset].columns.values() if column.column is not None]
    further = [name for row in draft.rows for name in row]
    return list(dict.fromkeys([*mapped, *further]))


def _xml(reader: XmlReader, draft: Draft) -> bytes:
    encoding = draft.encoding or XML_ENCODINGS[reader.encoding]
    declared = XML_ENCODINGS[reader.encoding]
    head = dict(draft.head) | {reader.count: str(draft.declared_rows)} | dict(draft.declared_totals)
    package = etree.Element("Package")
    _children(etree.SubElement(package, "PackageHead"), {name: value for name, value in head.items() if value is not None})
    data = etree.SubElement(package, "Data")
    for number, row in enumerate(draft.rows, 1):
        _children(etree.SubElement(data, "Record", index=str(number)), row)
    text = etree.tostring(package, encoding="unicode")
    return f'<?xml version="1.0" encoding="{declared}"?>\n{text}\n'.encode(encoding)


def _children(parent: etree._Element, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        etree.SubElement(parent, name).text = value


def _delimited(reader: DelimitedReader, draft: Draft, columns: list[str]) -> bytes:
    target = io.StringIO()
    writer = csv.writer(target, delimiter=reader.separator, quotechar=reader.quote or None, lineterminator="\n",
                        quoting=csv.QUOTE_MINIMAL if reader.quote else csv.QUOTE_NONE)  # fmt: skip
    if reader.count_line:
        writer.writerow([str(draft.declared_rows), *draft.declared_totals.values()])
    if reader.header:
        writer.writerow(columns)
    writer.writerows([row.get(column, "") for column in columns] for row in draft.rows)
    return target.getvalue().encode(draft.encoding or reader.encoding)


def _xlsx(reader: XlsxReader, draft: Draft, columns: list[str]) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    if reader.sheet:
        sheet.title = reader.sheet
    for _ in range(reader.header_row - 1):
        sheet.append([])
    sheet.append(columns)
    for row in draft.rows:
        sheet.append([row.get(column, "") for column in columns])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _fixed(reader: FixedReader, draft: Draft) -> bytes:
    encoding = draft.encoding or reader.encoding
    end = b"" if reader.line_ending == "none" else b"\r\n"
    declared = dict(draft.head) | dict(draft.declared_totals)
    records = [_mark(reader.header, declared, draft.declared_rows, encoding)] if reader.header else []
    records += [_record(reader.layout[draft.dataset], row, encoding) for row in draft.rows]
    if reader.trailer:
        records.append(_mark(reader.trailer, declared, draft.declared_rows, encoding))
    return b"".join(record + end for record in records)


def _mark(mark: FixedMark, declared: Mapping[str, str], count: int, encoding: str) -> bytes:
    values = dict(declared)
    if mark.count:
        values[mark.count] = str(count)
    if mark.starts:
        values.setdefault(mark.fields[0].name, mark.starts)
    return _record(mark.fields, values, encoding)


def _record(layout: Sequence[FixedField], row: Mapping[str, str], encoding: str) -> bytes:
    pieces = []
    for item in layout:
        value = row.get(item.name, "").encode(encoding)
        if len(value) > item.bytes:
            raise HeduiError(f"The field {item.name} has {item.bytes} bytes; the scenario gives it {len(value)}.")
        pad = item.pad.encode(encoding) * (item.bytes - len(value))
        pieces.append(value + pad if item.align == "left" else pad + value)
    return b"".join(pieces)
