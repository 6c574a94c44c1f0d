"""Checks how one source is read: its reader's settings, its paths, the columns of a declared layout."""

from __future__ import annotations

import datetime as dt
import re

from hedui.canonical.schemas import datasets
from hedui.security.urls import is_plain
from hedui.site.models import DelimitedReader, FixedReader, Source, SourceDataset, SqlReader, XmlReader
from hedui.site.parts import Part
from hedui.site.problems import NOT_PLAIN, Problems, choose
from hedui.site.readers import FileReader, FixedField
from hedui.sources.inbox_names import PARTS, TemplateError, fields, is_pattern, segments

PLACEHOLDERS = ", ".join(["{dataset}", "{table}", "{date:%Y%m%d}"])


def check_reader(part: Part[Source], source: Source) -> None:
    """Notes every mistake of a source's reader, apart from its datasets' paths."""
    reader = source.reader
    if isinstance(reader, DelimitedReader):
        _check_delimited(part, source, reader)
    if isinstance(reader, FixedReader):
        _check_layouts(part, source, reader)
    if isinstance(reader, FileReader):
        _check_files(part, source, reader)


def check_path(part: Part[Source], source: Source, name: str, spec: SourceDataset) -> None:
    """Notes every mistake of where a dataset is read."""
    reader = source.reader
    if isinstance(reader, SqlReader):
        if spec.path is not None:
            part.problem(["datasets", name, "path"], "has no meaning for a database; remove it")
        if not all(spec.table.split(".")):
            part.problem(["datasets", name, "table"], f"{Problems.show(spec.table)} is not a table name; write schema.table")
        return
    place = ["reader", "path"] if spec.path is None else ["datasets", name, "path"]
    path = reader.path if spec.path is None else spec.path
    if not _check_template(part, place, path, name, spec):
        return
    if "date" not in fields(path) and not (reader.archive == "zip" and "date" in fields(reader.member)):
        part.problem(place, f"{Problems.show(path)} has no {{date:%Y%m%d}}: files are dated by their name, else days get mixed up")
    if path.startswith("/") or "://" in path or ".." in path.replace("\\", "/").split("/"):
        part.problem(place, f"{Problems.show(path)} leaves the inbox; write a path below it, without .. or a leading /")
    if is_pattern(path) and not reader.packets:
        part.problem(place, f"{Problems.show(path)} fits several files; add packets: true to the reader, or name one file")


def _check_template(part: Part[Source], place: list[str], text: str, name: str, spec: SourceDataset) -> bool:
    try:
        segments(text, dataset=name, table=spec.table, date=dt.date(2026, 1, 1))
    except TemplateError as error:
        unknown = re.fullmatch(r"unknown placeholder \{(.*)\}", str(error))
        if unknown:
            names = PLACEHOLDERS + ", " + ", ".join(f"{{{part}}}" for part in PARTS)
            part.problem(place, f'unknown placeholder "{{{Problems.cut(unknown.group(1))}}}"; choose one of {names}')
        else:
            part.problem(place, f"{Problems.show(text)} is not a path template: {Problems.cut(str(error))}")
        return False
    except (ValueError, KeyError, IndexError, AttributeError) as error:
        part.problem(place, f"{Problems.show(text)} is not a path template: {Problems.cut(str(error))}")
        return False
    return True


def _check_delimited(part: Part[Source], source: Source, reader: DelimitedReader) -> None:
    if reader.separator in '\r\n\0"' or reader.separator == reader.quote:
        part.problem(["reader", "separator"], f"{reader.separator!r} cannot separate columns; it is a line end or the quote")
    if reader.quote and reader.quote in "\r\n\0":
        part.problem(["reader", "quote"], "a line end cannot be the quote; leave it empty where nothing is quoted")
    if reader.header:
        return
    for name, spec in source.datasets.items():
        for field, column in spec.columns.items():
            if column.column is not None and not re.fullmatch(r"[1-9]\d{0,3}", column.column):
                place = ["datasets", name, "columns", field, "from"]
                part.problem(place, f'"{column.column}": the file has no header, so write the column\'s number from "1"')


def _check_files(part: Part[Source], source: Source, reader: FileReader) -> None:
    if reader.archive != "zip" and "member" in reader.model_fields_set:
        part.problem(["reader", "member"], "has no meaning without archive: zip; remove it")
    if reader.archive == "zip":
        for name, spec in source.datasets.items():
            if not _check_template(part, ["reader", "member"], reader.member, name, spec):
                break
    if reader.may_be_absent and not reader.packets:
        part.problem(["reader", "may_be_absent"], "is for packets; add packets: true to the reader")
    if reader.inbox is not None and not is_plain(reader.inbox):
        part.problem(["reader", "inbox"], NOT_PLAIN)
    _check_totals(part, source, reader)


def _check_totals(part: Part[Source], source: Source, reader: FileReader) -> None:
    known = {name for dataset in source.datasets if dataset in datasets() for name in _amounts(dataset)}
    declared = _declared(reader)
    for field, total in reader.totals.items():
        place = ["reader", "totals", field]
        if field not in known:
            part.problem(place, f"is not a money field of the source's datasets; {choose(field, known)}")
        if declared is not None and total.column not in declared:
            part.problem([*place, "from"], f"{Problems.show(total.column)} is not declared; {choose(total.column, declared)}")


def _amounts(dataset: str) -> list[str]:
    return [name for name, field in datasets()[dataset].fields.items() if field.type == "fen"]


def _declared(reader: FileReader) -> set[str] | None:
    """Where control totals can come from; None where only the file says."""
    if isinstance(reader, FixedReader):
        return {field.name for mark in (reader.header, reader.trailer) if mark is not None for field in mark.fields}
    if isinstance(reader, DelimitedReader) and reader.count_line:
        return {str(number) for number in range(2, 100)}
    return None if isinstance(reader, XmlReader) else set()


def _check_layouts(part: Part[Source], source: Source, reader: FixedReader) -> None:
    for name in reader.layout:
        if name not in source.datasets:
            part.problem(["reader", "layout", name], f"is not a dataset of the source; {choose(name, source.datasets)}")
    for name, layout in reader.layout.items():
        _check_fields(part, ["reader", "layout", name], layout)
    _check_marks(part, reader)
    for name, spec in source.datasets.items():
        if name not in reader.layout:
            part.problem(["reader", "layout"], f"{name} is missing: each dataset needs its columns in bytes")
            continue
        names = [field.name for field in reader.layout[name]]
        for field, column in spec.columns.items():
            if column.column and column.column not in names:
                place = ["datasets", name, "columns", field, "from"]
                part.problem(place, f"{Problems.show(column.column)} is not in the layout; {choose(column.column, names)}")


def _check_marks(part: Part[Source], reader: FixedReader) -> None:
    for place, mark in (("header", reader.header), ("trailer", reader.trailer)):
        if mark is None:
            continue
        _check_fields(part, ["reader", place, "fields"], mark.fields)
        names = [field.name for field in mark.fields]
        if mark.count is not None and mark.count not in names:
            part.problem(
                ["reader", place, "count"], f"{Problems.show(mark.count)} is not one of its fields; {choose(mark.count, names)}"
            )


def _check_fields(part: Part[Source], place: list[str], layout: tuple[FixedField, ...]) -> None:
    seen = {"source_row"}
    for field in layout:
        if field.name.lower() in seen:
            part.problem(place, f"{Problems.show(field.name)} is there twice or is our own source_row; rename one")
        seen.add(field.name.lower())
        if not field.pad.isascii():
            part.problem(place, f"{Problems.show(field.name)}: pad {Problems.show(field.pad)} must be an ASCII character")
