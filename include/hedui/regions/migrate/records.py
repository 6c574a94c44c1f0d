"""What a migration measures and decides, in small records that every kind of target shares."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, Protocol

from hedui.regions.allocation import Place
from hedui.site.regions import Target

SEPARATOR: Final = "\x1f"
"""Between the parts of a composed key; occurs in no code."""
Action = Literal["migrate", "rollback"]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What a code or a conservation group holds in a target.

    Attributes:
        closed: Whether these are the rows of closed periods.
        group: Conservation group; empty for codes that no rule touches.
        code: The column's value; None on the line of a whole group.
        rows: Rows.
        persons: Distinct persons, None where the target names no column.
        units: Distinct units, likewise.
        fen: Sum per amount column.
        earliest: Least date, as text.
        latest: Greatest date.
        digest: Sum of a 64-bit hash per row over every column but those with codes: order does not matter, each value does.
    """

    closed: bool
    group: str
    code: str | None
    rows: int
    persons: int | None
    units: int | None
    fen: tuple[int, ...]
    earliest: str
    latest: str
    digest: str

    @property
    def content(self) -> tuple[Any, ...]:
        """Everything that must be equal where nothing may have changed."""
        return (self.rows, self.persons, self.units, self.fen, self.earliest, self.latest, self.digest)


def brief(measures: Iterable[Measure]) -> list[Measure]:
    """The measures without distinct persons and units. Equal content digests mean the same rows, and so the same persons and units."""
    return [replace(item, persons=None, units=None) for item in measures]


def added(measures: list[Measure]) -> list[Measure]:
    """The measures of several dates as one: figures add up; persons and units are counted per date."""
    found: dict[tuple[bool, str, str | None], Measure] = {}
    for item in measures:
        key = (item.closed, item.group, item.code)
        first = found.get(key)
        if first is None:
            found[key] = item
            continue
        found[key] = Measure(
            closed=item.closed,
            group=item.group,
            code=item.code,
            rows=first.rows + item.rows,
            persons=None if item.persons is None else (first.persons or 0) + item.persons,
            units=None if item.units is None else (first.units or 0) + item.units,
            fen=tuple(one + other for one, other in zip(first.fen, item.fen, strict=True)),
            earliest=min(filter(None, (first.earliest, item.earliest)), default=""),
            latest=max(first.latest, item.latest),
            digest=str(int(first.digest) + int(item.digest)),
        )
    return list(found.values())


@dataclass(frozen=True, kw_only=True)
class MapRow:
    """What becomes of a value of the column; for split codes by place.

    Attributes:
        old: The column's value.
        place: None for the value as such, else the place columns joined by :data:`SEPARATOR`.
        new: The value afterwards, None where a person decides.
        method: A key of :data:`hedui.regions.allocation.METHODS`.
        reason: Why nothing decides.
    """

    old: str
    place: str | None
    new: str | None
    method: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Logged:
    """The key log's figures: rows per old code, new code and method, and the number of batches."""

    moves: tuple[tuple[str, str, str, int], ...]
    batches: int
    queued: tuple[tuple[str, str, int], ...] = ()

    @property
    def rows(self) -> int:
        """Rows that will change."""
        return sum(move[3] for move in self.moves)

    @property
    def waiting(self) -> int:
        """Rows that wait for a person."""
        return sum(item[2] for item in self.queued)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A row that waits for a person: its key, its code, why, and what it says of its place."""

    row_key: str
    old: str
    reason: str
    place: Place


@dataclass(frozen=True, kw_only=True)
class Guard:
    """What the database itself has around the column: a foreign key, a trigger.

    Attributes:
        title: What it is, with its name, in Chinese.
        blocks: Whether it would refuse the migration.
        detail: Why, or what it does.
    """

    title: str
    blocks: bool
    detail: str


class TargetStore(Protocol):
    """A target in its database or lake. All methods can be called again after a kill and then go on or start afresh."""

    target: Target

    def values(self, *, closed: bool = False) -> dict[str, int]:
        """Rows per value of the column: of open periods, or of all."""

    def key_problem(self) -> str:
        """What is wrong with the key that names rows, empty where nothing is."""

    def places(self, values: list[str]) -> list[tuple[str, Place]]:
        """The distinct places of the rows with these values."""

    def person_places(self, values: Sequence[str]) -> list[tuple[str, str, Place]]:
        """Value, person and place of the open rows with these values, each once; the target names a person and place columns."""

    def guards(self, codes: Sequence[str]) -> list[Guard]:
        """What the database has around the column that can refuse or follow an update to these codes."""

    def measure(self, groups: dict[str, str], *, distinct: bool = True) -> list[Measure]:
        """Figures per value and per conservation group.

        Args:
            groups: Conservation group per value of the column.
            distinct: Whether distinct persons and units are counted, which takes most of the time.
        """

    def decide(self, decisions: dict[tuple[str, str], str]) -> None:
        """Takes the decisions of persons: (row key, old code) → new code."""

    def log(self, rows: list[MapRow], *, batch_rows: int) -> Logged:
        """Writes the key log of every row that will change, and the list of those that wait."""

    def logged(self) -> Logged | None:
        """The key log's figures, None where there is no complete one."""

    def waiting(self) -> list[Waiting]:
        """The rows that wait for a person."""

    def done(self, action: Action) -> dict[int, int]:
        """Rows per finished batch."""

    def move(self, batch: int, action: Action) -> int:
        """Moves (or puts back) one batch in one transaction with its progress.

        Raises:
            ConcurrentWriterError: Rows of the batch are no longer as they were logged; nothing of it was changed.
        """

    def rehearsal(self, codes: Collection[str]) -> TargetStore:
        """The same target on a copy of the rows with these values: a migration touches no others."""

    def drop(self) -> None:
        """Removes the work tables of the run (and a copy)."""

    def close(self) -> None:
        """Ends the connection."""
