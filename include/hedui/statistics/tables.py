"""A sheet's table: names, measures, formulas for what is computed, and totals that foot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from hedui.reports.content import Chart, Column, Formula, Kind, Mark, Table, Value
from hedui.statistics.figures import Figures, Place
from hedui.statistics.model import ALL, Block, Measure
from hedui.statistics.names import TOTAL, Labels
from hedui.statistics.suppress import Hidden

NONE: Final = "—"
KINDS: Final[dict[str, Kind]] = {
    "units": "int",
    "persons": "int",
    "count": "int",
    "money": "money",
    "rate": "percent",
    "change": "percent",
}
WIDTHS: Final[dict[Kind, float]] = {"int": 10, "money": 17, "percent": 10}
NAME: Final = "name"


def kind_of(figures: Figures, measure: Measure) -> Kind:
    """How a measure's cells are read; another period's figure as the figure."""
    return KINDS[figures.definition.by_key[measure.of[0]].kind if measure.kind == "prior" else measure.kind]


def columns(figures: Figures, block: Block, heading: str, labels: Iterable[str]) -> tuple[Column, ...]:
    """The name and the block's measures."""
    width = max((2.0 * len(label) for label in labels), default=0) * 0.9
    made = [Column(key=NAME, title=heading, kind="text", width=max(16.0, min(width, 34.0)))]
    for measure in _measures(figures, block):
        kind = kind_of(figures, measure)
        made.append(Column(key=measure.key, title=measure.label, kind=kind, width=WIDTHS[kind], group=measure.group))
    return tuple(made)


def tables(
    figures: Figures, places: Sequence[Place], total: Place, *, labels: Labels, axis: int, hidden: Hidden | None = None
) -> tuple[Table, ...]:
    """The report's blocks with a line per place and the totals below.

    Args:
        figures: The figures.
        places: The lines.
        total: The place of the total.
        labels: Names of the lines' keys.
        axis: Which part of a place names the line: 0 its row, 1 its sheet.
        hidden: What must not be seen; None: everything may.
    """
    names = [labels[place[axis]] for place in places]
    return tuple(
        Table(
            title=block.title,
            columns=columns(figures, block, labels.dimension.label, names),
            rows=tuple((name, *_line(figures, block, place, hidden)) for name, place in zip(names, places, strict=True)),
            footer=_footer(figures, block, places, total, hidden),
            marks=tuple(_marks(figures, block)),
            id=_id(block),
        )
        for block in figures.definition.parts
    )


def _id(block: Block) -> str:
    return f"figures {block.title}"


def _measures(figures: Figures, block: Block) -> list[Measure]:
    return [figures.definition.by_key[key] for key in block.measures]


def _line(figures: Figures, block: Block, place: Place, hidden: Hidden | None) -> list[Value]:
    return [_cell(figures, measure, place, hidden) for measure in _measures(figures, block)]


def _cell(figures: Figures, measure: Measure, place: Place, hidden: Hidden | None) -> Value:
    value = figures.value(measure, place)
    if hidden is not None:
        shown = hidden.shown(measure, place)
        return shown if shown is not None else NONE if value is None else value
    if measure.kind in ("rate", "change"):
        return Formula(text=_arithmetic(measure), value=value)
    return NONE if value is None else value


def _arithmetic(measure: Measure) -> str:
    """The formula of a share or of a growth; what has nothing to divide by is ``—``. N() takes a text for zero."""
    first, second = ("{" + key + "}" for key in measure.of)
    above = first if measure.kind == "rate" else f"({first}-{second})"
    return f'IF(N({second})=0,"{NONE}",{above}/{second})'


def _footer(
    figures: Figures, block: Block, places: Sequence[Place], total: Place, hidden: Hidden | None
) -> tuple[tuple[Value, ...], ...]:
    """One line where all parts add up; where units or persons are in several lines, the sum, the repetitions, the total without them."""
    if hidden is not None:
        return ((TOTAL, *_line(figures, block, total, hidden)),)
    measures = _measures(figures, block)
    repeated = {measure.key: _repeated(figures, measure, places, total) for measure in measures}
    summed: list[Value] = [_sum(figures, measure, places, total) for measure in measures]
    if not any(repeated.values()):
        return ((TOTAL, *summed),)
    less: list[Value] = [repeated[measure.key] if _adds(figures, measure) else None for measure in measures]
    net: list[Value] = [_net(figures, measure, total) for measure in measures]
    return (("各行相加", *summed), ("减：重复计入", *less), (TOTAL, *net))


def _adds(figures: Figures, measure: Measure) -> bool:
    """Whether the column is added up: counted figures, and another period's where there is one."""
    return measure.counted or (measure.kind == "prior" and figures.prior.get(measure.back or "") is not None)


def _added(figures: Figures, measure: Measure, places: Sequence[Place]) -> int:
    return sum(int(figures.value(measure, place) or 0) for place in places)


def _repeated(figures: Figures, measure: Measure, places: Sequence[Place], total: Place) -> int:
    if not _adds(figures, measure):
        return 0
    return _added(figures, measure, places) - int(figures.value(measure, total) or 0)


def _sum(figures: Figures, measure: Measure, places: Sequence[Place], total: Place) -> Value:
    if _adds(figures, measure):
        return Formula(text=f"SUM({{{measure.key}_rows}})", value=_added(figures, measure, places))
    if measure.kind == "prior":
        return NONE
    if measure.kind == "rate" and any(_repeated(figures, figures.definition.by_key[key], places, total) for key in measure.of):
        return NONE  # a share of sums with repetitions says nothing
    return Formula(text=_arithmetic(measure), value=figures.value(measure, total))


def _net(figures: Figures, measure: Measure, total: Place) -> Value:
    if _adds(figures, measure):
        return Formula(text=f"{{{measure.key}_up2}}-{{{measure.key}_up1}}", value=figures.value(measure, total))
    if measure.kind == "prior":
        return NONE
    return Formula(text=_arithmetic(measure), value=figures.value(measure, total))


def _marks(figures: Figures, block: Block) -> Iterable[Mark]:
    for mark in figures.definition.marks:
        if mark.measure in block.measures:
            bound = mark.below if mark.below is not None else mark.above
            yield Mark(column=mark.measure, beyond="below" if mark.below is not None else "above", bound=bound or 0.0)


def charts(figures: Figures, lines: int) -> tuple[Chart, ...]:
    """The report's charts over tables of so many lines; none where there is nothing to compare."""
    if lines < 2:
        return ()
    made = []
    for chart in figures.definition.charts:
        block = next(block for block in figures.definition.parts if set(chart.measures) <= set(block.measures))
        made.append(Chart(title=chart.title, kind=chart.kind, table=_id(block), categories=NAME, series=chart.measures))
    return tuple(made)


def total_places(figures: Figures) -> tuple[list[Place], list[Place]]:
    """The lines of the two totals: by sheet over all rows, by row over all sheets."""
    return [(ALL, sheet) for sheet in figures.sheets], [(row, ALL) for row in figures.rows]
