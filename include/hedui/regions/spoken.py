"""Which version of the codes a source speaks, and its codes in another version, for rows of two versions that meet.

Across a change date one agency has migrated and another has not. Codes that moved whole are translated. A code that was split is no single
code any more without a place, so it stands for any of its successors, written ``990105|990108``: equal to each of them, and to nothing
else. Where rows are grouped or matched by the code, all codes that exchanged people through a split share one such name.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from hedui.regions.codes import LENGTHS, padded
from hedui.regions.errors import RegionError
from hedui.regions.mapping import RegionMap
from hedui.regions.reading import read_rows
from hedui.regions.store import SHIPPED, Store
from hedui.regions.translate import Translator
from hedui.regions.unions import Unions
from hedui.regions.versions import FOREVER, ONE_DAY, Versions
from hedui.site.regions import RegionSettings

REGION_FIELDS: Final = ("pool_region", "region")
INSTITUTION_FIELDS: Final = ("agency_code",)
ANY: Final = "|"
"""Between codes of which one is meant."""


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """A code of one version in another.

    Attributes:
        code: The code there, or all that it may be, see :data:`ANY`.
        group: What it is grouped and matched by.
    """

    code: str
    group: str


@dataclass(frozen=True, kw_only=True)
class SiteCodes:
    """A site's region codes.

    Attributes:
        settings: The site's ``regions.yaml``.
        folder: The site's folder.
    """

    settings: RegionSettings
    folder: Path

    @cached_property
    def store(self) -> Store:
        """The shipped tables and the site's own."""
        return Store((SHIPPED, self.folder / self.settings.folder))

    @cached_property
    def translator(self) -> Translator:
        """Codes of one version in another."""
        return Translator(self.store)

    @cached_property
    def versions(self) -> Versions:
        """Codes by date."""
        return Versions(self.store)

    @cached_property
    def spans(self) -> dict[str, list[tuple[str, dt.date, dt.date]]]:
        """Per code its name with the first and the last day of each time that it held; the first table's codes held ever before."""
        found: dict[str, list[tuple[str, dt.date, dt.date]]] = defaultdict(list)
        for date in self.store.dates:
            for code in self.store.table(date).rows.keys() - found.keys():
                for item in self.versions.versions(code):
                    begin = dt.date.min if item.valid_from == self.store.dates[0] else item.valid_from
                    end = FOREVER if item.valid_to == FOREVER else item.valid_to - ONE_DAY
                    if found[code] and found[code][-1][2] + ONE_DAY >= begin:
                        begin = found[code].pop()[1]
                    found[code].append((item.name, begin, end))
        return dict(found)

    def spoken(self, source: str, date: dt.date) -> dt.date:
        """The table whose codes a source's rows of a business date carry: as declared, else the last table before the date.

        Raises:
            RegionError: The declared table is not known, or no table is so early.
        """
        declared = [row for row in self.settings.versions if row.source == source and row.since <= date]
        if not declared:
            return self.in_use(date)
        table = max(declared, key=lambda row: row.since).table
        if table not in self.store.dates:
            raise RegionError(
                f"regions.yaml says that {source} speaks the codes of {table}, and there is no such table; import it with "
                "`hedui regions import`."
            )
        return table

    def in_use(self, date: dt.date) -> dt.date:
        """The last table before a date: that of 30 June is put to use on 1 July.

        Raises:
            RegionError: The tables begin later.
        """
        return self.store.latest(date - dt.timedelta(days=1))

    def of_manifest(self, meta: Mapping[str, Any], *, source: str, date: dt.date) -> dt.date:
        """The version that a canonical partition carries; older partitions do not say, so what is declared counts."""
        given = meta.get("region_version")
        return dt.date.fromisoformat(given) if given else self.spoken(source, date)

    def meanings(self, field: str, *, of: dt.date, to: dt.date) -> dict[str, Meaning]:
        """What becomes of a field's codes between two tables: those that do not stay themselves, at all lengths that columns have.

        Raises:
            RegionError: ``of`` is after ``to``: codes are translated forward, where a merger leaves no doubt.
        """
        if of > to:
            raise RegionError(f"Codes of {of} cannot be brought to the older table of {to}; compare both in the newer one.")
        if of == to:
            return {}
        if field in INSTITUTION_FIELDS:
            changes = self.institutions(of, to)
            shared = _shared(changes)
            known = {code: changes.get(code, (code,)) for code in changes.keys() | shared.keys()}
            return {code: _meaning(after, shared.get(code, after), 0) for code, after in known.items()}
        mapping = self.translator.mapping(of, to)
        mixed = _mixed(mapping)
        found: dict[str, Meaning] = {}
        for code in {rule.old for rule in mapping.moved()} | mixed.keys():
            rule = mapping.rules.get(code)
            after = tuple(sorted(rule.targets)) if rule and rule.targets else (code,)
            group = mixed.get(code, after)
            if after != (code,) or group != after:
                found |= {padded(code, size): _meaning(after, group, size) for size in LENGTHS}
        return found | self._lower(of, to)

    def groups(self, field: str, *, of: dt.date, to: dt.date) -> dict[str, Meaning]:
        """For rows that carry the codes of ``to`` already and meet rows of ``of``: the shared names of codes that a split has mixed."""
        if of == to:
            return {}
        if field in INSTITUTION_FIELDS:
            return {code: _meaning((code,), group, 0) for code, group in _shared(self.institutions(of, to)).items()}
        mixed = _mixed(self.translator.mapping(of, to))
        return {padded(code, size): _meaning((code,), group, size) for code, group in mixed.items() for size in LENGTHS}

    def _lower(self, of: dt.date, to: dt.date) -> dict[str, Meaning]:
        """Townships and villages by their own rows; where those contradict each other the code stays as it is."""
        return {
            padded(old, size): _meaning((new,), (new,), size)
            for old, new in self.translator.lower_moves(of, to).items()
            if new
            for size in LENGTHS
            if size >= len(old)
        }

    def institutions(self, of: dt.date, to: dt.date) -> dict[str, tuple[str, ...]]:
        """Institution codes that changed between two tables, with their successors: the site's list is that of its newest table."""
        file = self.settings.institution_changes
        if file is None or not of < self.store.dates[-1] <= to:
            return {}
        found: dict[str, set[str]] = defaultdict(set)
        for line in read_rows(self.folder / file, columns=("old_institution", "new_institution")):
            found[line.get("old_institution")].add(line.get("new_institution"))
        return {old: tuple(sorted(new)) for old, new in found.items()}


def _meaning(after: tuple[str, ...], group: tuple[str, ...], size: int) -> Meaning:
    code, shared = (ANY.join(padded(item, size) for item in codes) for codes in (after, group))
    return Meaning(code=code, group=shared)


def _mixed(mapping: RegionMap) -> dict[str, tuple[str, ...]]:
    """Codes, before and after, between which a split leaves it open where people are, with all codes afterwards that share them."""
    open_groups = {mapping.groups[rule.old] for rule in mapping.moved() if rule.fate == "allocate"}
    after: dict[str, set[str]] = defaultdict(set)
    for rule in mapping.rules.values():
        after[mapping.groups[rule.old]] |= set(rule.targets)
    return {code: tuple(sorted(after[group])) for code, group in mapping.groups.items() if group in open_groups}


def _shared(changes: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Institution codes between which a split leaves it open who is where, with all codes afterwards that share them."""
    joined = Unions((old, new) for old, successors in changes.items() for new in successors)
    split = {joined.name(old) for old, successors in changes.items() if len(successors) > 1}
    after: dict[str, set[str]] = defaultdict(set)
    for old, successors in changes.items():
        after[joined.name(old)] |= set(successors)
    return {code: tuple(sorted(after[name])) for code, name in joined.names().items() if name in split}
