"""A slow matcher in plain Python, row by row, to check the comparisons of flows against. Shares nothing with the code under test.

It knows the settings of :mod:`unit.compare.ladders`: four rungs, a map, reversals, sums; and tells what is open, matched, undone, doubled.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from itertools import combinations
from typing import Any

from unit.compare.ladders import DATES, UNITS

Row = dict[str, Any]
MAP = {row["tax_unit_no"]: row["unit_no"] for row in UNITS}
WINDOW, MOST, SEARCHED, PARTS = 1, 3, 5, 3


def money(row: Row) -> int:
    """A row's total."""
    return int(row["paid_fen"] if row["side"] == 0 else row["unit_paid_fen"] + row["person_paid_fen"])


def unit(row: Row) -> str | None:
    """The unit's number, the bank's through the map."""
    return MAP.get(row.get("tax_unit_no") or "") if row["side"] == 0 else row.get("unit_no")


RUNGS: tuple[Callable[[Row], tuple[Any, ...]], ...] = (
    lambda row: (row.get("tax_voucher_no"), row["insurance"]),
    lambda row: (unit(row), row["insurance"], row["period"]),
)


def undone(rows: list[Row]) -> set[int]:
    """Positions of rows that undo each other, by number first, then by notice and insurance."""
    gone: set[int] = set()
    for by_number in (True, False):
        for i, row in enumerate(rows):
            if i in gone or row["side"] or row.get("reversal_flag") != "1" or money(row) >= 0:
                continue
            if (row.get("original_no") is not None) != by_number:
                continue
            for j, other in enumerate(rows):
                plain = other["side"] == 0 and not (other.get("reversal_flag") == "1" and money(other) < 0)
                named = (
                    other.get("bank_serial") == row["original_no"]
                    if by_number
                    else row.get("levy_no") is not None
                    and (other.get("levy_no"), other["insurance"]) == (row["levy_no"], row["insurance"])
                )
                if j not in gone and plain and named and money(other) == -money(row):
                    gone |= {i, j}
                    break
    return gone


def distance(a: str, b: str) -> int:
    """Edits between two texts."""
    before = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        now = [i]
        for j, y in enumerate(b, 1):
            now.append(min(before[j] + 1, now[-1] + 1, before[j - 1] + (x != y)))
        before = now
    return before[-1]


