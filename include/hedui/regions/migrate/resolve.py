"""From the values that a column really holds to what becomes of each: the mapping, at the column's own length."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hedui.regions.allocation import Allocator, Place
from hedui.regions.codes import padded, parents, shape_problem, significant
from hedui.regions.mapping import RegionMap
from hedui.regions.migrate.records import SEPARATOR, MapRow
from hedui.regions.model import SubChange
from hedui.regions.unions import Unions
from hedui.site.regions import Target

_BASES = ("decision", "document", "map")
_CONTRADICTION = "村镇对照互相矛盾"


@dataclass(frozen=True, kw_only=True)
class Resolver:
    """What becomes of a column's values.

    Attributes:
        mapping: The mapping of county-level codes and above.
        allocator: Decides the rows of split codes.
        known: Codes of the table afterwards.
        before: Codes of the table before.
        below: Townships and villages of counties that a rule touches, by their old code.
        own: Townships and villages that become another code by documents, whatever their county does; empty: rows contradict.
        institutions: New codes per old institution code; several where it was split.
        accepted: Values that no table ever had, and that the site lets stay as they are.
    """

    mapping: RegionMap
    allocator: Allocator
    known: frozenset[str]
    before: frozenset[str]
    below: Mapping[str, tuple[SubChange, ...]]
    institutions: Mapping[str, tuple[str, ...]]
    accepted: frozenset[str] = frozenset()
    own: Mapping[str, str] = field(default_factory=dict)

    def groups(self, target: Target, values: Iterable[str], *, decided: Iterable[tuple[str, str]] = ()) -> dict[str, str]:
        """The conservation group of each value that can exchange people with another; values that nothing touches have none.

        Args:
            target: The target.
            values: Values of its column.
            decided: Old and new codes of persons' decisions.
        """
        if target.kind == "institution":
            joined = Unions([*((old, new) for old, successors in self.institutions.items() for new in successors), *decided])
            return {value: name for value in values if (name := joined.name(value))}
        joined = Unions(self.mapping.groups.items())
        for old, new in (*self.own.items(), *((significant(old), significant(new)) for old, new in decided)):
            joined.join(self._member(old), self._member(new or old))
        return {value: name for value in values if (name := joined.name(self._member(significant(value))))}

    def _member(self, code: str) -> str:
        """What a code is in the groups: its county where a rule touches that, else what changed at or above it, else itself."""
        if code[:6] in self.mapping.groups:
            return code[:6]
        return next((up for up in (code, *parents(code)) if up in self.own), code)

    def undecided(self, target: Target, values: Iterable[str]) -> list[str]:
        """Values whose rows need a place, or a person."""
        if target.kind == "institution":
            return []
        return [value for value in values if (row := self._row(value)) is not None and row.new is None]

    def rows(self, target: Target, values: Iterable[str], places: Iterable[tuple[str, Place]]) -> list[MapRow]:
        """The map's lines: one per affected value, and for split codes one per place that occurs."""
        values = list(values)
        if target.kind == "institution":
            return [self._institution(value) for value in values if value in self.institutions]
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

    def _institution(self, value: str) -> MapRow:
        successors = self.institutions[value]
        if len(successors) == 1:
            return MapRow(old=value, place=None, new=successors[0], method="whole")
        return _waits(value, f"经办机构一分为几：{'、'.join(successors)}")

    def _row(self, value: str) -> MapRow | None:
        """The line of a value as such; None where nothing touches it."""
        if shape_problem(value):
            return None
        code = significant(value)
        rule = self.mapping.rules.get(code[:6])
        moving = rule is not None and rule.fate != "keep"
        if len(code) > 6:
            return self._lower(value, code, rule.targets) if rule is not None and moving else self._own(value, code)
        if rule is None or not moving:
            return None
        if rule.whole or len(rule.targets) == 1:
            new = padded(rule.targets[0], len(value))
            return MapRow(old=value, place=None, new=new, method="whole" if rule.whole else "only")
        return _waits(value, "没有可用的分配依据" if rule.targets else "原代码撤销，变更清单没有去向")

    def _lower(self, value: str, code: str, allowed: tuple[str, ...]) -> MapRow:
        """A township or village of a moving county, by its own row; without one nobody knows its number in the new county."""
        for basis in _BASES:
            named = {row.new_code for row in self.below.get(code, ()) if row.basis == basis and row.new_code[:6] in allowed}
            if len(named) == 1:
                return MapRow(old=value, place=None, new=padded(next(iter(named)), len(value)), method="whole")
            if named:
                return _waits(value, f"{_CONTRADICTION}：{'、'.join(sorted(named))}")
        return _waits(value, "没有村镇对照")

    def _own(self, value: str, code: str) -> MapRow | None:
        """A township or village of a county that stays; what lies below a code that changed waits where it has no row of its own."""
        if code in self.own:
            new = self.own[code]
            return (
                MapRow(old=value, place=None, new=padded(new, len(value)), method="whole") if new else _waits(value, _CONTRADICTION)
            )
        changed = [up for up in parents(code) if len(up) > 6 and up in self.own]
        return _waits(value, f"上级{changed[0]}的代码已变更，没有本级对照") if changed else None

    def dead(self, target: Target, value: str) -> bool:
        """Whether no open row may hold a value after the migration."""
        if target.kind == "institution":
            return value in self.institutions and all(value not in successors for successors in self.institutions.values())
        code = significant(value)
        if not code.strip() or code[:6] in self.accepted:
            return False
        return code[:6] not in self.known or (code in self.own and code not in self.own.values())

    def reused(self, target: Target, value: str) -> bool:
        """Whether a value is in force afterwards, but for another area than before."""
        rule = self.mapping.rules.get(significant(value))
        return target.kind == "region" and rule is not None and rule.old not in rule.targets and rule.old in self.known

    def unexplained(self, target: Target, values: Mapping[str, int]) -> dict[str, int]:
        """Values with rows that are in no table afterwards and have no rule, or are no codes at all."""
        if target.kind == "institution":
            return {}
        found = {}
        for value, rows in values.items():
            county = significant(value)[:6]
            if not value.strip() or value in self.accepted or county in self.accepted:
                continue  # an empty text is no code
            if shape_problem(value) or (county not in self.known and county not in self.mapping.rules):
                found[value] = rows
        return found


def _waits(value: str, reason: str) -> MapRow:
    return MapRow(old=value, place=None, new=None, method="queue", reason=reason)


def by_code(subs: Iterable[SubChange]) -> dict[str, tuple[SubChange, ...]]:
    """Township and village rows by their old code."""
    found: dict[str, list[SubChange]] = defaultdict(list)
    for row in subs:
        found[row.old_code].append(row)
    return {code: tuple(rows) for code, rows in found.items()}
