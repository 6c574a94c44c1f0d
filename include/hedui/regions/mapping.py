"""From change rows to a mapping: what becomes of every code between two tables, at once and without any guess.

All rules of a mapping hold at the same moment, so that swaps, rotations and reused codes need no order. A code without a rule stays as
it is where the new table has it; where it does not, it is *dead without a rule*, which the preflight reports.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from hedui.regions.errors import RegionError
from hedui.regions.model import Change
from hedui.regions.unions import Unions


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What becomes of one old code.

    Attributes:
        old: The code before.
        targets: Possible codes afterwards, in order; the old code itself among them where a part of it remains. Empty: no successor.
        whole: Everything goes to the only target.
        changes: The change rows behind it, over all half-years.
        paths: For a composed rule, the change rows on the way to each target.
    """

    old: str
    targets: tuple[str, ...]
    whole: bool
    changes: tuple[Change, ...] = ()
    paths: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)

    @property
    def fate(self) -> str:
        """``move`` (whole, another code), ``keep`` (renamed only), ``allocate`` (parts), ``none`` (abolished without successor)."""
        if not self.targets:
            return "none"
        if not self.whole:
            return "allocate"
        return "keep" if self.targets == (self.old,) else "move"

    @property
    def documents(self) -> tuple[str, ...]:
        """The numbers of the documents behind it (the title where an approval has no number)."""
        return tuple(dict.fromkeys(row.doc_no or row.title for row in self.changes if row.doc_no or row.title))


@dataclass(frozen=True, kw_only=True)
class RegionMap:
    """A mapping from the codes of one table to those of a later one.

    Attributes:
        start: Date of the table before.
        end: Date of the table after.
        rules: By old code.
        added: Codes that are new without a predecessor, with their change rows.
        steps: The half-years that it was composed of; one for a simple mapping.
    """

    start: dt.date
    end: dt.date
    rules: Mapping[str, Rule]
    added: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)
    steps: tuple[tuple[dt.date, dt.date], ...] = ()

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the rules: what was approved is what runs."""
        text = [f"{self.start}|{self.end}"]
        text += [f"{rule.old}>{','.join(rule.targets)}|{rule.whole}" for _, rule in sorted(self.rules.items())]
        return hashlib.sha256("\n".join([*text, *sorted(self.added)]).encode()).hexdigest()

    @cached_property
    def groups(self) -> dict[str, str]:
        """The conservation group of every code that a rule touches: codes that exchange people share one, named by its least code."""
        return Unions((rule.old, target) for rule in self.rules.values() for target in rule.targets or (rule.old,)).names()

    def moved(self) -> list[Rule]:
        """Rules under which people can get another code, or have none."""
        return [rule for _, rule in sorted(self.rules.items()) if rule.fate != "keep"]

    def cycles(self) -> list[tuple[str, ...]]:
        """Codes that are exchanged at once: swaps (two) and rotations (more), each beginning with its least code."""
        onward = {rule.old: rule.targets[0] for rule in self.rules.values() if rule.fate == "move"}
        found = set()
        for code in onward:
            path = [code]
            while (following := onward.get(path[-1])) is not None and following not in path:
                path.append(following)
            if onward.get(path[-1]) == code:
                least = path.index(min(path))
                found.add(tuple(path[least:] + path[:least]))
        return sorted(found)

    def reused(self) -> list[str]:
        """Codes that lose all their people to another code and get those of others in the same moment."""
        left = {rule.old for rule in self.rules.values() if rule.old not in rule.targets}
        return sorted(
            {target for rule in self.rules.values() for target in rule.targets if target in left} | (left & set(self.added))
        )


def region_map(changes: Iterable[Change], *, start: dt.date, end: dt.date) -> RegionMap:
    """The mapping of one half-year from its change rows.

    Raises:
        RegionError: Rows contradict each other (two whole successors, a whole one beside parts, two rows alike), or belong elsewhere.
    """
    by_old: dict[str, list[Change]] = defaultdict(list)
    added: dict[str, list[Change]] = defaultdict(list)
    for row in changes:
        if (row.from_date, row.to_date) != (start, end):
            raise RegionError(
                f"The change {row.old_code}>{row.new_code} is of {row.from_date} to {row.to_date}, not of {start} to {end}; "
                "compose several half-years instead."
            )
        if row.kind == "new":
            added[row.new_code].append(row)
        else:
            by_old[row.old_code].append(row)
    problems: list[str] = []
    rules = {old: _rule(old, rows, problems) for old, rows in by_old.items()}
    if problems:
        raise RegionError(f"{len(problems)} contradiction(s) among the changes of {start} to {end}:\n" + "\n".join(problems))
    return RegionMap(
        start=start, end=end, rules=rules, added={code: tuple(rows) for code, rows in added.items()}, steps=((start, end),)
    )


def _rule(old: str, rows: Sequence[Change], problems: list[str]) -> Rule:
    targets = [row.new_code for row in rows if row.new_code]
    whole = [row for row in rows if row.scope == "whole"]
    named = f"{old}: " + ", ".join(f"{row.new_code or 'none'} ({row.kind}/{row.scope})" for row in rows)
    if len(set(targets)) != len(targets):
        problems.append(f"{named}: a successor is there twice; keep one row")
    elif whole and len(rows) > 1:
        problems.append(f"{named}: a whole successor stands beside others; make them parts, or keep one")
    return Rule(old=old, targets=tuple(targets), whole=bool(whole) and bool(targets), changes=tuple(rows))


def compose(maps: Sequence[RegionMap], *, codes: Iterable[str]) -> RegionMap:
    """The mapping over several half-years in a row: chains collapsed, whole only where every step was whole.

    Args:
        maps: One mapping per half-year, neighbours in time.
        codes: The codes of the first table. Only they are old codes; those that come into being on the way are carried on in the chains.

    Raises:
        RegionError: There is nothing to compose, or a half-year is missing between two of them.
    """
    if not maps:
        raise RegionError("There is no half-year to compose; give two dates with at least one table between them.")
    for before, after in pairwise(maps):
        if before.end != after.start:
            raise RegionError(f"Between {before.end} and {after.start} a half-year is missing; import its changes first.")
    rules = {code: rule for code in sorted(codes) if (rule := _chain(code, maps)) is not None}
    added: dict[str, tuple[Change, ...]] = {}
    for step in maps:
        added = {code: rows for code, rows in added.items() if _stays(code, step)} | dict(step.added)
    return RegionMap(
        start=maps[0].start, end=maps[-1].end, rules=rules, added=added, steps=tuple(pair for item in maps for pair in item.steps)
    )


def _stays(code: str, step: RegionMap) -> bool:
    rule = step.rules.get(code)
    return rule is None or code in rule.targets


def _chain(code: str, maps: Sequence[RegionMap]) -> Rule | None:
    """What becomes of a code of the first table; None where no rule ever touches it."""
    paths: dict[str, tuple[Change, ...]] = {code: ()}
    changes: list[Change] = []
    whole, touched = True, False
    for step in maps:
        after: dict[str, tuple[Change, ...]] = {}
        for place, path in paths.items():
            rule = step.rules.get(place)
            if rule is None:
                after.setdefault(place, path)
                continue
            touched = True
            whole = whole and (rule.whole or rule.fate == "none")
            changes += [row for row in rule.changes if row not in changes]
            for target in rule.targets:
                hops = tuple(row for row in rule.changes if row.new_code == target and row.scope != "remain")
                after.setdefault(target, path + hops)
        paths = after
    if not touched:
        return None
    return Rule(old=code, targets=tuple(paths), whole=whole and len(paths) == 1, changes=tuple(changes), paths=paths)
