"""Comparisons of made-up sides against a second computation in plain Python."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hedui.standing import MOVING_KINDS
from unit.compare.flows import D1, D2, D3, D4, SITE, assert_foots, pay, put

DAY = dt.date(2026, 6, 3)
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
Row = dict[str, Any]

KEYS = st.sampled_from(["K1", "K2", "K3", "K4", "K5", "000000", None])
PEOPLE = st.lists(
    st.fixed_dictionaries({"id_number": KEYS, "name": st.sampled_from(["甲", "乙", None]), "sex": st.sampled_from(["1", "2"])}),
    max_size=7,
)
FIELDS = {"name": "abc", "sex": "ab", "birth_date": "abc"}
"""The compared fields of the fixture's site and the sides that deliver them."""


def expected_snapshot(sides: dict[str, list[Row]]) -> tuple[Counter[tuple[Any, ...]], dict[str, Counter[str]]]:
    """Kinds, sides, keys and fields of a comparison's findings, and its balance."""
    found: Counter[tuple[Any, ...]] = Counter()
    balance = {key: Counter({"rows": len(rows)}) for key, rows in sides.items()}
    rows: dict[str, dict[str, list[Row]]] = {key: defaultdict(list) for key in sides}
    for key, members in sides.items():
        for row in members:
            if row["id_number"] in (None, "000000"):
                found["KEY", key, f"no:{row['person_no']}", None] += 1
                balance[key]["unusable"] += 1
            else:
                rows[key][row["id_number"]].append(row)
    for person in sorted({person for side in rows.values() for person in side}):
        twice = [key for key in sides if len(rows[key][person]) > 1]
        for key in twice:
            found["DUP", key, person, None] += 1
            balance[key]["duplicate"] += len(rows[key][person])
        single = {key: rows[key][person][0] for key in sides if len(rows[key][person]) == 1}
        missing = [key for key in sides if not rows[key][person]] if single else []
        for key in missing:
            found["MISSING", key, person, None] += 1
        deviating = [
            field
            for field, members in FIELDS.items()
            if any(
                single[a].get(field) != single[b].get(field) for a, b in combinations([key for key in single if key in members], 2)
            )
        ]
        for field in deviating:
            found["FIELD", None, person, field] += 1
        state = "one_sided" if missing else "duplicate" if len(single) < 2 else "different" if deviating else "matched"
        for key in single:
            balance[key][state] += 1
    return found, balance


KINDS = {"ONLY_LEFT": "MISSING", "ONLY_RIGHT": "MISSING", "MISSING_TIER": "MISSING", "ATTR": "FIELD", "STATUS": "FIELD"}


@FEW
@given(st.lists(PEOPLE, min_size=2, max_size=3))
def test_snapshots(make_bench: Callable[..., Any], people_site: dict[str, Any], sides: list[list[Row]]) -> None:
    bench = make_bench(people_site)
    named = {
        key: [row | {"person_no": f"{key}{number}"} for number, row in enumerate(rows)]
        for key, rows in zip("abc", sides, strict=False)
    }
    for key, rows in named.items():
        bench.put("person", key, DAY, rows)
    comparison = {2: "two", 3: "three"}[len(sides)]
    bench.run(comparison, DAY)
    found, balance = expected_snapshot(named)
    result: Counter[tuple[Any, ...]] = Counter()
    for row in bench.findings(comparison, DAY):
        kind = KINDS.get(row["kind"], row["kind"])
        result[kind, None if kind == "FIELD" else row["source"], row["subject_key"], row["field"]] += 1
    assert result == found
    for key, classes in balance.items():
        counted = bench.balance(comparison, DAY)[key]
        assert {name: value for name, value in counted.items() if value and name != "rejected"} == {
            k: v for k, v in classes.items() if v
        }


DATES = (D1, D2, D3, D4)
SOURCES = ("tax", "sb")
DELIVERY = st.tuples(
    st.sampled_from(DATES),
    st.sampled_from([0, 1]),
    st.sampled_from(["A", "B", "C", None]),
    st.integers(1, 3),
    st.sampled_from(["110", "210"]),
)