class Reference:
    """All dates of a comparison in order."""

    def __init__(self) -> None:
        self.open: list[Row] = []
        self.everything: list[Row] = []

    def date(self, number: int, rows: Iterable[Row]) -> dict[str, Counter[Any]]:
        """Works out one date: per outcome the rows (side, position) that have it at its end."""
        today = [row | {"origin": number} for row in rows]
        self.everything += today
        self.result: dict[str, Counter[Any]] = defaultdict(Counter)
        waiting = self._own(today)
        pool = self.open + waiting
        gone = undone(pool)
        self._tell("reversed", [pool[i] for i in gone])
        kept = [row for i, row in enumerate(pool) if i not in gone]
        fresh = {id(row) for row in waiting}
        held = {(row["side"], row["detail_no"]) for row in kept if id(row) not in fresh and row["detail_no"] is not None}
        again = [row for row in kept if id(row) in fresh and (row["side"], row["detail_no"]) in held]
        self._tell("duplicate", again)
        rest = [row for row in kept if not any(row is other for other in again)]
        rest = self._unique(rest, lambda row: (row["detail_no"],))
        for rung in RUNGS:
            rest = self._unique(rest, rung)
        rest = self._fuzzy(rest)
        self.open = self._sums(rest)
        for row in self.open:
            known = not self._reversal(row) or any(
                other["side"] == 0 and other["bank_serial"] == row.get("original_no") and money(other) == -money(row)
                for other in self.everything
            )
            self._tell("in_transit" if number - row["origin"] <= WINDOW and known else "one_sided", [row])
        return self.result

    def _reversal(self, row: Row) -> bool:
        return row["side"] == 0 and row.get("reversal_flag") == "1" and money(row) < 0

    def _tell(self, what: str, rows: Iterable[Row]) -> None:
        for row in rows:
            self.result[what][row["side"], row["origin"], row["number"]] += 1

    def _own(self, today: list[Row]) -> list[Row]:
        """The date's own rows by the first key; what is left waits."""
        gone = undone(today)
        self._tell("reversed", [today[i] for i in gone])
        rows = [row for i, row in enumerate(today) if i not in gone]
        keys = Counter((row["side"], row["detail_no"]) for row in rows)
        waiting = []
        single: dict[tuple[int, str], Row] = {}
        for row in rows:
            if row["detail_no"] is None:
                if any(None not in rung(row) for rung in RUNGS) or (unit(row) and row.get("levy_no")):
                    waiting.append(row)
                else:
                    mapped = row["side"] or not row.get("tax_unit_no") or unit(row)
                    self._tell("unusable" if mapped else "keymap", [row])
            elif keys[row["side"], row["detail_no"]] > 1:
                self._tell("duplicate", [row])
            else:
                single[row["side"], row["detail_no"]] = row
        for (side, key), row in single.items():
            if (1 - side, key) not in single:
                waiting.append(row)
            elif side == 0:
                self._pair(row, single[1, key])
        return waiting

    def _pair(self, left: Row, right: Row) -> None:
        same = money(left) == money(right) and all(left[name] == right[name] for name in ("period", "paid_status"))
        self._tell("matched" if same else "different", [left, right])

    def _unique(self, rows: list[Row], key: Callable[[Row], tuple[Any, ...]]) -> list[Row]:
        groups: dict[tuple[Any, ...], tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
        for row in rows:
            if None not in key(row):
                groups[key(row)][row["side"]].append(row)
        met = [(left[0], right[0]) for left, right in groups.values() if len(left) == len(right) == 1]
        return self._without(rows, met)

    def _without(self, rows: list[Row], met: list[tuple[Row, Row]]) -> list[Row]:
        for left, right in met:
            self._pair(left, right)
        gone = {id(row) for pair in met for row in pair}
        return [row for row in rows if id(row) not in gone]

    def _fuzzy(self, rows: list[Row]) -> list[Row]:
        usable = [row for row in rows if unit(row) and row.get("levy_no")]
        sizes = Counter((row["side"], unit(row), row["insurance"]) for row in usable)
        near = [
            (left, right)
            for left in usable
            for right in usable
            if (left["side"], right["side"]) == (0, 1)
            and (unit(left), left["insurance"]) == (unit(right), right["insurance"])
            and max(sizes[side, unit(left), left["insurance"]] for side in (0, 1)) <= MOST
            and abs(money(left) - money(right)) <= 5
            and distance(left["levy_no"], right["levy_no"]) <= 1
        ]
        counts = Counter(id(row) for pair in near for row in pair)
        return self._without(rows, [pair for pair in near if all(counts[id(row)] == 1 for row in pair)])

    def _sums(self, rows: list[Row]) -> list[Row]:
        groups: dict[str, tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
        for row in rows:
            if row.get("levy_no"):
                groups[row["levy_no"]][row["side"]].append(row)
        gone: set[int] = set()
        for sides in groups.values():
            if not sides[0] or not sides[1] or len(sides[0]) + len(sides[1]) < 3:
                continue
            if sum(map(money, sides[0])) == sum(map(money, sides[1])):
                self._tell("matched", [*sides[0], *sides[1]])
                gone |= {id(row) for row in (*sides[0], *sides[1])}
            elif max(map(len, sides)) <= SEARCHED:
                ways = [
                    (one, *some)
                    for side in (0, 1)
                    for one in sides[side]
                    for size in range(2, PARTS + 1)
                    for some in combinations(sides[1 - side], size)
                    if money(one) == sum(map(money, some))
                ]
                counts = Counter(id(row) for way in ways for row in way)
                for way in ways:
                    if all(counts[id(row)] == 1 for row in way):
                        self._tell("matched", way)
                        gone |= {id(row) for row in way}
        return [row for row in rows if id(row) not in gone]


def expected(deliveries: dict[dt.date, tuple[list[Row], list[Row]]]) -> dict[dt.date, dict[str, list[tuple[int, int]]]]:
    """Per date and outcome: rows and fen of the left and of the right side."""
    reference, result = Reference(), {}
    for number, date in enumerate(DATES):
        rows = [
            row | {"side": side, "number": position}
            for side in (0, 1)
            for position, row in enumerate(deliveries.get(date, ([], []))[side])
        ]
        found = reference.date(number, rows)
        amounts = {(row["side"], row["origin"], row["number"]): money(row) for row in reference.everything}
        result[date] = {
            what: [
                (
                    sum(n for key, n in counted.items() if key[0] == side),
                    sum(amounts[key] * n for key, n in counted.items() if key[0] == side),
                )
                for side in (0, 1)
            ]
            for what, counted in found.items()
        }  # fmt: skip
    return result
