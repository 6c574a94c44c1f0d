"""What the parts of a site say about each other: references that lead nowhere, settings that contradict, rows that overlap."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from hedui.canonical.schemas import datasets
from hedui.site.check_comparisons import check_comparison
from hedui.site.check_linkage import check_linkage
from hedui.site.check_rules import check_rules
from hedui.site.check_sources import check_source
from hedui.site.models import CodeRow, Limit, Region
from hedui.site.parts import Part, Parts, values
from hedui.site.problems import Problems, choose


class Dated(Protocol):
    """A row that holds from a day to a day, both included."""

    @property
    def valid_from(self) -> dt.date: ...  # noqa: D102

    @property
    def valid_to(self) -> dt.date: ...  # noqa: D102


D = TypeVar("D", bound=Dated)


def check_site(parts: Parts, *, rules: bool) -> None:
    """Notes every mistake that shows only when the site is seen as a whole."""
    _check_header(parts)
    for name, group in (("agencies", parts.agencies), ("sources", parts.sources), ("comparisons", parts.comparisons)):
        _check_unique_ids(name, group)
    _check_regions(parts.regions)
    _check_codes(parts)
    _check_limits(parts)
    _check_authority(parts)
    if rules:
        check_rules(parts)
    for source in parts.sources:
        check_source(source, parts)
    for comparison in parts.comparisons:
        check_comparison(comparison, parts)
        check_linkage(comparison, parts)


def _check_unique_ids(name: str, group: Iterable[Part[object]]) -> None:
    first: dict[str, Part[object]] = {}
    for part in group:
        if part.id is None:
            continue
        if part.id in first:
            other = first[part.id]
            place = f"{other.document.file}:{other.document.line((*other.path, 'id'))}"
            part.problem(["id"], f'"{part.id}" is the id of two {name}, first in {place}; rename one')
        first.setdefault(part.id, part)


def _check_header(parts: Parts) -> None:
    part = parts.header
    if part is None or part.value is None:
        return
    header = part.value
    try:
        ZoneInfo(header.timezone)
    except (KeyError, ValueError, OSError):
        part.problem(["timezone"], f"{Problems.show(header.timezone)} is not a time zone; write an IANA name such as Asia/Shanghai")
    for day in set(header.calendar.extra_workdays) & set(header.calendar.extra_holidays):
        part.problem(["calendar"], f"{day} is both an extra working day and an extra holiday; keep one")
    codes = {region.code for region in values(parts.regions)}
    if header.region not in codes:
        part.problem(["region"], f"{Problems.show(header.region)} is not in regions.csv; {choose(header.region, codes)}")
    seen: set[str] = set()
    for index, role in enumerate(header.roles):
        if role.id in seen:
            part.problem(["roles", index, "id"], f'"{role.id}" is there twice; keep one')
        seen.add(role.id)
        for region in role.regions:
            if region not in codes:
                part.problem(["roles", index, "regions"], f"{Problems.show(region)} is not in regions.csv; {choose(region, codes)}")


def _check_regions(regions: list[Part[Region]]) -> None:
    parents: dict[str, str] = {}
    for part in regions:
        if part.value is None:
            continue
        if part.value.code in parents:
            part.problem(["code"], f'"{part.value.code}" is there twice; keep one')
        parents[part.value.code] = part.value.parent
    for part in regions:
        if part.value is None or not part.value.parent:
            continue
        if part.value.parent not in parents:
            part.problem(["parent"], f'"{part.value.parent}" is not in regions.csv; {choose(part.value.parent, parents)}')
            continue
        above, passed = part.value.parent, {part.value.code}
        while above and above not in passed:
            passed.add(above)
            above = parents.get(above, "")
        if above:
            part.problem(["parent"], f'"{part.value.parent}" leads round in a circle; the top region has no parent')


def _check_dates(part: Part[Dated]) -> None:
    row = part.value
    if row is not None and row.valid_to < row.valid_from:
        part.problem(["valid_to"], f"{row.valid_to} is before valid_from {row.valid_from}; both days are included")


def _check_overlaps(group: Sequence[Part[D]], key: Callable[[D], tuple[str, ...]], what: str) -> None:
    """Two rows for the same thing on the same day leave open which of them holds."""
    by_key: dict[tuple[str, ...], list[Part[D]]] = {}
    for part in group:
        if part.value is not None:
            _check_dates(part)
            by_key.setdefault(key(part.value), []).append(part)
    for same in by_key.values():
        same.sort(key=lambda part: part.value.valid_from if part.value is not None else dt.date.min)
        for earlier, later in pairwise(same):
            if earlier.value is not None and later.value is not None and later.value.valid_from <= earlier.value.valid_to:
                line = earlier.document.line(earlier.path)
                later.problem([], f"overlaps line {line}: the same {what} twice on {later.value.valid_from}; end one before")


def _check_codes(parts: Parts) -> None:
    sources = {part.id for part in parts.sources if part.id}
    insurances = insurance_codes(parts)
    for name, rows in parts.codes.items():
        for part in rows:
            row = part.value
            if row is None:
                continue
            if row.source and row.source not in sources:
                part.problem(["source"], f'unknown source "{row.source}"; {choose(row.source, sources)}')
            if row.canonical.startswith("?"):
                part.problem(["canonical"], f"{Problems.show(row.canonical)} begins with ?, which marks codes without a meaning")
            if row.insurance and name == "insurance":
                part.problem(["insurance"], "must be empty: what a code of the scheme means cannot depend on the scheme")
            elif row.insurance:
                _check_insurance(part, row.insurance, insurances)
        _check_overlaps(rows, _code_key, "code")


def _code_key(row: CodeRow) -> tuple[str, ...]:
    return row.source, row.insurance, row.code


def insurance_codes(parts: Parts) -> set[str]:
    """The canonical codes of the table ``insurance``; empty where the site has no such table."""
    return {row.canonical for row in values(parts.codes.get("insurance", []))}


def _check_insurance(part: Part[object], insurance: str, known: set[str]) -> None:
    if known and insurance not in known:
        part.problem(["insurance"], f'"{insurance}" is not a canonical code of codes/insurance.csv; {choose(insurance, known)}')


def _limit_key(row: Limit) -> tuple[str, ...]:
    """Bounds hold alone; figures (minimum = maximum) may be listed side by side, as tiers of contributions are."""
    return row.name, row.region, row.insurance, str(row.minimum) if row.minimum == row.maximum else ""


def _check_limits(parts: Parts) -> None:
    regions = {region.code for region in values(parts.regions)}
    for part in parts.limits:
        row = part.value
        if row is None:
            continue
        if row.maximum < row.minimum:
            part.problem(["maximum"], f"{row.maximum} is less than the minimum {row.minimum}; both are in fen")
        if row.region and row.region not in regions:
            part.problem(["region"], f'"{row.region}" is not in regions.csv; {choose(row.region, regions)}')
        if row.insurance:
            _check_insurance(part, row.insurance, insurance_codes(parts))
    _check_overlaps(parts.limits, _limit_key, "limit")


def _check_authority(parts: Parts) -> None:
    sources = {part.id for part in parts.sources if part.id}
    for part in parts.authority:
        row = part.value
        if row is None:
            continue
        _check_dates(part)
        if row.source not in sources:
            part.problem(["source"], f'unknown source "{row.source}"; {choose(row.source, sources)}')
        if row.dataset and row.dataset not in datasets():
            part.problem(["dataset"], f'unknown dataset "{row.dataset}"; {choose(row.dataset, datasets())}')
        elif row.field:
            chosen = [datasets()[row.dataset]] if row.dataset else list(datasets().values())
            fields = {name for dataset in chosen for name in dataset.fields}
            if row.field not in fields:
                part.problem(["field"], f'unknown field "{row.field}"; {choose(row.field, fields)}')
        if row.insurance:
            _check_insurance(part, row.insurance, insurance_codes(parts))
