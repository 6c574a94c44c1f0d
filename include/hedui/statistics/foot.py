"""Every total foots: parts add up along rows and along sheets, and nobody is in a total who is in none of its parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hedui.statistics.errors import FootingError
from hedui.statistics.figures import Cells, Place
from hedui.statistics.model import ALL, Definition, Measure


def check_footing(report: str, definition: Definition, cells: Cells) -> int:
    """Compares every total with its parts.

    What adds up (counts and money) must do so exactly. Units and persons are counted without repetition, so that a total lies between
    its greatest part and the sum of its parts.

    Returns:
        How many totals were checked.

    Raises:
        FootingError: A total does not foot.
    """
    rows, sheets = ({place[axis] for place in cells} - {ALL} for axis in (0, 1))
    lines = [((ALL, sheet), [(row, sheet) for row in rows]) for sheet in (*sheets, ALL)]
    lines += [((row, ALL), [(row, sheet) for sheet in sheets]) for row in (*rows, ALL)]
    checked = 0
    for total, parts in lines:
        for measure in definition.counted:
            _check(report, measure, cells, total, parts)
            checked += 1
    return checked


def _check(report: str, measure: Measure, cells: Cells, total: Place, parts: Sequence[Place]) -> None:
    whole, values = cells.get(total, {}).get(measure.key, 0), _values(cells, measure, parts)
    added, greatest = sum(values), max(values, default=0)
    if whole == added or (measure.distinct and greatest <= whole <= added):
        return
    raise FootingError(
        f"Report {report}: {measure.key} is {whole} in total of row {total[0]!r}, sheet {total[1]!r}, its {len(values)} parts add up "
        f"to {added}; the SQL counts levels differently. Nothing was published."
    )


def _values(cells: Cells, measure: Measure, places: Iterable[Place]) -> list[int]:
    return [cells.get(place, {}).get(measure.key, 0) for place in places]
