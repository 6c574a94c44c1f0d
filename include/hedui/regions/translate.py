"""Codes of one version in another: for comparisons across a change date, reports as-was and restated, receivers of an older version."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from hedui.regions.codes import padded, shape_problem, significant
from hedui.regions.errors import RegionError
from hedui.regions.lower import carried, own_moves
from hedui.regions.mapping import RegionMap, compose, region_map
from hedui.regions.store import Store

Outcome = Literal["same", "moved", "several", "none", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Translated:
    """A code in another version.

    Attributes:
        code: The code there; None unless exactly one is certain.
        outcome: ``same``, ``moved``, ``several`` (parts: only a place can tell), ``none`` (no successor, or not yet there), ``unknown``.
        candidates: The possible codes where there are several.
    """

    code: str | None
    outcome: Outcome
    candidates: tuple[str, ...] = ()


class Translator:
    """Translates codes between any two tables, forward and back; townships and villages by their own rows.

    Args:
        store: The tables and changes.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._map = lru_cache(maxsize=32)(self._composed)
        self._below = lru_cache(maxsize=32)(self._lower_moves)

    def mapping(self, of: dt.date, to: dt.date) -> RegionMap:
        """What becomes of the codes between two tables, composed of all half-years between them.

        Raises:
            RegionError: ``of`` is not before ``to``, a date has no table, or change rows contradict each other.
        """
        if self.store.latest(of) >= self.store.latest(to):
            raise RegionError(f"The table of {of} is not before that of {to}; give the older one first.")
        return self._map(self.store.latest(of), self.store.latest(to))

    def _composed(self, start: dt.date, end: dt.date) -> RegionMap:
        maps = self._steps(start, end)
        return maps[0] if len(maps) == 1 else compose(maps, codes=self.store.table(start).rows)

    def _steps(self, start: dt.date, end: dt.date) -> list[RegionMap]:
        pairs = [pair for pair in self.store.neighbours() if pair[0] >= start and pair[1] <= end]
        return [region_map(self.store.changes_between(*pair), start=pair[0], end=pair[1]) for pair in pairs]

    def lower_moves(self, of: dt.date, to: dt.date) -> dict[str, str]:
        """Townships and villages with another code in the later table; empty where their rows contradict each other."""
        return dict(self._below(self.store.latest(of), self.store.latest(to)))

    def _lower_moves(self, start: dt.date, end: dt.date) -> dict[str, str]:
        subs = carried(self.store.sub_changes_between(start, end), self._steps(start, end))
        return own_moves(subs, start=start, end=end, known=frozenset(self.store.table(end).rows))

    def translate(self, code: str, *, of: dt.date, to: dt.date) -> Translated:
        """The code, which is of the version in force at ``of``, in the version in force at ``to``.

        Back in time a merged code has several predecessors, and a code is certain only where its single predecessor was moved whole and
        nobody else came to it. A township or village of a county that changed has a code of its own only where a row gives it one.

        Raises:
            RegionError: No table is known for a date, or change rows contradict each other.
        """
        start, end = self.store.latest(of), self.store.latest(to)
        bare = significant(code)
        if shape_problem(code) or bare[:6] not in self.store.table(start).rows:
            return Translated(code=None, outcome="unknown")
        if start == end:
            return Translated(code=code, outcome="same")
        first, last = min(start, end), max(start, end)
        find = self._ahead if start < end else self._back
        found = find(bare, first, last) if len(bare) == 6 else self._lower(bare, first, last, ahead=start < end)
        if len(found) == 1:
            return Translated(code=padded(found[0], len(code)), outcome="same" if found[0] == bare else "moved")
        return Translated(code=None, outcome="several" if found else "none", candidates=tuple(found))

    def _ahead(self, code: str, start: dt.date, end: dt.date) -> list[str]:
        rule = self._map(start, end).rules.get(code)
        return list(rule.targets) if rule else [code]

    def _back(self, code: str, start: dt.date, end: dt.date) -> list[str]:
        rules = self._map(start, end).rules
        found = sorted(rule.old for rule in rules.values() if code in rule.targets)
        stayed = code in self.store.table(start).rows and code not in rules
        return sorted({*found, *([code] if stayed else [])})

    def _lower(self, code: str, start: dt.date, end: dt.date, *, ahead: bool) -> list[str]:
        """A code below a county: by its own row, else its own where its county stayed as it was."""
        moves = self._below(start, end)
        known = moves if ahead else {new: old for old, new in moves.items() if new}
        if code in known:
            return [known[code]] if known[code] else []
        if not ahead and code in moves:
            return []  # it was another area's before, and no row says whose this one was
        county = code[:6]
        return [code] if (self._ahead if ahead else self._back)(county, start, end) == [county] else []
