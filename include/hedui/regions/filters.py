"""A comparison's ``where:`` over a change of codes: the codes that each side holds for the area that the site has named.

The site names codes of one table; a side that has migrated holds others. Where the sides speak different tables, both must be restricted to
the same people: what a merger or a split has mixed is taken in whole, and said.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hedui.regions.codes import padded, significant
from hedui.regions.spoken import INSTITUTION_FIELDS, SiteCodes


@dataclass(frozen=True, kw_only=True)
class Restriction:
    """What a side is restricted to.

    Attributes:
        values: The codes, of the side's own table.
        wider: Codes of the newest table that only came in because a split or a merger has mixed them with those that were named.
    """

    values: tuple[str, ...]
    wider: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Between:
    """Two tables: what becomes of the codes that change, and which codes the older one has."""

    ahead: Mapping[str, frozenset[str]]
    had: Callable[[str], bool]

    def forward(self, codes: Iterable[str]) -> set[str]:
        return {new for code in codes for new in self.ahead.get(code, frozenset({code}))}

    def back(self, codes: Iterable[str]) -> set[str]:
        wanted = set(codes)
        return {old for old, new in self.ahead.items() if new & wanted} | {
            code for code in wanted if code not in self.ahead and self.had(code)
        }


def restrictions(codes: SiteCodes, field: str, values: Sequence[str], *, spoken: Sequence[dt.date]) -> list[Restriction]:
    """What each side of a comparison is restricted to.

    Args:
        codes: The site's codes.
        field: A field with region or institution codes.
        values: The codes as the site names them: of the table that ``regions.yaml`` says (``filters``), else each of the newest of the
            sides' tables that has it, else of the newest table at all.
        spoken: Tables that the sides speak, in order.
    """
    newest = max(spoken)
    coded = field not in INSTITUTION_FIELDS
    sizes = {significant(value) if coded else value: len(value) for value in values}
    now = {new for value in sizes for new in _brought(codes, field, value, of=_table_of(codes, field, value, spoken), to=newest)}
    named, older = frozenset(now), sorted({table for table in spoken if table < newest})
    before: dict[dt.date, set[str]] = {}
    grown = True
    while grown:
        size = len(now)
        for table in older:
            between = _between(codes, field, table, newest)
            before[table] = between.back(now)
            now |= between.forward(before[table])
        grown = len(now) > size
    length = max(sizes.values(), default=6)
    wider = tuple(sorted(now - named))
    found = []
    for table in spoken:
        held = before.get(table, now)
        held_so = tuple(sorted(padded(code, sizes.get(code, length)) if coded else code for code in held))
        found.append(Restriction(values=tuple(values) if set(held_so) == set(values) else held_so, wider=wider))
    return found


def _table_of(codes: SiteCodes, field: str, value: str, spoken: Sequence[dt.date]) -> dt.date:
    """The table that a named code is of."""
    if codes.settings.filters is not None:
        return codes.settings.filters
    newest = max(spoken)
    if field in INSTITUTION_FIELDS:
        before = max((table for table in codes.store.dates if table < newest), default=newest)
        changes = codes.institutions(before, newest)
        return before if value in changes and not any(value in successors for successors in changes.values()) else newest
    tables = [*sorted(set(spoken), reverse=True), *reversed(codes.store.dates)]
    return next((table for table in tables if value[:6] in codes.store.table(table).rows), newest)


def _brought(codes: SiteCodes, field: str, code: str, *, of: dt.date, to: dt.date) -> set[str]:
    """A code in another table: all that it may be."""
    if of == to:
        return {code}
    between = _between(codes, field, min(of, to), max(of, to))
    return (between.forward({code}) if of < to else between.back({code})) or {code}


def _between(codes: SiteCodes, field: str, of: dt.date, to: dt.date) -> _Between:
    if field in INSTITUTION_FIELDS:
        changes = codes.institutions(of, to)
        return _Between(ahead={old: frozenset(new) for old, new in changes.items()}, had=lambda code: True)  # no table lists them
    ahead = {rule.old: frozenset(rule.targets) for rule in codes.translator.mapping(of, to).moved() if rule.targets}
    ahead |= {old: frozenset({new}) for old, new in codes.translator.lower_moves(of, to).items() if new}
    rows = codes.store.table(of).rows
    return _Between(ahead=ahead, had=lambda code: code[:6] in rows)
