"""The figures of a report: per row and sheet the measures that its SQL counts, and what other periods had."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from hedui.statistics.inputs import SPLIT, Inputs
from hedui.statistics.model import ALL, Definition, Measure

Place = tuple[str, str]
"""Key of a row and of a sheet; :data:`hedui.statistics.model.ALL` for all of them."""
Cells = Mapping[Place, Mapping[str, int]]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a report says.

    Attributes:
        report: The report's name.
        definition: Its definition.
        inputs: What was read.
        cells: Counted measures by place; a place that is not there has none.
        prior: The cells of the other periods that it is compared with; None where the lake has nothing of that period.
        restated: The region table that codes were brought to; None: as they were.
        estimated: Rows whose figures rest on weights.
        compared: Region table by other period, where that was counted in the later codes of this one.
    """

    report: str
    definition: Definition
    inputs: Inputs
    cells: Cells
    prior: Mapping[str, Cells | None] = field(default_factory=dict)
    restated: dt.date | None = None
    estimated: frozenset[str] = frozenset()
    compared: Mapping[str, dt.date] = field(default_factory=dict)

    @property
    def rows(self) -> list[str]:
        """Keys of the rows in order: codes, then what is left of split ones, then the one without a code."""
        keys = {row for row, _ in self.cells} - {ALL}
        return sorted(keys, key=lambda key: (key == "", key.startswith(SPLIT), key))

    @property
    def sheets(self) -> list[str]:
        """Keys of the sheets in order, the one without a code last."""
        return sorted({sheet for _, sheet in self.cells} - {ALL}, key=lambda key: (key == "", key))

    def value(self, measure: Measure, place: Place) -> int | float | None:
        """A figure: an integer (money in fen), a share, or None where there is nothing to count or to divide by."""
        if measure.counted:
            return self.cells.get(place, {}).get(measure.key, 0)
        by_key = self.definition.by_key
        if measure.kind == "prior":
            cells = self.prior.get(measure.back or "")
            return None if cells is None else cells.get(place, {}).get(measure.of[0], 0)
        first, second = (self.value(by_key[key], place) for key in measure.of)
        if first is None or not second:
            return None
        return first / second if measure.kind == "rate" else (first - second) / second
