"""Small cells: a figure behind which fewer than five people stand does not leave the agency, nor what would give it away.

Source: the project's handbook §7.1 (small-cell suppression, n < 5, on statistics that leave the agency).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hedui.statistics.figures import Cells, Figures, Place
from hedui.statistics.model import ALL, Measure

SMALL: Final = 5
FEW: Final = f"＜{SMALL}"
WITHHELD: Final = "＊"


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """What must not be seen.

    Attributes:
        figures: The figures.
        small: Places by counting measure whose count is small.
        covered: Further places by counting measure that are withheld, for a small one could be told from them and the totals.
        past: The same of the other periods, by period.
    """

    figures: Figures
    small: dict[str, frozenset[Place]]
    covered: dict[str, frozenset[Place]]
    past: dict[str, dict[str, frozenset[Place]]]

    def shown(self, measure: Measure, place: Place) -> str | None:
        """What stands in place of a figure; None where the figure may be seen."""
        definition = self.figures.definition
        if measure.distinct and place in self.small[measure.key]:
            return FEW
        for key in definition.behind(measure.key):
            if place in self.small[key] or place in self.covered[key]:
                return WITHHELD
        backs = {definition.by_key[key].back for key in (measure.key, *measure.of)} - {None}
        parts = [self.past[back].get(key, frozenset()) for back in backs if back for key in definition.behind(measure.key)]
        return WITHHELD if any(place in part for part in parts) else None


def hide(figures: Figures) -> Hidden:
    """Finds what must not be seen, for every measure that counts units or persons.

    In every line of places (a row over all sheets, a sheet over all rows, with the total) either nothing or at least two places are
    withheld: one alone could be computed from the others.
    """
    counting = [measure.key for measure in figures.definition.counted if measure.distinct]
    small, covered = {}, {}
    for key in counting:
        small[key], covered[key] = _withheld(figures.cells, key)
    past = {
        back: {key: frozenset().union(*_withheld(cells, key)) for key in counting} if cells is not None else {}
        for back, cells in figures.prior.items()
    }
    return Hidden(figures=figures, small=small, covered=covered, past=past)


def _withheld(cells: Cells, key: str) -> tuple[frozenset[Place], frozenset[Place]]:
    rows, sheets = (sorted({place[axis] for place in cells} | {ALL}) for axis in (0, 1))
    value = {(row, sheet): cells.get((row, sheet), {}).get(key, 0) for row in rows for sheet in sheets}
    small = frozenset(place for place, count in value.items() if 0 < count < SMALL)
    lines = [[(row, sheet) for sheet in sheets] for row in rows] + [[(row, sheet) for row in rows] for sheet in sheets]
    withheld = set(small)
    while alone := next((line for line in lines if len(withheld.intersection(line)) == 1), None):
        withheld.add(_cover(alone, withheld, value))
    return small, frozenset(withheld - small)


def _cover(line: Sequence[Place], withheld: set[Place], value: dict[Place, int]) -> Place:
    """The next place of a line to withhold: the least count that is not zero, a part before a total, else a zero."""
    free = [place for place in line if place not in withheld]
    return min(free, key=lambda place: (value[place] == 0, ALL in place, value[place], place))
