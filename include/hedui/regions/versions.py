"""Versions of region codes: which code was in force when, what it was before, what it became, and how a record's code is judged.

A code's validity comes from the half-yearly tables, and within a half-year from the effective dates of its change rows, so that a code
can be judged on any day. When a change was first *published* is kept apart: tables appear up to a year after the approval.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from hedui.regions.codes import shape_problem, significant
from hedui.regions.model import Change, Region, SubChange, Table
from hedui.regions.store import Store
from hedui.regions.sub_county import levels

Judgement = Literal["valid", "not_yet", "ended", "unknown", "malformed"]
FOREVER: Final = dt.date.max
ONE_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Version:
    """A code under one name and parent.

    Attributes:
        valid_from: First day in force (the approval's date; the table's date where no document is known).
        valid_to: The day from which it is no longer in force; :data:`FOREVER` while it is.
        published: Month of the first published table that shows it (``2016-09``), empty where unknown.
        source: Document number of the change that began it.
    """

    code: str
    name: str
    level: str
    parent: str
    valid_from: dt.date
    valid_to: dt.date
    published: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A change in the trace of a code: ``forward`` says whether it leads to later codes."""

    change: Change
    forward: bool


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What two tables show, without any guess at successors."""

    vanished: tuple[Region, ...]
    appeared: tuple[Region, ...]
    renamed: tuple[tuple[Region, Region], ...]
    moved: tuple[tuple[Region, Region], ...]

    @property
    def empty(self) -> bool:
        """Whether the tables are equal."""
        return not (self.vanished or self.appeared or self.renamed or self.moved)


def difference(old: Table, new: Table) -> Difference:
    """Codes that vanished, appeared, changed their name, or changed their level or parent."""
    both = [(old.rows[code], new.rows[code]) for code in sorted(old.rows.keys() & new.rows.keys())]
    return Difference(
        vanished=tuple(old.rows[code] for code in sorted(old.rows.keys() - new.rows.keys())),
        appeared=tuple(new.rows[code] for code in sorted(new.rows.keys() - old.rows.keys())),
        renamed=tuple(pair for pair in both if pair[0].name != pair[1].name),
        moved=tuple(pair for pair in both if (pair[0].level, pair[0].parent) != (pair[1].level, pair[1].parent)),
    )


def effective(change: Change) -> dt.date:
    """The day a change counts from, inside its half-year: the approval's date, or the table's date where it is unknown or outside.

    The day after the table (1 July, 1 January) belongs to it too: many approvals name it as the first day of the new codes.
    """
    day = change.effective_date
    if day is None:
        return change.to_date
    return min(max(day, change.from_date + ONE_DAY), change.to_date + ONE_DAY)


class Versions:
    """Questions about codes and dates, over a :class:`~hedui.regions.store.Store`."""

    def __init__(self, store: Store | None = None) -> None:
        self.store = store or Store()

    @cached_property
    def _by_old(self) -> dict[str, list[Change]]:
        return _grouped((row.old_code, row) for row in self.store.changes if row.old_code)

    @cached_property
    def _by_new(self) -> dict[str, list[Change]]:
        return _grouped((row.new_code, row) for row in self.store.changes if row.new_code)

    @cached_property
    def _by_code(self) -> dict[str, list[Version]]:
        found: dict[str, list[Version]] = {}
        runs: dict[str, list[tuple[Region, dt.date, dt.date]]] = {}
        previous: dict[str, Region] = {}
        for date in self.store.dates:
            rows = self.store.table(date).rows
            for code, region in rows.items():
                mine = runs.setdefault(code, [])
                if previous.get(code) == region:
                    mine[-1] = (region, mine[-1][1], date)
                else:
                    mine.append((region, date, date))
            previous = dict(rows)
        for code, mine in runs.items():
            found[code] = [self._version(region, first, last) for region, first, last in mine]
        return found

    def _version(self, region: Region, first: dt.date, last: dt.date) -> Version:
        dates = self.store.dates
        begun = [row for row in self._by_new.get(region.code, []) if row.to_date == first and row.new_name == region.name]
        begins = [effective(row) for row in begun if row.scope != "remain"]
        after = next((day for day in dates if day > last), None)
        ends = [effective(row) for row in self._by_old.get(region.code, []) if row.to_date == after and row.scope != "remain"]
        return Version(
            code=region.code,
            name=region.name,
            level=region.level,
            parent=region.parent,
            valid_from=first if first == dates[0] else min(begins, default=first),
            valid_to=FOREVER if after is None else max(ends, default=after),
            published=min((row.first_published for row in begun if row.first_published), default=""),
            source=next((row.doc_no for row in begun if row.doc_no), ""),
        )

    def versions(self, code: str) -> list[Version]:
        """All versions of a code, in time; empty where no table ever had it."""
        return self._by_code.get(significant(code), [])

    def at(self, date: dt.date) -> list[Version]:
        """The versions in force on a day.

        Raises:
            RegionError: The day is before the first table.
        """
        self.store.latest(date)
        found = [item for mine in self._by_code.values() for item in mine if item.valid_from <= date < item.valid_to]
        return sorted(found, key=lambda item: item.code)

    def judge(self, code: str, on: dt.date) -> Judgement:
        """How a record's code stands on the record's date.

        A code below a county is judged by its county first. Where that is in force, a table of the day that lists the county's codes of
        that length decides, else the rows about townships and villages (see :class:`~hedui.regions.sub_county.SubCounty`), for the code
        and for the township or village that it lies in. Where nothing tells of them, the county's verdict stands.
        """
        if shape_problem(code):
            return "malformed"
        verdict = self._judged(significant(code)[:6], on)
        if verdict != "valid":
            return verdict
        return next((told for item in levels(code) if (told := self._below(item, on)) != "valid"), verdict)

    def _below(self, code: str, on: dt.date) -> Judgement:
        if (code[:6], len(code)) in self._listing[self.store.latest(on)]:
            return self._judged(code, on)
        if self.store.sub_county.ended(code, on):
            return "ended"
        return "not_yet" if self.store.sub_county.not_yet(code, on) else "valid"

    @cached_property
    def _listing(self) -> dict[dt.date, set[tuple[str, int]]]:
        """The counties and lengths of codes below them that each table lists."""
        return {day: {(code[:6], len(code)) for code in self.store.table(day).rows if len(code) > 6} for day in self.store.dates}

    def _judged(self, code: str, on: dt.date) -> Judgement:
        mine = self.versions(code)
        if not mine:
            return "unknown"
        if any(item.valid_from <= on < item.valid_to for item in mine):
            return "valid"
        return "not_yet" if on < mine[0].valid_from else "ended"

    def judge_id_prefix(self, prefix: str, birth_date: dt.date) -> Judgement:
        """How the first six digits of an id number stand on the birth date. They never migrate.

        Before the first table nothing is known, so the first table judges.
        """
        return self.judge(prefix[:6], max(birth_date, self.store.dates[0]))

    def sub_trace(self, code: str) -> list[SubChange]:
        """What a code below a county, and the township or village that it lies in, was and became."""
        return self.store.sub_county.trace(code)

    def trace(self, code: str) -> list[Step]:
        """What a code was and what it became, over all half-years, in time; parts that kept their code are included."""
        code = significant(code)
        back = _walk(code, self._by_new, forward=False)
        ahead = _walk(code, self._by_old, forward=True)
        steps = [Step(change=row, forward=False) for row in back]
        steps += [Step(change=row, forward=True) for row in ahead if row not in back]
        return sorted(steps, key=lambda step: (step.change.to_date, step.change.old_code, step.change.new_code))


def _grouped(pairs: Iterable[tuple[str, Change]]) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = defaultdict(list)
    for code, row in pairs:
        found[code].append(row)
    return found


def _walk(start: str, by: dict[str, list[Change]], *, forward: bool) -> list[Change]:
    """The change rows that lead on from a code, each table of which lies beyond the row it was reached by."""
    waiting = [(start, dt.date.min if forward else FOREVER)]
    seen: list[Change] = []
    while waiting:
        code, limit = waiting.pop()
        for row in by.get(code, []):
            fits = row.from_date >= limit if forward else row.to_date <= limit
            if not fits or row in seen:
                continue
            seen.append(row)
            waiting.append((row.new_code, row.to_date) if forward else (row.old_code, row.from_date))
    return seen