class Night:
    """One date of a flow, worked out row by row. ``waiting``: key → (side, date, amount) of what is open."""

    def __init__(self, number: int, waiting: dict[str, tuple[int, dt.date, int]]) -> None:
        self.number, self.waiting = number, waiting
        self.found: Counter[tuple[Any, ...]] = Counter()
        self.settled: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])

    def settle(self, side: int, rows: Sequence[tuple[int, str]]) -> None:
        """Rows that the totals count: matched, duplicate and unusable ones."""
        for amount, insurance in rows:
            self.settled[insurance][side] += 1
            self.settled[insurance][2 + side] += amount

    def match(self, today: tuple[dict[Any, list[tuple[int, str]]], ...]) -> list[tuple[str, int, tuple[int, str]]]:
        """Matches the date's own rows; returns those without a counterpart."""
        arrived = []
        for side in (0, 1):
            for key, rows in today[side].items():
                if key is not None and len(rows) == 1 and len(today[1 - side].get(key, [])) != 1:
                    arrived.append((key, side, rows[0]))
                    continue
                self.settle(side, rows)
                if key is None:
                    self.found.update({("KEY", SOURCES[side], "no:", insurance): 1 for insurance in {row[1] for row in rows}})
                elif len(rows) > 1:
                    self.found["DUP", SOURCES[side], key, None] += 1
                elif side == 0 and rows[0][0] != today[1][key][0][0]:
                    self.found["AMT", None, key, None] += 1
        return arrived

    def wait(self, arrived: list[tuple[str, int, tuple[int, str]]]) -> None:
        """Lets what has arrived meet what waits."""
        for key, side, row in arrived:
            if key not in self.waiting:
                self.waiting[key] = (side, DATES[self.number], row[0])
            elif self.waiting[key][0] == side:
                self.found["DUP", SOURCES[side], key, None] += 1
                self.settle(side, [row])
            else:
                self.found["CUTOFF", None, key, None] += 1
                if self.waiting.pop(key)[2] != row[0]:
                    self.found["AMT", None, key, None] += 1

    def close(self, window: int) -> None:
        """What still waits, and the totals."""
        for key, (side, opened, _) in self.waiting.items():
            age = self.number - DATES.index(opened)
            self.found["IN_TRANSIT" if age <= window else ("LATE", "ONLY_RIGHT")[side], None, key, None] += 1
        for insurance, (left, right, left_fen, right_fen) in self.settled.items():
            self.found["COUNT", None, "990101", insurance] += left != right
            self.found["TOTAL", None, "990101", insurance] += left_fen != right_fen


def expected_flow(deliveries: Sequence[tuple[Any, ...]]) -> dict[dt.date, Counter[tuple[Any, ...]]]:
    """Kind, side, key and insurance of the findings per date."""
    waiting: dict[str, tuple[int, dt.date, int]] = {}
    result = {}
    for number, date in enumerate(DATES):
        today: tuple[dict[Any, list[tuple[int, str]]], ...] = ({}, {})
        for day, side, key, amount, insurance in deliveries:
            if day == date:
                today[side].setdefault(key, []).append((amount, insurance))
        night = Night(number, waiting)
        night.wait(night.match(today))
        night.close(window=1)
        result[date] = +night.found
    return result


@FEW
@given(st.lists(DELIVERY, max_size=14), st.permutations(DATES))
def test_flows_in_any_order(make_bench: Callable[..., Any], deliveries: list[tuple[Any, ...]], order: list[dt.date]) -> None:
    bench = make_bench(SITE)
    for date in DATES:
        for layer in (bench.context.findings("flow", date), bench.context.canonical("payment", "tax", date)):
            bench.context.lake.remove(layer)
        sides = [
            [
                pay(key, amount, 0, insurance=insurance)
                for day, side, key, amount, insurance in deliveries
                if (day, side) == (date, number)
            ]
            for number in (0, 1)
        ]
        put(bench, date, sides[0], sides[1])
    for date in order:
        bench.run("flow", date)
    standing: set[str] = set()
    for date, expected in expected_flow(deliveries).items():
        rows = bench.findings("flow", date)
        new = Counter(identity(row) for row in rows if row["fingerprint"] not in standing)
        inherited = Counter(identity(row) for row in rows if row["fingerprint"] in standing)
        assert new <= expected, date
        assert expected - new <= inherited, "found before, and on this date again"
        assert standing <= {row["fingerprint"] for row in rows}, "what was wrong stays wrong until its own date is corrected"
        standing = {row["fingerprint"] for row in rows if row["kind"] not in MOVING_KINDS}
        assert_foots(bench, date)


def identity(row: dict[str, Any]) -> tuple[Any, ...]:
    """What the model knows of a finding: kind, side, key and insurance."""
    named = row["source"] if row["kind"] in ("KEY", "DUP") else None
    return row["kind"], named, row["subject_key"], row["insurance"] if row["kind"] in ("KEY", "TOTAL", "COUNT") else None
