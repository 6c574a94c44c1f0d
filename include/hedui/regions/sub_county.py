"""Townships and villages on a day: what the rows about them say of a code, and what it was and became.

Below a county the shipped data have no whole tables, only rows of what changed. Such a row can say that a code has ended, or that it was
set up anew; it cannot say whether a code that others became was there before.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from hedui.regions.codes import parents, significant
from hedui.regions.model import SubChange


def levels(code: str) -> tuple[str, ...]:
    """A code below a county and those above it below the county, the nearest first."""
    code = significant(code)
    return tuple(item for item in (code, *parents(code)) if len(item) > 6)


class SubCounty:
    """Questions about codes below a county.

    Args:
        rows: All rows, with those that have one code only: set up anew (no old code), abolished or merged with words (no new code).
    """

    def __init__(self, rows: Iterable[SubChange]) -> None:
        self._by_old: dict[str, list[SubChange]] = defaultdict(list)
        self._by_new: dict[str, list[SubChange]] = defaultdict(list)
        for row in rows:
            if row.old_code:
                self._by_old[row.old_code].append(row)
            if row.new_code:
                self._by_new[row.new_code].append(row)

    def ended(self, code: str, on: dt.date) -> bool:
        """Whether rows say that exactly this code was given up by the day, and none that it stayed or came back.

        A row counts from the end of its period, because it does not say the day.
        """
        gone = [row for row in self._by_old.get(code, ()) if row.to_date <= on and not row.county]
        first = min((row.to_date for row in gone), default=None)
        if first is None:
            return False
        return not any(first <= row.to_date and row.from_date < on for row in self._by_new.get(code, ()))

    def not_yet(self, code: str, on: dt.date) -> bool:
        """Whether the only thing that is known of exactly this code up to then is that it was set up after the day."""
        rows = [*self._by_new.get(code, ()), *self._by_old.get(code, ())]
        first = min((row.to_date for row in rows), default=None)
        begun = [row for row in rows if row.to_date == first]
        return bool(begun) and all(not row.old_code and on <= row.from_date for row in begun)

    def trace(self, code: str) -> list[SubChange]:
        """What a code, and the township or village that it lies in, was and became, in time."""
        found: list[SubChange] = []
        for start in levels(code):
            found += [row for row in self._walk(start, forward=False) if row not in found]
            found += [row for row in self._walk(start, forward=True) if row not in found]
        return sorted(found, key=lambda row: (row.to_date, row.old_code, row.new_code, row.basis))

    def _walk(self, start: str, *, forward: bool) -> list[SubChange]:
        waiting = [(start, dt.date.min if forward else dt.date.max)]
        seen: list[SubChange] = []
        while waiting:
            code, limit = waiting.pop()
            for row in (self._by_old if forward else self._by_new).get(code, ()):
                if row in seen or not (row.to_date > limit if forward else row.to_date < limit):
                    continue
                seen.append(row)
                waiting.append((row.new_code if forward else row.old_code, row.to_date))
        return seen
