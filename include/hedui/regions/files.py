"""Region files as CSV or XLSX: code tables, change rows, events, townships that moved. Every mistake is listed with its line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Final, cast, get_args

from hedui.regions.codes import LEVELS, level_of, shape_problem, significant
from hedui.regions.model import Change, Event, Kind, Region, Scope, SubChange, Table, table
from hedui.regions.reading import Line, Mistakes, read_rows, shown

TABLE_COLUMNS: Final = ("code", "name", "level", "parent")
HISTORY_COLUMNS: Final = (*TABLE_COLUMNS, "first", "last")
CHANGE_COLUMNS: Final = tuple(item.name for item in fields(Change))
_CHANGE_NEEDED: Final = ("from_date", "to_date", "old_code", "old_name", "new_code", "new_name", "kind", "scope", "level")
_EVENT_COLUMNS: Final = ("event", "to_date", "effective_date", "doc_no", "title", "source", "text")
_SUB_NEEDED: Final = ("from_date", "to_date", "old_code", "new_code")
_SUB_OTHER: Final = (
    "old_name",
    "new_name",
    "county",
    "basis",
    "doc_no",
    *("old_county", "old_county_name", "new_county", "new_county_name", "match", "n_villages", "village_overlap", "confidence"),
    *("note", "old_town", "new_town"),
)


def read_table(path: Path, *, date: dt.date, published: bool = False) -> Table:
    """A code table of one day. A code that is there twice is kept as a duplicate for the plausibility stops.

    Raises:
        RegionFileError: Codes, levels or names are malformed.
    """
    mistakes = Mistakes()
    rows = [_region(line, mistakes) for line in read_rows(path, columns=("code", "name"), optional=("level", "parent"))]
    mistakes.refuse()
    return table(date, rows, published=published, origin=path.name)


def read_history(path: Path) -> list[tuple[Region, dt.date, dt.date]]:
    """Rows with the first and the last of the half-yearly tables that show them so.

    Raises:
        RegionFileError: A line is wrong.
    """
    mistakes = Mistakes()
    found = []
    for line in read_rows(path, columns=HISTORY_COLUMNS):
        first, last = _day(line, "first", mistakes), _day(line, "last", mistakes)
        region = _region(line, mistakes)
        if first and last:
            found.append((region, first, last))
    mistakes.refuse()
    return found


def read_dates(path: Path) -> list[dt.date]:
    """The dates of the tables that a history holds (a table that equals its neighbours begins and ends no row of it).

    Raises:
        RegionFileError: A line is wrong.
    """
    mistakes = Mistakes()
    found = [_day(line, "date", mistakes) for line in read_rows(path, columns=("date",))]
    mistakes.refuse()
    return [day for day in found if day]


def _region(line: Line, mistakes: Mistakes) -> Region:
    code = _code(line, "code", mistakes, needed=True)
    level = line.get("level") or (level_of(code) if code else "")
    if level not in LEVELS:
        mistakes.add(line.file, line.number, f"level {shown(level)} is not one of {', '.join(LEVELS)}")
    if not line.get("name"):
        mistakes.add(line.file, line.number, f"the code {shown(code)} has no name")
    return Region(code=significant(code), name=line.get("name"), level=level, parent=_code(line, "parent", mistakes))


def read_changes(path: Path) -> list[Change]:
    """Change rows between half-years.

    Raises:
        RegionFileError: A line is wrong: codes, kinds, scopes, dates, or cells that do not fit together.
    """
    mistakes = Mistakes()
    others = tuple(name for name in CHANGE_COLUMNS if name not in _CHANGE_NEEDED)
    found = [_change(line, mistakes) for line in read_rows(path, columns=_CHANGE_NEEDED, optional=others)]
    mistakes.refuse()
    return [item for item in found if item is not None]


def _change(line: Line, mistakes: Mistakes) -> Change | None:
    start, end = _day(line, "from_date", mistakes), _day(line, "to_date", mistakes)
    kind, scope = line.get("kind"), line.get("scope")
    if kind not in get_args(Kind):
        mistakes.add(line.file, line.number, f"kind {shown(kind)} is not one of {', '.join(get_args(Kind))}")
        return None
    if scope not in get_args(Scope):
        mistakes.add(line.file, line.number, f"scope {shown(scope)} is not one of {', '.join(get_args(Scope))}")
        return None
    old = _code(line, "old_code", mistakes, needed=kind != "new")
    new = _code(line, "new_code", mistakes, needed=kind != "abolish")
    for problem in change_problems(kind, scope, old, new):
        mistakes.add(line.file, line.number, problem)
    if start is None or end is None:
        return None
    if start >= end:
        mistakes.add(line.file, line.number, f"from_date {start} is not before to_date {end}")
    values = {name: line.get(name) for name in CHANGE_COLUMNS}
    return Change(
        **{
            **values,  # type: ignore[arg-type]
            "from_date": start,
            "to_date": end,
            "old_code": old,
            "new_code": new,
            "kind": cast("Kind", kind),
            "scope": cast("Scope", scope),
            "effective_date": _day(line, "effective_date", mistakes, needed=False),
        }
    )


def change_problems(kind: str, scope: str, old: str, new: str) -> list[str]:
    """What does not fit together in a change row, whatever file it is from."""
    found = []
    if kind == "new" and old:
        found.append(f"kind new has an old code {shown(old)}; give another kind or leave it empty")
    if kind == "abolish" and new:
        found.append(f"kind abolish has a new code {shown(new)}; give another kind or leave it empty")
    if kind in ("recode", "merge") and old == new:
        found.append(f"kind {kind} has the same old and new code {shown(old)}")
    if kind == "rename" and old != new:
        found.append(f"kind rename changes the code {shown(old)} to {shown(new)}; that is a recode")
    if (scope == "remain") != (kind == "split" and old == new):
        found.append(f"scope {scope} and kind {kind} do not fit together: remain is a split that keeps its code")
    if kind in ("recode", "merge", "rename", "abolish") and scope != "whole":
        found.append(f"kind {kind} takes scope whole, found {shown(scope)}; a part of an area is a split")
    if kind == "split" and scope == "whole":
        found.append("kind split takes scope part or remain, found whole")
    return found


def read_events(path: Path) -> list[Event]:
    """The approvals' operative sentences.

    Raises:
        RegionFileError: A line is wrong.
    """
    mistakes = Mistakes()
    found = []
    for line in read_rows(path, columns=_EVENT_COLUMNS):
        end = _day(line, "to_date", mistakes)
        effective = _day(line, "effective_date", mistakes, needed=False)
        if end:
            cells = {name: line.get(name) for name in ("event", "doc_no", "title", "source", "text")}
            found.append(Event(to_date=end, effective_date=effective, **cells))
    mistakes.refuse()
    return found


def read_sub_changes(path: Path) -> list[SubChange]:
    """Townships and villages that got another code: statistical maps, or decisions with ``county`` and ``doc_no``.

    Rows without a new code (nothing was found for them) are left out.

    Raises:
        RegionFileError: A line is wrong.
    """
    mistakes = Mistakes()
    found = []
    for line in read_rows(path, columns=_SUB_NEEDED, optional=_SUB_OTHER):
        start, end = _day(line, "from_date", mistakes), _day(line, "to_date", mistakes)
        old, new = _code(line, "old_code", mistakes, needed=True), _code(line, "new_code", mistakes)
        county = _code(line, "county", mistakes)
        if start is None or end is None or not (new or county):
            continue
        found.append(
            SubChange(
                from_date=start,
                to_date=end,
                old_code=old,
                old_name=line.get("old_name"),
                new_code=new,
                new_name=line.get("new_name"),
                county=county,
                basis="decision" if county else line.get("basis") or "map",
                doc_no=line.get("doc_no"),
            )
        )
    mistakes.refuse()
    return found


def _code(line: Line, column: str, mistakes: Mistakes, *, needed: bool = False) -> str:
    code = line.get(column)
    if not code:
        if needed:
            mistakes.add(line.file, line.number, f"{column} is empty")
        return ""
    problem = shape_problem(code)
    if problem:
        mistakes.add(line.file, line.number, f"{column} {shown(code)} {problem}")
        return ""
    return significant(code)


def _day(line: Line, column: str, mistakes: Mistakes, *, needed: bool = True) -> dt.date | None:
    text = line.get(column)
    if not text and not needed:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        mistakes.add(line.file, line.number, f"{column} {shown(text)} is not a date like 2016-12-31")
        return None


def columns_of(rows: Sequence[Change]) -> list[dict[str, str]]:
    """Change rows as text cells, in the order of :data:`CHANGE_COLUMNS`."""
    return [
        {
            name: value.isoformat() if isinstance(value, dt.date) else value or ""
            for name in CHANGE_COLUMNS
            for value in (getattr(row, name),)
        }
        for row in rows
    ]
