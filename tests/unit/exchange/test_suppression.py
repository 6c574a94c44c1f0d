"""Small cells are not told, and cannot be worked out from what is told."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from hedui.exchange.suppression import suppress

COUNTS = st.lists(st.integers(0, 6), min_size=1, max_size=4)


def possible(told_total: int | None, shown: dict[str, int | None], most: int) -> list[dict[str, int]]:
    """Everything that somebody who knows the method's rule of no empty cells could believe of the hidden cells."""
    hidden = [name for name, count in shown.items() if count is None]
    known = sum(count for count in shown.values() if count is not None)
    return [
        dict(zip(hidden, guess, strict=True))
        for guess in product(range(1, most + 1), repeat=len(hidden))
        if told_total is None or known + sum(guess) == told_total
    ]


@settings(deadline=None, max_examples=60)
@given(COUNTS, st.integers(3, 5))
def test_no_small_cell_is_told_or_can_be_worked_out(counts: list[int], threshold: int) -> None:
    cells = {f"c{at}": count for at, count in enumerate(counts)}
    told = suppress(cells, threshold=threshold)
    assert all(count is None or count >= threshold for count in told.cells.values())
    assert told.total is None or told.total >= threshold
    assert set(told.cells) == {name for name, count in cells.items() if count}
    believed = possible(told.total, dict(told.cells), most=9)
    for name, count in told.cells.items():
        if count is None:
            assert len({guess[name] for guess in believed}) > 1, "only one value is possible: it is told after all"


@settings(deadline=None)
@given(st.lists(st.integers(10, 99), min_size=1, max_size=5))
def test_large_cells_are_all_told(counts: list[int]) -> None:
    cells = {f"c{at}": count for at, count in enumerate(counts)}
    told = suppress(cells, threshold=10)
    assert (told.cells, told.total, told.hidden) == (cells, sum(counts), 0)
