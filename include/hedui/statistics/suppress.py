"""Small cells: a figure behind which fewer than five units, persons or items stand does not leave the agency, nor what gives it away.

Source: the project's handbook §7.1 (small-cell suppression, n < 5, on statistics that leave the agency).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hedui.statistics.figures import Cells, Figures, Place
from hedui.statistics.model import ALL, Definition, Measure

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
        if place in self.small.get(measure.key, ()):
            return FEW
        for key in definition.behind(measure.key):
            if place in self.small[key] or place in self.covered[key]:
                return WITHHELD
        backs = {definition.by_key[key].back for key in (measure.key, *measure.of)} - {None}
        parts = [self.past[back].get(key, frozenset()) for back in backs if back for key in definition.behind(measure.key)]
        return WITHHELD if any(place in part for part in parts) else None


def hide(figures: Figures) -> Hidden:
    """Finds what must not be seen, for every measure that counts units, persons or items.

    In every line of places (a row over all sheets, a sheet over all rows, with the total) nothing that is withheld may be computed from
    the rest. Of a share the numerator is withheld too where few are left of the denominator without it.
    """
    counting = [measure.key for measure in figures.definition.counted if measure.counting]
    small, covered = {}, {}
    for key in counting:
        small[key], covered[key] = withheld(figures.cells, key, told=_told(figures.definition, figures.cells, key))
    past = {
        back: {
            key: frozenset().union(*withheld(cells, key, told=_told(figures.definition, cells, key))) for key in counting
        } if cells is not None else {}
        for back, cells in figures.prior.items()
    }  # fmt: skip
    return Hidden(figures=figures, small=small, covered=covered, past=past)


def _told(definition: Definition, cells: Cells, key: str) -> frozenset[Place]:
    """Places where a count tells a small one that is nowhere printed: those of a whole whom it does not count."""
    wholes = [measure.of[1] for measure in definition.measures if measure.kind == "rate" and measure.of[0] == key]
    return frozenset(
        place
        for whole in wholes
        if definition.by_key[whole].counting
        for place, values in cells.items()
        if 0 < values.get(whole, 0) - values.get(key, 0) < SMALL
    )


def withheld(cells: Cells, key: str, *, told: frozenset[Place] = frozenset()) -> tuple[frozenset[Place], frozenset[Place]]:
    """Where a count is small, and where it is withheld besides.

    Args:
        cells: The figures.
        key: The count.
        told: Further places that must not be seen.
    """
    rows, sheets = (sorted({place[axis] for place in cells} - {ALL}) for axis in (0, 1))
    value = {(row, sheet): cells.get((row, sheet), {}).get(key, 0) for row in (*rows, ALL) for sheet in (*sheets, ALL)}
    small = frozenset(place for place, count in value.items() if 0 < count < SMALL)
    lines = [((row, ALL), [(row, sheet) for sheet in sheets]) for row in (*rows, ALL)]
    lines += [((ALL, sheet), [(row, sheet) for row in rows]) for sheet in (*sheets, ALL)]
    hidden = set(small | told)
    while open_line := next((line for line in lines if _computable(*line, hidden, small, value)), None):
        hidden.add(_cover([*open_line[1], open_line[0]], hidden, value))
    return small, frozenset(hidden - small)


def _computable(total: Place, parts: Sequence[Place], hidden: set[Place], small: frozenset[Place], value: dict[Place, int]) -> bool:
    """Whether something hidden of a line follows from the rest: it is alone, or all are as small, or as great, as small ones can be."""
    dark = [place for place in parts if place in hidden]
    count = len(dark) + (total in hidden)
    if count == 0 or count > len(parts):
        return False
    if count == 1:
        return True
    if not small.issuperset(dark) or (total in hidden and total not in small):
        return False
    if total in hidden:  # it is at most four, and each part at least one
        return sum(value[place] for place in parts if place not in hidden) + len(dark) == SMALL - 1
    return sum(value[place] for place in dark) in (len(dark), (SMALL - 1) * len(dark))


def _cover(line: Sequence[Place], hidden: set[Place], value: dict[Place, int]) -> Place:
    """The next place of a line to withhold: the least count that is not zero, a part before a total, else a zero."""
    free = [place for place in line if place not in hidden]
    return min(free, key=lambda place: (value[place] == 0, ALL in place, value[place], place))
