"""The words of corrections: what a bundle changes, in which tables of which target, by whose decision.

A bundle is planned from cases, frozen into files, rehearsed, approved, executed or dispatched, and proven. All parts share these types;
they hold values as the target's columns hold them, and so never leave the process unmasked except in the frozen data files.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Literal

from hedui.site.corrections import Dialect as Dialect
from hedui.site.corrections import Target as Target

Value = str | int | Decimal | dt.date | dt.datetime | None
"""A column's value in the target: text, integer, decimal, date, timestamp or NULL, by the column's kind."""

ColumnKind = Literal["text", "integer", "decimal", "date", "timestamp"]


class Decision(StrEnum):
    """Who is right about a case, and so what becomes of it. Labels: :data:`DECISION_LABELS`."""

    LOCAL_RIGHT = "LOCAL_RIGHT"
    UPPER_RIGHT = "UPPER_RIGHT"
    BOTH_WRONG = "BOTH_WRONG"
    EXPLAINED = "EXPLAINED"
    MANUAL = "MANUAL"


DECISION_LABELS: Final[dict[Decision, str]] = {
    Decision.LOCAL_RIGHT: "本地正确，上级更正",
    Decision.UPPER_RIGHT: "上级正确，本地更正",
    Decision.BOTH_WRONG: "双方均有误，分别更正",
    Decision.EXPLAINED: "差异可解释，不更正",
    Decision.MANUAL: "转人工核查",
}


class Operation(StrEnum):
    """What is done to a row. Labels: :data:`OPERATION_LABELS`."""

    UPDATE = "UPDATE"
    INSERT = "INSERT"
    DELETE = "DELETE"


OPERATION_LABELS: Final[dict[Operation, str]] = {Operation.UPDATE: "修改", Operation.INSERT: "新增", Operation.DELETE: "删除"}


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a target's table.

    Attributes:
        name: As the target spells it.
        kind: Kind of its values.
        length: For text: most characters; None where unlimited. For decimal: all digits.
        scale: For decimal: digits after the point.
        nullable: Whether it may be NULL.
        label: Chinese name.
        fixed: Text of CHAR(n): the database fills it up with blanks, which are no part of the value.
        codes: What its codes mean on the bundle's night, in Chinese: code and label; empty where it holds no codes.
    """

    name: str
    kind: ColumnKind = "text"
    length: int | None = None
    scale: int | None = None
    nullable: bool = True
    label: str = ""
    fixed: bool = False
    codes: tuple[tuple[str, str], ...] = ()

    def meaning(self, value: Value) -> str:
        """What people call a code; empty where the value is none."""
        return next((label for code, label in self.codes if code == value), "")


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table that a bundle changes.

    Attributes:
        name: ``schema.table`` or ``table``.
        key: Columns that name a row for good.
        columns: The key's columns, the live row's, the batch column and every column that the bundle reads or writes.
        batch_column: Column that takes the bundle's id; None where the table has none.
        live: Conditions of the row that is in force (a validity table keeps old versions): column and value.
        label: Chinese name.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    batch_column: str | None = None
    live: tuple[tuple[str, Value], ...] = ()
    label: str = ""

    def column(self, name: str) -> Column:
        """The column called ``name``.

        Raises:
            KeyError: The table has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A value that changes. For INSERT ``old`` is None, for DELETE ``new`` is None.

    Attributes:
        column: The column's name.
        old: The value that must be there; the change is guarded by it, NULL-safe.
        new: The right value.
        amount_fen: Old and new in fen where the column is money.
    """

    column: str
    old: Value
    new: Value
    amount_fen: tuple[int | None, int | None] | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """A row that changes.

    Attributes:
        number: 1, 2, … in the bundle's order.
        operation: What is done.
        table: Name of the table.
        key: Values of the table's key, in its order.
        cells: The values that change, in the order of the table's columns; for INSERT and DELETE all of the row's known ones.
        cases: Fingerprints of the cases (32 hex digits) that it answers.
        rule: Rule of the first case.
        field: Canonical field (``months_paid``); several joined by ``,``; empty for whole rows.
        region: Region of the row, None where unknown.
        person: Who the row is about, for counting people; never shown unmasked.
        evidence: Reference of the proof (档案号, 文号) where the field asks for one.
    """

    number: int
    operation: Operation
    table: str
    key: tuple[Value, ...]
    cells: tuple[Cell, ...]
    cases: tuple[str, ...]
    rule: str
    field: str
    region: str | None = None
    person: str | None = None
    evidence: str = ""


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a case was decided as it was.

    Attributes:
        case: Fingerprint.
        rule: The case's rule.
        kind: Kind of its finding.
        decision: The decision.
        basis: What decided, in Chinese: the row of the authority matrix, a person's decision with its reference, or what stands in the way.
        decided_by: User name of the person who decided; empty where the matrix did.
    """

    case: str
    rule: str
    kind: str
    decision: Decision
    basis: str
    decided_by: str = ""


@dataclass(frozen=True, kw_only=True)
class BundlePlan:
    """A bundle before it is frozen: a pure function of the cases, the site and the night.

    Attributes:
        id: ``BUNDLE-<region>-<yyyymmdd>-<seq>``.
        parent: The bundle of the round before.
        round: 1, 2, …
        target: The system that is corrected.
        business_date: Night whose data the old values are from.
        tables: The tables that change.
        changes: The rows that change, numbered.
        decision: Who is right, the same for all of the bundle.
        reasons: One per case, by fingerprint.
        key_field: Whether a key field changes: one person, evidence, second sign-off.
        selection: What was asked for, as JSON.
        proposer: User name of who asked.
    """

    id: str
    parent: str | None = None
    round: int = 1
    target: Target
    business_date: dt.date
    tables: tuple[Table, ...]
    changes: tuple[Change, ...]
    decision: Decision
    reasons: tuple[Reason, ...]
    key_field: bool = False
    selection: Mapping[str, Any] = field(default_factory=dict)
    proposer: str

    def table(self, name: str) -> Table:
        """The table called ``name``.

        Raises:
            KeyError: The bundle changes no such table.
        """
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)

    @property
    def cases(self) -> tuple[str, ...]:
        """Fingerprints of all cases, sorted."""
        return tuple(sorted({case for change in self.changes for case in change.cases}))

    @property
    def rules(self) -> tuple[str, ...]:
        """Ids of the cases' rules, sorted."""
        return tuple(sorted({reason.rule for reason in self.reasons}))

    @property
    def people(self) -> int:
        """How many people it touches."""
        return len({change.person for change in self.changes if change.person})

    @property
    def amount_before_fen(self) -> int:
        """Sum of the changed money before, in fen."""
        return sum(cell.amount_fen[0] or 0 for change in self.changes for cell in change.cells if cell.amount_fen)

    @property
    def amount_after_fen(self) -> int:
        """Sum of the changed money after, in fen."""
        return sum(cell.amount_fen[1] or 0 for change in self.changes for cell in change.cells if cell.amount_fen)

    @property
    def amount_moved_fen(self) -> int:
        """Sum of the absolute differences, in fen: what thresholds look at."""
        return sum(
            abs((cell.amount_fen[1] or 0) - (cell.amount_fen[0] or 0))
            for change in self.changes
            for cell in change.cells
            if cell.amount_fen
        )
