"""Townships, villages and groups over several half-years: what a row of one half-year means in the last table.

Below a county there are no whole tables, only rows of who moved: statistical maps, the yearly lists of township changes, change lists with
9, 12 or 15 digits, decisions. Such a row names the county and the code of *its* date. Later half-years may carry both on: the county by
rules that move it whole, the code by later rows. Where neither does, the row stays as it is and decides only what still fits.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from hedui.regions.mapping import RegionMap
from hedui.regions.model import Change, SubChange


def sub_change(row: Change) -> SubChange:
    """A change row below a county; what a change list says is as good as its document."""
    return SubChange(
        from_date=row.from_date,
        to_date=row.to_date,
        old_code=row.old_code,
        old_name=row.old_name,
        new_code=row.new_code,
        new_name=row.new_name,
        basis="document",
        doc_no=row.doc_no,
    )


def carried(subs: Iterable[SubChange], maps: Sequence[RegionMap]) -> list[SubChange]:
    """Rows as they read in the last map's table.

    Args:
        subs: The rows of all half-years.
        maps: The half-years' mappings, neighbours in time.
    """
    rows = sorted(subs, key=lambda row: (row.to_date, row.old_code))
    later: dict[str, list[SubChange]] = defaultdict(list)
    for row in rows:
        later[row.old_code].append(row)
    end = maps[-1].end if maps else dt.date.min
    return [_carried(row, later, maps, end) for row in rows]


def _carried(row: SubChange, later: dict[str, list[SubChange]], maps: Sequence[RegionMap], end: dt.date) -> SubChange:
    county, code, moment = row.county or row.new_code[:6], row.new_code, row.to_date
    while code and (onward := _onward(code, moment, end, later)) is not None:
        county, code, moment = onward.county or onward.new_code[:6], onward.new_code or code, onward.to_date
    for step in maps:
        rule = step.rules.get(county)
        if step.start >= moment and rule is not None and rule.whole:
            county = rule.targets[0]
    named = county if row.county or county != code[:6] else ""
    return replace(row, new_code=code, county=named, to_date=max(row.to_date, moment))


def own_moves(subs: Iterable[SubChange], *, start: dt.date, end: dt.date, known: frozenset[str]) -> dict[str, str]:
    """Codes below a county that become another one whatever their county does: by documents of the period, not by statistical maps.

    Args:
        subs: Rows as they read in the last table.
        start: Date of the first table.
        end: Date of the last table.
        known: Counties of the last table.

    Returns:
        The new code; empty where rows contradict each other or name a county that is not in the table: there a person decides.
    """
    named: dict[str, set[str]] = defaultdict(set)
    for row in subs:
        if row.basis != "map" and row.new_code and start < row.to_date <= end:
            county = row.new_code[:6]
            fits = county in known and row.county in ("", county) and len(row.new_code) == len(row.old_code)
            named[row.old_code].add(row.new_code if fits else "")
    return {old: next(iter(codes)) if len(codes) == 1 else "" for old, codes in named.items() if codes != {old}}


def _onward(code: str, moment: dt.date, end: dt.date, later: dict[str, list[SubChange]]) -> SubChange | None:
    """The next row of a code, where exactly one says where it went."""
    following = [row for row in later.get(code, ()) if row.from_date >= moment and row.to_date <= end and row.new_code != code]
    first = min((row.to_date for row in following), default=None)
    nearest = [row for row in following if row.to_date == first]
    return nearest[0] if len({(row.new_code, row.county) for row in nearest}) == 1 else None
