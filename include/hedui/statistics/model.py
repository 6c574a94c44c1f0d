"""What a report's YAML may say: its title, dimensions, measures, charts, marks and notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from hedui.site.base import Identifier, Model
from hedui.statistics.periods import CYCLES, Cycle

ALL: Final = "*"
"""Key that stands for all rows or all sheets."""

Counted = Literal["units", "persons", "count", "money"]
Kind = Literal["units", "persons", "count", "money", "rate", "prior", "change"]
SqlFile = Annotated[str, Field(pattern=r"^statistics/[a-z0-9_]+\.sql$")]


class Dimension(Model):
    """What the figures are broken down by.

    Attributes:
        label: Chinese heading.
        names: Where the names of its codes come from: ``region``, ``tax_office``, ``insurance``, ``source``, or a code table of the site.
        blank: What rows without a code are called.
    """

    label: str
    names: Identifier
    blank: str = "未注明"


class Measure(Model):
    """A column of figures.

    Attributes:
        key: Column of the SQL result, or the name of a derived figure.
        label: Chinese heading.
        group: Heading above it; neighbours share it.
        kind: ``units`` and ``persons`` are counted without repetition on every level, ``count`` and ``money`` (fen) add up; ``rate`` is
            one column over another; ``prior`` is another period's figure; ``change`` is the growth against it.
        of: rate: numerator and denominator; prior: the measure; change: the measure and its ``prior``.
        back: prior: the period just before, or the same one a year before.
        behind: The measure that counts who or what is behind the figure: where they are fewer than five, it does not leave the agency.
            Of money a count, units or persons; of a count units or persons.
    """

    key: Identifier
    label: str
    group: str = ""
    kind: Kind
    of: tuple[Identifier, ...] = ()
    back: Literal["period", "year"] | None = None
    behind: Identifier | None = None

    @property
    def counted(self) -> bool:
        """Whether it comes from the SQL."""
        return self.kind in ("units", "persons", "count", "money")

    @property
    def counting(self) -> bool:
        """Whether it is a number of units, persons or items, which says something of them where it is small."""
        return self.kind in ("units", "persons", "count")

    @property
    def distinct(self) -> bool:
        """Whether the same unit or person may be behind several rows, so that a total can be less than its parts."""
        return self.kind in ("units", "persons")


class Block(Model):
    """A table of every sheet: some of the measures, so that it fits on paper.

    Attributes:
        title: Heading.
        measures: Keys in order; a measure may stand in several blocks, and what a rate is made of stands in its block.
    """

    title: str
    measures: tuple[Identifier, ...] = Field(min_length=1)


class ChartSpec(Model):
    """A chart of the total's rows."""

    title: str
    kind: Literal["column", "bar", "stacked"] = "column"
    measures: tuple[Identifier, ...] = Field(min_length=1, max_length=4)


class Mark(Model):
    """Cells of a measure that are marked: below or above a bound (a share for rates and changes, else the cell's unit)."""

    measure: Identifier
    below: float | None = None
    above: float | None = None


class ListColumn(Model):
    """A column of a list: a field of the SQL result; of a region or an insurance the name is shown too."""

    key: Identifier
    label: str
    kind: Literal["text", "code", "money", "date", "int", "region", "insurance"] = "text"
    width: float = 14


class ListSpec(Model):
    """A list behind the figures: its SQL, which masks persons and numbers the rows (``position`` from 1), and its columns."""

    title: str
    sql: SqlFile
    columns: tuple[ListColumn, ...] = Field(min_length=1)


