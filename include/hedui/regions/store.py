"""All that is known of regions: the shipped data and a site's own files in the same formats, read when they are first asked for.

A folder holds, plain or as ``.gz``: ``history.csv`` with ``tables.csv``, the dates of its tables (or one ``codes_YYYY-MM-DD.csv`` or
``.xlsx`` per table), ``changes*.csv``, ``events*.csv``, ``town_map*.csv``, ``village_map*.csv``, ``decisions*.csv`` (townships and
villages), ``sub_county_changes*.csv`` (the yearly list), ``published/*_YYYYMM.csv`` (tables as published).
"""

from __future__ import annotations

import calendar
import datetime as dt
import os
import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

from hedui.regions import files
from hedui.regions.codes import shape_problem, significant
from hedui.regions.errors import RegionError, RegionFileError
from hedui.regions.lower import sub_change
from hedui.regions.model import Change, Event, Region, SubChange, Table, table
from hedui.regions.reading import Mistakes, read_rows, shown
from hedui.regions.sub_county import SubCounty

SHIPPED: Final = Path(os.environ.get("HEDUI_REGIONS", Path(__file__).resolve().parents[2] / "regions"))
_YEARLY_COLUMNS: Final = ("year", "old_code", "old_name", "reason", "new_code", "new_name", "doc_no", "crosses_county")
_DATED = re.compile(r"codes_(\d{4}-\d{2}-\d{2})\.(?:csv|csv\.gz|xlsx)")
_MONTHLY = re.compile(r"(\w+)_(\d{4})(\d{2})\.(?:csv|csv\.gz|xlsx)")


