"""Checks one source: its agency, its reader, how each dataset is read and how each canonical field is filled."""

from __future__ import annotations

import datetime as dt
import re

from hedui.canonical.schemas import Dataset, Field, datasets
from hedui.rules import rules
from hedui.security.urls import is_plain
from hedui.site.check_readers import check_path, check_reader
from hedui.site.models import Column, Source, SourceDataset, SqlReader
from hedui.site.parts import Part, Parts
from hedui.site.problems import NOT_PLAIN, Problems, choose

DATE_DIRECTIVES = set("YmdHMS")
ATTRIBUTE_TYPES = {"unit": ("fen",), "format": ("date", "time"), "codes": ("code",), "normalise": ("text", "code", "period")}
AS_OF_COLUMNS = {"date": {"column"}, "validity": {"valid_from", "valid_to"}, "current": set[str]()}
CONST_PATTERNS = {
    "fen": r"-?\d{1,18}",
    "int": r"-?\d{1,18}",
    "rate": r"\d{1,9}",
    "number": r"-?\d{1,9}(\.\d{1,3})?",
    "period": r"\d{4}(0[1-9]|1[0-2])",
}


def check_source(part: Part[Source], parts: Parts) -> None:
    """Notes every mistake of one source."""
    source = part.value
    if source is None:
        return
    agencies = [agency.id for agency in parts.agencies if agency.id]
    if source.agency not in agencies:
        part.problem(["agency"], f'unknown agency "{source.agency}"; {choose(source.agency, agencies)}')
    if not "00:00" <= source.expected.by <= "23:59" or source.expected.by[3] > "5":
        part.problem(["expected", "by"], f'"{source.expected.by}" is not a time of day; write HH:MM')
    if not source.datasets:
        part.problem(["datasets"], "names no dataset; a source delivers at least one")
    check_reader(part, source)
    if not is_plain(source.batches.receipts or ""):
        part.problem(["batches", "receipts"], NOT_PLAIN.replace("its id here", "a folder below it"))
    _check_business(part, source)
    for name, spec in source.datasets.items():
        if name not in datasets():
            part.problem(["datasets", name], f"unknown dataset; {choose(name, datasets())}")
            continue
        _check_as_of(part, name, spec, sql=isinstance(source.reader, SqlReader))
        check_path(part, source, name, spec)
        _check_columns(part, datasets()[name], spec, parts)


def _check_business(part: Part[Source], source: Source) -> None:
    business, place = source.batches.business, ["batches", "business"]
    if business is None:
        return
    if source.batches.receipts is None:
        part.problem(place, "receipts of business rows need batches.receipts, the folder in which receipts are written")
    for number, rule_id in enumerate(business.rules):
        if rule_id not in rules():
            part.problem([*place, "rules", number], f'there is no rule "{rule_id}"; `hedui rules list` lists them')
    for name in business.number:
        if name not in source.datasets:
            part.problem([*place, "number", name], f"the source has no such dataset; {choose(name, source.datasets)}")


def _check_as_of(part: Part[Source], name: str, spec: SourceDataset, *, sql: bool) -> None:
    place = ["datasets", name, "as_of"]
    given = {key for key in ("column", "valid_from", "valid_to") if getattr(spec.as_of, key) is not None}
    if not sql:
        if "as_of" in spec.model_fields_set:
            part.problem(place, "is for tables; files are dated by {date} in their path")
        return
    needed = AS_OF_COLUMNS[spec.as_of.mode]
    for key in sorted(needed - given):
        part.problem([*place, key], f"is missing: mode {spec.as_of.mode} needs it")
    for key in sorted(given - needed):
        part.problem([*place, key], f"has no meaning in mode {spec.as_of.mode}; remove it or change the mode")


def _check_columns(part: Part[Source], dataset: Dataset, spec: SourceDataset, parts: Parts) -> None:
    for name, column in spec.columns.items():
        place = ["datasets", dataset.name, "columns", name]
        if name not in dataset.fields:
            part.problem(place, f"is not a field of {dataset.name}; {choose(name, dataset.fields)}")
            continue
        _check_column(part, place, dataset.fields[name], column, parts)
    _check_column_names(part, dataset, spec)
    for name in dataset.key:
        if name not in spec.columns:
            part.problem(["datasets", dataset.name, "columns"], f"{name} is missing: it is part of the key of {dataset.name}")


def _check_column_names(part: Part[Source], dataset: Dataset, spec: SourceDataset) -> None:
    """Parquet readers do not tell upper from lower case, and source_row is ours."""
    seen: dict[str, str] = {"source_row": ""}
    for name, column in spec.columns.items():
        raw = column.column or ""
        if raw and seen.setdefault(raw.lower(), raw) != raw:
            place = ["datasets", dataset.name, "columns", name, "from"]
            part.problem(
                place, f'"{Problems.cut(raw)}" cannot be told from {seen[raw.lower()] or "our own source_row"}; rename one'
            )


def _check_column(part: Part[Source], place: list[str], field: Field, column: Column, parts: Parts) -> None:
    if (column.column is None) == (column.const is None):
        part.problem(place, "needs either from (a column) or const (a fixed value), and not both")
    elif column.column == "":
        part.problem([*place, "from"], "is empty; write the source's column name")
    for attribute, types in ATTRIBUTE_TYPES.items():
        if attribute not in column.model_fields_set:
            continue
        if field.type not in types:
            part.problem([*place, attribute], f"{field.name} is of type {field.type}; {attribute} is for {' and '.join(types)}")
        elif column.const is not None:
            part.problem([*place, attribute], "has no meaning beside const, which is a canonical value")
    if column.codes is not None and column.codes not in parts.codes:
        part.problem([*place, "codes"], f"there is no codes/{column.codes}.csv; {choose(column.codes, parts.codes)}")
    if field.type in ("date", "time"):
        _check_format(part, place, field, column.format)
    if column.const is not None:
        _check_const(part, place, field, column.const)


def _check_format(part: Part[Source], place: list[str], field: Field, pattern: str) -> None:
    """Only directives whose text can be read back exactly; year, month and day must be there."""
    directives = re.findall(r"%(.?)", pattern)
    for directive in directives:
        if directive not in DATE_DIRECTIVES or directives.count(directive) > 1:
            part.problem([*place, "format"], f'"%{directive}" in "{Problems.cut(pattern)}": use each of %Y %m %d (%H %M %S) once')
            return
    if not set("Ymd") <= set(directives):
        part.problem([*place, "format"], f'"{Problems.cut(pattern)}" must have %Y, %m and %d')
    elif field.type == "time" and not set("HM") <= set(directives):
        part.problem([*place, "format"], f'"{Problems.cut(pattern)}" must have %H and %M, for {field.name} is a time')


def _check_const(part: Part[Source], place: list[str], field: Field, value: str) -> None:
    good = re.fullmatch(CONST_PATTERNS.get(field.type, r"(?s).+"), value) is not None
    if field.type in ("date", "time"):
        try:
            kind = dt.date if field.type == "date" else dt.datetime
            good = kind.fromisoformat(value).isoformat() == value
        except ValueError:
            good = False
    if not good:
        part.problem([*place, "const"], f"{Problems.show(value)} is not a canonical value of type {field.type}")