class Definition(Model):
    """A report.

    Attributes:
        title: Chinese name without the period.
        reads: Canonical datasets that its SQL reads, each a relation of that name.
        shares: Relations that it counts from together with other reports, computed once a period: name (its SQL is
            ``statistics/<name>.sql``) and the datasets that it reads.
        cycles: Periods that it is made for by schedule.
        rows: What its lines are.
        sheets: What it has a sheet each for.
        measures: Its columns in order.
        blocks: Tables that the columns are spread over; none: one table with all.
        charts: Charts below the total.
        marks: Cells to be marked.
        headlines: Up to four measures whose totals stand on the cover and in messages.
        details: A list behind it.
        notes: What the figures mean; printed in 口径说明.
    """

    title: str
    reads: tuple[Identifier, ...] = Field(min_length=1)
    shares: dict[Identifier, tuple[Identifier, ...]] = Field(default_factory=dict)
    cycles: tuple[Cycle, ...] = CYCLES
    rows: Dimension
    sheets: Dimension
    measures: tuple[Measure, ...] = Field(min_length=1)
    blocks: tuple[Block, ...] = ()
    charts: tuple[ChartSpec, ...] = ()
    marks: tuple[Mark, ...] = ()
    headlines: tuple[Identifier, ...] = Field(default=(), max_length=4)
    details: ListSpec | None = None
    notes: tuple[str, ...] = Field(min_length=1)

    @cached_property
    def by_key(self) -> dict[str, Measure]:
        """Measures by key."""
        return {measure.key: measure for measure in self.measures}

    @property
    def parts(self) -> tuple[Block, ...]:
        """The tables of a sheet."""
        return self.blocks or (Block(title="", measures=tuple(self.by_key)),)

    @property
    def counted(self) -> tuple[Measure, ...]:
        """The measures that the SQL gives."""
        return tuple(measure for measure in self.measures if measure.counted)

    @property
    def back(self) -> tuple[Literal["period", "year"], ...]:
        """Which other periods it is compared with."""
        wanted = {measure.back for measure in self.measures}
        return tuple(back for back in ("period", "year") if back in wanted)

    def behind(self, key: str) -> tuple[str, ...]:
        """The measures that count what is behind a figure: itself where it counts, and what it names or is made of."""
        measure = self.by_key[key]
        parts = [*([measure.behind] if measure.behind else []), *measure.of]
        found = [key] if measure.counting else []
        return tuple(dict.fromkeys([*found, *(counted for part in parts for counted in self.behind(part))]))

    @model_validator(mode="after")
    def _fits(self) -> Definition:
        mistakes = list(self._mistakes())
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self

    def _mistakes(self) -> Iterator[str]:
        known = self.by_key
        for key, times in Counter(measure.key for measure in self.measures).items():
            if times > 1:
                yield f'measure "{key}" is there {times} times'
        for measure in self.measures:
            yield from self._misfits(measure)
        named = [("charts", key) for chart in self.charts for key in chart.measures] + [("marks", m.measure) for m in self.marks]
        named += [("headlines", key) for key in self.headlines]
        for where, key in named:
            if key not in known:
                yield f'{where} name "{key}"; choose one of {", ".join(known)}'
        yield from self._loose()
        for name, reads in self.shares.items():
            if unread := [dataset for dataset in reads if dataset not in self.reads]:
                yield f'shares "{name}" reads {", ".join(unread)}, which "reads" does not name'
        if any((mark.below is None) == (mark.above is None) for mark in self.marks):
            yield "a mark has either below or above"

    def _loose(self) -> Iterator[str]:
        """What is wrong with the blocks: unknown or forgotten measures, a rate without its parts, a chart over two tables."""
        for block in self.parts:
            for key in block.measures:
                if key not in self.by_key:
                    yield f'block "{block.title}" names "{key}"; choose one of {", ".join(self.by_key)}'
                elif lacking := [part for part in self.by_key[key].of if part not in block.measures and not self._prior(key)]:
                    yield f'block "{block.title}" shows "{key}" without {", ".join(lacking)}; add them, so that readers can check it'
        shown = {key for block in self.parts for key in block.measures}
        for key in self.by_key.keys() - shown:
            yield f'measure "{key}" is in no block'
        for chart in self.charts:
            if not any(set(chart.measures) <= set(block.measures) for block in self.parts):
                yield f'the measures of chart "{chart.title}" are in no block together'

    def _prior(self, key: str) -> bool:
        return self.by_key[key].kind == "prior"

    def _misfits(self, measure: Measure) -> Iterator[str]:
        """What is wrong with one measure. What a figure is made of must be a column too: a rate prints both of its parts."""
        parts = {"rate": 2, "prior": 1, "change": 2}.get(measure.kind, 0)
        if len(measure.of) != parts:
            yield f'measure "{measure.key}" of kind {measure.kind} names {len(measure.of)} others in "of", {parts} are needed'
        for key in (*measure.of, *([measure.behind] if measure.behind else [])):
            if key not in self.by_key:
                yield f'measure "{measure.key}" names "{key}", which is no column; choose one of {", ".join(self.by_key)}'
        people = self.by_key.get(measure.behind or "")
        if people and not (people.distinct if measure.kind == "count" else people.counting):
            yield f'measure "{measure.key}" of kind {measure.kind} has "{people.key}" of kind {people.kind} behind it; name who is counted'
        if (measure.back is not None) != (measure.kind == "prior"):
            yield f'measure "{measure.key}": "back" belongs to measures of kind prior, and each of them has it'
        if measure.kind == "change" and len(measure.of) == 2 and measure.of[1] in self.by_key:
            prior = self.by_key[measure.of[1]]
            if prior.kind != "prior" or prior.of[:1] != measure.of[:1]:
                yield f'measure "{measure.key}" compares with "{prior.key}", which is not the prior of "{measure.of[0]}"'