class Store:
    """The tables, changes and township maps of some folders; a later folder's table replaces an earlier one's of the same date.

    Args:
        folders: The shipped folder and a site's own.
    """

    def __init__(self, folders: Sequence[Path] = (SHIPPED,)) -> None:
        self.folders = tuple(folders)

    def _paths(self, *patterns: str) -> list[Path]:
        return [path for folder in self.folders for pattern in patterns for path in sorted(folder.glob(pattern))]

    @cached_property
    def _history(self) -> list[tuple[Region, dt.date, dt.date]]:
        return [row for path in self._paths("history.csv", "history.csv.gz") for row in files.read_history(path)]

    @cached_property
    def _own_tables(self) -> dict[dt.date, Table]:
        found = {}
        for path in self._paths("codes_*"):
            match = _DATED.fullmatch(path.name)
            if match is None:
                raise RegionFileError([f"{path.name}: a code table is called codes_YYYY-MM-DD.csv (or .csv.gz, .xlsx)"])
            date = dt.date.fromisoformat(match[1])
            found[date] = files.read_table(path, date=date)
        return found

    @cached_property
    def dates(self) -> list[dt.date]:
        """The dates that have a table, in order."""
        listed = {day for path in self._paths("tables.csv") for day in files.read_dates(path)}
        return sorted(listed | set(self._own_tables))

    @cached_property
    def _tables(self) -> dict[dt.date, Table]:
        return dict(self._own_tables)

    def table(self, date: dt.date) -> Table:
        """The table of exactly this date.

        Raises:
            RegionError: There is none.
        """
        if date not in self._tables:
            rows = [region for region, first, last in self._history if first <= date <= last]
            if date not in self.dates or not rows:
                raise RegionError(
                    f"There is no region table of {date}; the nearest are {', '.join(str(day) for day in self._near(date))}. "
                    "Import one with `hedui regions import`."
                )
            self._tables[date] = table(date, rows, origin="shipped history")
        return self._tables[date]

    def _near(self, date: dt.date) -> list[dt.date]:
        place = bisect_right(self.dates, date)
        return self.dates[max(place - 1, 0) : place + 1]

    def latest(self, date: dt.date) -> dt.date:
        """The date of the last table not after ``date``.

        Raises:
            RegionError: The tables begin later.
        """
        place = bisect_right(self.dates, date)
        if place == 0:
            first = self.dates[0] if self.dates else "never"
            raise RegionError(f"No region table is known for {date}; the first is of {first}.")
        return self.dates[place - 1]

    def neighbours(self) -> list[tuple[dt.date, dt.date]]:
        """Every pair of neighbouring tables."""
        return list(zip(self.dates, self.dates[1:], strict=False))

    @cached_property
    def changes(self) -> list[Change]:
        """All change rows, in the order of their half-years."""
        found = [row for path in self._paths("changes*.csv", "changes*.csv.gz") for row in files.read_changes(path)]
        return sorted(found, key=lambda row: row.to_date)

    def changes_between(self, start: dt.date, end: dt.date) -> list[Change]:
        """The change rows of counties and above of the half-years from ``start`` to ``end``; those below are sub-changes."""
        return [row for row in self.changes if row.from_date >= start and row.to_date <= end and not _below_county(row)]

    @cached_property
    def events(self) -> dict[str, Event]:
        """The approvals by number."""
        found = [row for path in self._paths("events*.csv", "events*.csv.gz") for row in files.read_events(path)]
        return {row.event: row for row in found}

    @cached_property
    def sub_changes(self) -> list[SubChange]:
        """Townships and villages that moved, from all maps, decisions, yearly lists, and change rows with 9 digits and more."""
        maps = self._paths(*(f"{name}*.csv{end}" for name in ("town_map", "village_map", "decisions") for end in ("", ".gz")))
        found = [row for path in maps for row in files.read_sub_changes(path)]
        found += [row for row in self._yearly if row.old_code and row.new_code]
        found += [sub_change(row) for row in self.changes if row.old_code and row.new_code and _below_county(row)]
        return found

    @cached_property
    def sub_county(self) -> SubCounty:
        """Questions about townships and villages, over all rows, with those of the yearly lists that have one code only."""
        alone = [row for row in self._yearly if not (row.old_code and row.new_code)]
        alone += [sub_change(row) for row in self.changes if not (row.old_code and row.new_code) and _below_county(row)]
        return SubCounty([*self.sub_changes, *alone])

    @cached_property
    def _yearly(self) -> list[SubChange]:
        return [row for path in self._paths("sub_county_changes*.csv", "sub_county_changes*.csv.gz") for row in _yearly(path)]

    def sub_changes_between(self, start: dt.date, end: dt.date) -> list[SubChange]:
        """Those whose interval overlaps the given one."""
        return [row for row in self.sub_changes if row.from_date < end and row.to_date > start]

    @cached_property
    def published(self) -> dict[str, Table]:
        """Tables as they were published, by the file's name without its suffix (``mca_201606``)."""
        found = {}
        for path in self._paths("published/*"):
            match = _MONTHLY.fullmatch(path.name)
            if match:
                year, month = int(match[2]), int(match[3])
                date = dt.date(year, month, calendar.monthrange(year, month)[1])
                found[path.name.split(".")[0]] = files.read_table(path, date=date, published=True)
        return found


def _below_county(row: Change) -> bool:
    return len(row.old_code or row.new_code) > 6


def _yearly(path: Path) -> list[SubChange]:
    """Rows of a yearly list of township changes; a row says nothing of the half-year, so it holds for the year.

    Abolished ones have no new code, or words in its place (并入…乡), which become the new name; those set up anew have no old code.
    """
    mistakes = Mistakes()
    found = []
    for line in read_rows(path, columns=_YEARLY_COLUMNS):
        old, new = line.get("old_code"), line.get("new_code")
        words = "" if new[:1].isdigit() else new
        new = "" if words else new
        for code in (old, new):
            problem = shape_problem(code) if code else None
            if problem:
                mistakes.add(line.file, line.number, f"the code {shown(code)} {problem}")
        if not line.get("year").isdigit():
            mistakes.add(line.file, line.number, f"year {shown(line.get('year'))} is not a year")
            continue
        year = int(line.get("year"))
        found.append(
            SubChange(
                from_date=dt.date(year - 1, 12, 31),
                to_date=dt.date(year, 12, 31),
                old_code=significant(old),
                old_name=line.get("old_name"),
                new_code=significant(new),
                new_name=words or line.get("new_name"),
                basis="document",
                doc_no=line.get("doc_no"),
            )
        )
    mistakes.refuse()
    return found
