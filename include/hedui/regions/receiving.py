"""One call for whoever sends records: the code of an event's day in the version that the receiver asks for, or why there is none.

Codes are judged by the day, not by the half-year: between an approval and the table that shows it both the old and the new code occur. A
split is decided like in a migration, by what the record says of its place; where nothing decides, the record waits, with the candidates.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from hedui.regions.allocation import METHODS, Allocator, Place
from hedui.regions.codes import padded, shape_problem, significant
from hedui.regions.emit import REASONS, Emitted
from hedui.regions.errors import RegionError, UncertainCodeError
from hedui.regions.lower import carried
from hedui.regions.migrate.plan import site_allocator
from hedui.regions.store import SHIPPED, Store
from hedui.regions.translate import Translator
from hedui.regions.versions import ONE_DAY, Versions, effective
from hedui.site.regions import RegionSettings, load_regions

Kind = Literal["same", "moved", "allocated", "county", "several", "none", "unknown", "malformed"]
SURE: Final = ("same", "moved", "allocated")
KNOWN: Final = 100_000
"""Answers that are remembered."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A code for a receiver.

    Attributes:
        code: In the receiver's version, as long as the one given; None where none is certain.
        kind: ``same``, ``moved``, ``allocated`` (a split that the place decides), ``county`` (of a township or village only the county is
            certain: the code is the county's, filled up), ``several``, ``none``, ``unknown``, ``malformed``.
        candidates: The possible codes of a split or, back in time, of a merger.
        problem: In Chinese, why the record must wait, or what is lost (``county``); empty where the code may be sent as it is.
        method: What decided a split, in Chinese.
    """

    code: str | None
    kind: Kind
    candidates: tuple[str, ...] = ()
    problem: str = ""
    method: str = ""

    @property
    def sure(self) -> bool:
        """Whether the code may be sent as it is."""
        return self.kind in SURE


class ReceiverCodes:
    """A site's codes for its receivers; made once and asked per record.

    Args:
        folder: The site's folder; one without ``regions.yaml`` has the shipped tables.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._settings = (load_regions(folder) if folder is not None else None) or RegionSettings()
        self._folder = folder or Path()
        own = [folder / self._settings.folder] if folder is not None and (folder / self._settings.folder).is_dir() else []
        self._store = Store((SHIPPED, *own))
        self._versions = Versions(self._store)
        self._translator = Translator(self._store)
        self._allocator = lru_cache(maxsize=8)(self._allocator_between)
        self._known = lru_cache(maxsize=KNOWN)(self._answer)

    def wanted(self, receiver: str, *, on: dt.date) -> dt.date:
        """The day whose version a receiver of ``regions.yaml`` asks for: the first day on which its table is in use, else ``on``.

        Raises:
            RegionError: The site knows no such receiver.
        """
        known = {item.name: item for item in self._settings.receivers}
        if receiver not in known:
            raise RegionError(f"The site knows no receiver {receiver!r}; it knows {', '.join(known) or 'none'} (regions.yaml).")
        table = known[receiver].table
        return table + ONE_DAY if table else on

    def answer(self, code: str, *, on: dt.date, to: dt.date, held: dt.date | None = None, place: Place | None = None) -> Answer:
        """The code in the version in force on the day ``to``.

        Args:
            code: As the record has it, 6, 9, 12 or 15 digits.
            on: Day of the event that the record is about.
            to: Day whose version the receiver asks for: the event's, the report's, or what :meth:`wanted` says.
            held: Day on which the record was kept or read; a code that was not in force at the event is judged by it.
            place: What the record says of where its person is; decides splits.
        """
        return self._known(code, on, to, held or on, place or Place())

    def ever(self, code: str) -> bool:
        """Whether any version has the county of a well-formed code."""
        return bool(self._versions.versions(significant(code)[:6]))

    def require(self, code: str, *, on: dt.date, to: dt.date, held: dt.date | None = None, place: Place | None = None) -> str:
        """As :meth:`answer`, for senders without a queue.

        Raises:
            UncertainCodeError: No code is certain; the message has the candidates.
        """
        found = self.answer(code, on=on, to=to, held=held, place=place)
        if found.code is None or not found.sure:
            raise UncertainCodeError(
                f"The code {code[:15]} of {on} has no certain counterpart on {to}: {found.problem}. Decide it by hand."
            )
        return found.code

    def _answer(self, code: str, on: dt.date, to: dt.date, held: dt.date, place: Place) -> Answer:
        wrong = shape_problem(code)
        if wrong:
            return Answer(code=None, kind="malformed", problem="区划代码格式错误")
        bare = significant(code)
        origins = list(dict.fromkeys(self._origins(bare[:6], on, held)))
        if not origins:
            return Answer(code=None, kind="unknown", problem=REASONS["unknown"])
        table = self._governing(bare[:6], origins[0], to)
        found = self._translator.translate(code, of=origins[0], to=table)
        if found.code is not None and self._in_force(found.code, to):
            return Answer(code=found.code, kind="same" if found.code == code else "moved")
        return self._uncertain(code, origins[0], table, to, found.candidates, place)

    def _uncertain(
        self, code: str, origin: dt.date, table: dt.date, to: dt.date, candidates: tuple[str, ...], place: Place
    ) -> Answer:
        bare = significant(code)
        if len(bare) > 6:
            county = self._answer(bare[:6], origin, to, origin, Place(village=bare))
            if county.code is not None:
                lost = "乡村级没有对照，只能到县级"
                return Answer(code=padded(county.code, len(code)), kind="county", candidates=(county.code,), problem=lost)
            return county
        if candidates and origin < table:
            decided = self._allocator(origin, table).allocate(bare, place)
            if decided.new is not None and self._in_force(decided.new, to):
                return Answer(code=padded(decided.new, len(code)), kind="allocated", method=METHODS[decided.method])
        if candidates:
            return Answer(
                code=None, kind="several", candidates=candidates, problem=f"{REASONS['several']}（{'、'.join(candidates)}）"
            )
        return Answer(code=None, kind="none", problem=REASONS["none"])

    def _allocator_between(self, start: dt.date, end: dt.date) -> Allocator:
        pairs = [pair for pair in self._store.neighbours() if pair[0] >= start and pair[1] <= end]
        maps = [self._translator.mapping(*pair) for pair in pairs]
        subs = carried(self._store.sub_changes_between(start, end), maps)
        return site_allocator(self._settings, self._folder, self._translator.mapping(start, end), subs)

    def _origins(self, county: str, on: dt.date, held: dt.date) -> Iterator[dt.date]:
        """Tables that the code can be of: first where it was in force on the day, else where the table of the day still has it."""
        for day in (on, held):
            tables = [table for table in self._around(day) if county in self._store.table(table).rows]
            if self._in_force(county, day):
                yield from tables
        for day in (on, held):
            yield from (table for table in self._around(day) if county in self._store.table(table).rows)

    def _governing(self, county: str, origin: dt.date, to: dt.date) -> dt.date:
        """The table that speaks for a code on a day: the later one of its half-year where a change of it has taken effect by then."""
        first, *later = self._around(to)
        if not later:
            return first
        ahead = origin <= first
        there = self._translator.translate(county, of=origin, to=first if ahead else later[0])
        rows = [row for row in self._store.changes_between(first, later[0]) if row.kind != "rename" and effective(row) <= to]
        codes = {there.code, *there.candidates}
        return later[0] if any((row.old_code if ahead else row.new_code) in codes for row in rows) else first

    def _in_force(self, code: str, day: dt.date) -> bool:
        return self._versions.judge(significant(code)[:6], day) == "valid"

    def _around(self, day: dt.date) -> list[dt.date]:
        """The last table before a day, which is put to use the day after its date, and the next one: its changes may be in force."""
        later = [date for date in self._store.dates if date >= day]
        earlier = [self._store.latest(day - ONE_DAY)] if day > self._store.dates[0] else []
        return [*earlier, *later[:1]]


def emit_by_day(
    rows: Iterable[Mapping[str, str]],
    codes: ReceiverCodes,
    *,
    columns: Sequence[str],
    day: str,
    to: Callable[[dt.date], dt.date],
) -> Iterator[Emitted]:
    """The rows with the codes of ``columns`` in the receiver's version, judged by each row's own day; empty cells stay empty.

    Args:
        rows: Rows as text.
        codes: The site's codes for receivers.
        columns: Columns with codes.
        day: Column with the event's day, as 2026-06-03 or 20260603.
        to: The day whose version the receiver asks for, by the event's day.
    """
    for row in rows:
        sent, problems = dict(row), []
        try:
            on = dt.date.fromisoformat((row[day] or "").strip()[:10])
        except ValueError:
            yield Emitted(row=sent, problem=f"{day}：不是日期", moved=False)
            continue
        for column in (name for name in columns if row[name]):
            found = codes.answer(row[column], on=on, to=to(on))
            if found.code is not None and found.sure:
                sent[column] = found.code
            else:
                problems.append(f"{column}：{found.problem}")
        yield Emitted(row=dict(row) if problems else sent, problem="；".join(problems), moved=not problems and sent != dict(row))
