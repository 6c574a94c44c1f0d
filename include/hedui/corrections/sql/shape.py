"""The shape of a bundle: per table, which columns are changed together in how many rows. It decides all statements; the data do not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from hedui.corrections.model import BundlePlan, Change, Column, Operation, Table

NAME_LENGTH = 30
"""Oracle's longest name before 12.2."""
BATCH, NUMBER, GROUP = "HEDUI_BATCH", "SEQ_NO", "GROUP_NO"
"""First columns of every stage table: the bundle, the change's number, the group's number."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Changes of one table that do the same to the same columns: one statement each.

    Attributes:
        number: 1, 2, … within the table.
        operation: What is done.
        columns: The columns that change, in the cells' order.
        rows: How many rows.
    """

    number: int
    operation: Operation
    columns: tuple[str, ...]
    rows: int


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a bundle does to one table.

    Attributes:
        number: 1, 2, … within the bundle.
        table: The table.
        groups: Its groups.
        touched: Distinct rows that are updated or deleted: those that are locked and backed up.
    """

    number: int
    table: Table
    groups: tuple[Group, ...]
    touched: int

    @property
    def rows(self) -> int:
        """Changes of the table."""
        return sum(group.rows for group in self.groups)

    @property
    def written(self) -> tuple[str, ...]:
        """Columns that some group writes or guards, in the table's order."""
        found = {name for group in self.groups for name in group.columns}
        return tuple(column.name for column in self.table.columns if column.name in found)

    def of(self, *operations: Operation) -> tuple[Group, ...]:
        """The groups with one of the operations."""
        return tuple(group for group in self.groups if group.operation in operations)

    def count(self, *operations: Operation) -> int:
        """Changes with one of the operations."""
        return sum(group.rows for group in self.of(*operations))

    def group_of(self, change: Change) -> int:
        """Number of the change's group."""
        columns = tuple(cell.column for cell in change.cells)
        return next(g.number for g in self.groups if (g.operation, g.columns) == (change.operation, columns))

    def stage_column(self, prefix: str, name: str) -> str:
        """Name of the stage column for a column of the table; ``prefix`` is ``K_`` key, ``O_`` old or ``N_`` new.

        It is ASCII, as SQL*Loader reads its control file in whatever character set the terminal has.
        """
        if name.isascii() and len(name) + len(prefix) <= NAME_LENGTH:
            return prefix + name
        return f"{prefix}COLUMN_{[column.name for column in self.table.columns].index(name) + 1}"

    def stage_columns(self) -> tuple[Column, ...]:
        """Columns of the stage table, in order: batch, number, group, the key, old and new values."""
        table = self.table
        first = (
            Column(name=BATCH, length=60, nullable=False, label="批次号"),
            Column(name=NUMBER, kind="integer", nullable=False, label="序号"),
            Column(name=GROUP, kind="integer", nullable=False, label="组号"),
        )
        keys = [replace(table.column(name), name=self.stage_column("K_", name), nullable=False) for name in table.key]
        values = [
            replace(table.column(name), name=self.stage_column(prefix, name), nullable=True)
            for name in self.written
            for prefix in ("O_", "N_")
        ]
        return (*first, *keys, *values)

    def work_name(self, kind: str, bundle: str, *, copy: bool = False) -> str:
        """Name of the table's stage (``S``) or backup (``B``) table; another one where a copy of the table is rehearsed upon."""
        tag = bundle.removeprefix("BUNDLE-").replace("-", "_")
        if copy or len(tag) > 20 or not tag.replace("_", "").isalnum():
            tag = hashlib.sha256(f"{bundle}{' copy' if copy else ''}".encode()).hexdigest()[:12]
        return f"HEDUI_{kind}{self.number}_{tag}"


def shapes(tables: Iterable[Table], changes: Iterable[Change]) -> tuple[Shape, ...]:
    """The shapes of a bundle's tables, in the order of the first change of each; tables without changes have none."""
    rows: dict[str, dict[tuple[Operation, tuple[str, ...]], int]] = {}
    touched: dict[str, set[bytes]] = {}
    for change in changes:
        groups = rows.setdefault(change.table, {})
        kind = (change.operation, tuple(cell.column for cell in change.cells))
        groups[kind] = groups.get(kind, 0) + 1
        if change.operation is not Operation.INSERT:
            touched.setdefault(change.table, set()).add(key_digest(change))
    found = {table.name: table for table in tables}
    return tuple(
        Shape(
            number=number,
            table=found[name],
            groups=tuple(
                Group(number=place, operation=operation, columns=columns, rows=count)
                for place, ((operation, columns), count) in enumerate(groups.items(), start=1)
            ),
            touched=len(touched.get(name, ())),
        )
        for number, (name, groups) in enumerate(rows.items(), start=1)
    )


def key_digest(change: Change) -> bytes:
    """A short stand-in for a row's key; a hundred thousand of them are few bytes."""
    return hashlib.blake2b(repr(change.key).encode(), digest_size=16).digest()


def plan_shapes(plan: BundlePlan) -> tuple[Shape, ...]:
    """The shapes of a plan."""
    return shapes(plan.tables, plan.changes)
