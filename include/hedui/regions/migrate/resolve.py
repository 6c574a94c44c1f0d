"""From the values that a column really holds to what becomes of each: the mapping, at the column's own length."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hedui.regions.allocation import Allocator, Place
from hedui.regions.codes import padded, shape_problem, significant
from hedui.regions.mapping import RegionMap
from hedui.regions.migrate.records import SEPARATOR, MapRow
from hedui.regions.model import SubChange
from hedui.site.regions import Target

_BASES = ("document", "map")


@dataclass(frozen=True, kw_only=True)
class Resolver:
    """What becomes of a column's values.

    Attributes:
        mapping: The mapping of county-level codes and above.
        allocator: Decides the rows of split codes.
        known: Codes of the table afterwards.
        before: Codes of the table before.
        below: Townships and villages that got another code, for columns with 9 and 12 digits.
        institutions: New code per old institution code.
    """

    mapping: RegionMap
    allocator: Allocator
    known: frozenset[str]
    before: frozenset[str]
    below: Mapping[str, tuple[SubChange, ...]]
    institutions: Mapping[str, str]

    def groups(self, target: Target, values: Iterable[str]) -> dict[str, str]:
        """The conservation group per value, also of the values that rules lead to."""
        if target.kind == "institution":
            return _pairs(self.institutions)
        found = {}
        for value in values:
            group = self.mapping.groups.get(significant(value)[:6])
            if group:
                found[value] = group
                if len(significant(value)) == 6:
                    found |= {padded(code, len(value)): name for code, name in self.mapping.groups.items() if name == group}
        return found

    def undecided(self, target: Target, values: Iterable[str]) -> list[str]:
        """Values whose rows need a place, or a person."""
        if target.kind == "institution":
            return []
        return [value for value in values if self._row(value) is not None and self._row(value).new is None]  # type: ignore[union-attr]

    def rows(self, target: Target, values: Iterable[str], places: Iterable[tuple[str, Place]]) -> list[MapRow]:
        """The map's lines: one per affected value, and for split codes one per place that occurs."""
        values = list(values)
        if target.kind == "institution":
            moves = [(value, self.institutions[value]) for value in values if value in self.institutions]
            return [MapRow(old=old, place=None, new=new, method="whole") for old, new in moves]
        rows = [row for value in values if (row := self._row(value)) is not None]
        split = {row.old for row in rows if row.new is None}
        columns = list(target.place_columns)
        for value, place in places:
            code = significant(value)
            if value not in split or len(code) > 6:
                continue
            decided = self.allocator.allocate(code, place)
            text = SEPARATOR.join(getattr(place, name) for name in columns)
            new = padded(decided.new, len(value)) if decided.new else None
            rows.append(MapRow(old=value, place=text, new=new, method=decided.method, reason=decided.reason))
        return rows

    def _row(self, value: str) -> MapRow | None:
        """The line of a value as such; None where no rule touches it."""
        if shape_problem(value):
            return None
        code = significant(value)
        rule = self.mapping.rules.get(code[:6])
        if rule is None or rule.fate == "keep":
            return None
        if len(code) > 6:
            return self._lower(value, code, rule.targets)
        if rule.whole or len(rule.targets) == 1:
            new = padded(rule.targets[0], len(value))
            return MapRow(old=value, place=None, new=new, method="whole" if rule.whole else "only")
        reason = "没有可用的分配依据" if rule.targets else "原代码撤销，变更清单没有去向"
        return MapRow(old=value, place=None, new=None, method="queue", reason=reason)

    def _lower(self, value: str, code: str, allowed: tuple[str, ...]) -> MapRow:
        """A township or village by its own row; without one nobody knows its number in the new county."""
        for basis in _BASES:
            named = {row.new_code for row in self.below.get(code, ()) if row.basis == basis and row.new_code[:6] in allowed}
            if len(named) == 1:
                return MapRow(old=value, place=None, new=padded(next(iter(named)), len(value)), method="whole")
            if named:
                return MapRow(
                    old=value, place=None, new=None, method="queue", reason=f"村镇对照互相矛盾：{'、'.join(sorted(named))}"
                )
        return MapRow(old=value, place=None, new=None, method="queue", reason="没有村镇对照")

    def unexplained(self, target: Target, values: Mapping[str, int]) -> dict[str, int]:
        """Values with rows that are in no table afterwards and have no rule, or are no codes at all."""
        if target.kind == "institution":
            return {}
        found = {}
        for value, rows in values.items():
            county = significant(value)[:6]
            if shape_problem(value) or (county not in self.known and county not in self.mapping.rules):
                found[value] = rows
        return found


def _pairs(changes: Mapping[str, str]) -> dict[str, str]:
    """Groups of institution codes that exchange people."""
    found: dict[str, str] = {}
    for old, new in changes.items():
        group = min(found.get(old, old), found.get(new, new))
        for code in (*[item for item, name in found.items() if name in (found.get(old), found.get(new))], old, new):
            found[code] = group
    return found


def by_code(subs: Iterable[SubChange]) -> dict[str, tuple[SubChange, ...]]:
    """Township and village rows by their old code."""
    found: dict[str, list[SubChange]] = defaultdict(list)
    for row in subs:
        found[row.old_code].append(row)
    return {code: tuple(rows) for code, rows in found.items()}
