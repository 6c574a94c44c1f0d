"""Suppresses small cells in counts that leave the agency, and what they could be worked out from.

Within a group whose total is told, small cells are hidden. Where fewer than two are hidden, or together fewer than the threshold, or no
more persons than cells, the next smallest cell is hidden too. Where no cell is left to hide, the total goes as well. Empty cells are not
told, so each hidden cell is known to hold at least one person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Told:
    """What may be told of a group.

    Attributes:
        total: Its persons; None where even that is hidden.
        cells: Persons by cell; None where a cell is hidden.
    """

    total: int | None
    cells: Mapping[str, int | None]

    @property
    def hidden(self) -> int:
        """Cells that are hidden."""
        return sum(count is None for count in self.cells.values())


def suppress(cells: Mapping[str, int], *, threshold: int) -> Told:
    """What may be told of a group of cells with their total.

    Args:
        cells: Persons by cell; empty cells are left out of what is told.
        threshold: The least count that is told.
    """
    filled = {name: count for name, count in cells.items() if count > 0}
    total = sum(filled.values())
    rising = sorted(filled, key=lambda name: (filled[name], name))
    small = sum(count < threshold for count in filled.values())
    if not small and total >= threshold:
        return Told(total=total, cells=filled)
    hidden = small

    def unsafe() -> bool:
        held = sum(filled[name] for name in rising[:hidden])
        return hidden < 2 or held < threshold or held <= hidden

    while hidden < len(rising) and unsafe():
        hidden += 1
    shown = set(rising[hidden:])
    cells_told = {name: filled[name] if name in shown else None for name in filled}
    return Told(total=None if unsafe() or total < threshold else total, cells=cells_told)
