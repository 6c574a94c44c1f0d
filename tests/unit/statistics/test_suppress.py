"""Small cells: what is withheld beside them, so that nobody computes them from what is left."""

from __future__ import annotations

import datetime as dt
from itertools import product

import pytest

from hedui.statistics.definitions import definitions
from hedui.statistics.figures import Cells, Figures
from hedui.statistics.inputs import Inputs
from hedui.statistics.model import ALL
from hedui.statistics.periods import period_of
from hedui.statistics.suppress import FEW, SMALL, WITHHELD, hide, withheld


def table(rows: dict[str, list[int]], key: str = "n") -> Cells:
    """Cells of a table whose parts add up to its totals."""
    names = [f"s{number}" for number in range(len(next(iter(rows.values()))))]
    cells = {(row, sheet): {key: value} for row, values in rows.items() for sheet, value in zip(names, values, strict=True)}
    cells |= {(row, ALL): {key: sum(values)} for row, values in rows.items()}
    cells |= {(ALL, sheet): {key: sum(values[number] for values in rows.values())} for number, sheet in enumerate(names)}
    return cells | {(ALL, ALL): {key: sum(map(sum, rows.values()))}}


def possible(values: list[int], dark: list[bool], total: int) -> list[set[int]]:
    """What each hidden part of a line may be for who knows its total, the parts that are seen, and that hidden ones are small."""
    left = total - sum(value for value, hidden in zip(values, dark, strict=True) if not hidden)
    fits = [found for found in product(range(1, SMALL), repeat=sum(dark)) if sum(found) == left]
    return [{found[place] for found in fits} for place in range(sum(dark))]


@pytest.mark.parametrize(
    "values", [[1, 1, 9], [4, 4, 9], [1, 3, 9], [2, 9, 9], [3, 0, 0, 40], [1, 1, 1, 7, 8], [4, 4, 4, 20]], ids=str,
)  # fmt: skip
def test_no_small_cell_of_a_row_can_be_computed(values: list[int]) -> None:
    small, covered = withheld(table({"a": values, "b": [50] * len(values)}), "n")
    places = [("a", f"s{number}") for number in range(len(values))]
    assert {place for place, value in zip(places, values, strict=True) if 0 < value < SMALL} <= small
    dark = [place in small for place in places]
    if not any(place in covered for place in (*places, ("a", ALL))):
        assert all(len(found) > 1 for found in possible(values, dark, sum(values)))
    else:
        assert sum(place in small | covered for place in (*places, ("a", ALL))) > sum(dark)


def found(report: str, cells: Cells) -> Figures:
    inputs = Inputs(period=period_of("month", dt.date(2026, 6, 30)))
    return Figures(report=report, definition=definitions()[report], inputs=inputs, cells=cells)


def test_one_refund_that_came_back_is_nobodys_business_outside() -> None:
    place = {
        "persons": 200,
        "refunds": 210,
        "refund_fen": 9,
        "paid_out": 209,
        "paid_out_fen": 8,
        "returned": 1,
        "returned_fen": 300,
    }
    more = {
        "persons": 300,
        "refunds": 310,
        "refund_fen": 9,
        "paid_out": 250,
        "paid_out_fen": 8,
        "returned": 40,
        "returned_fen": 900,
    }
    whole = {key: place[key] + more[key] for key in place}
    figures = found("refunds", {(r, s): v for r, v in (("a", place), ("b", more), (ALL, whole)) for s in ("110", ALL)})
    hidden, by_key = hide(figures), figures.definition.by_key
    shown = {
        key: hidden.shown(by_key[key], ("a", "110")) for key in ("persons", "returned", "returned_fen", "paid_out", "paid_out_fen")
    }
    assert shown == {
        "persons": None, "returned": FEW, "returned_fen": WITHHELD,
        "paid_out": WITHHELD, "paid_out_fen": WITHHELD,  # all but one: who is left is one
    }  # fmt: skip
    assert hidden.shown(by_key["payout_rate"], ("a", "110")) == WITHHELD
    assert hidden.shown(by_key["paid_out"], ("b", "110")) == WITHHELD
    assert hidden.shown(by_key["refund_fen"], ("a", "110")) is None


def test_every_money_that_leaves_has_somebody_counted_behind_it() -> None:
    for name, definition in definitions().items():
        for measure in definition.measures:
            assert definition.behind(measure.key), (name, measure.key)
