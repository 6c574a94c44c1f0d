"""What a bundle says to a database: a few set-based statements per step, each with the number of rows it must meet.

The statements hold no data: the changes are loaded into stage tables first. So the same text is rehearsed, executed and printed, and a
bundle of 100,000 rows has as many statements as one of a single row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hedui.corrections.model import ColumnKind, Value


class Step(StrEnum):
    """The steps in their order. Labels: :data:`STEP_LABELS`."""

    PREPARE = "prepare"
    STAGE = "stage"
    PRECHECK = "precheck"
    BACKUP = "backup"
    APPLY = "apply"
    POSTCHECK = "postcheck"
    ROLLBACK = "rollback"
    CLEAN = "clean"


STEP_LABELS: Final[dict[Step, str]] = {
    Step.PREPARE: "建立工作表",
    Step.STAGE: "装入修改数据",
    Step.PRECHECK: "执行前检查",
    Step.BACKUP: "备份",
    Step.APPLY: "修改",
    Step.POSTCHECK: "执行后检查",
    Step.ROLLBACK: "回退",
    Step.CLEAN: "清理工作表",
}


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement without binds and without data; whoever runs it asserts ``expect``.

    Attributes:
        sql: Its text, without a final semicolon.
        label: What it does or counts, in Chinese, for progress and for the message where it fails.
    """

    sql: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Definition(Statement):
    """Makes or drops a work table, outside any transaction; where the table is there already (or gone), nothing is to be done.

    Attributes:
        work: The work table, as the catalogue spells it.
    """

    work: str


@dataclass(frozen=True, kw_only=True)
class Lock(Statement):
    """A ``SELECT … FOR UPDATE`` without a limit of time (the session has one): it must give ``expect`` rows."""

    expect: int


@dataclass(frozen=True, kw_only=True)
class Count(Statement):
    """A ``SELECT COUNT(*)`` of one number, which must be ``expect``."""

    expect: int


@dataclass(frozen=True, kw_only=True)
class Write(Statement):
    """An INSERT, UPDATE or DELETE that must touch ``expect`` rows; any number where None."""

    expect: int | None


@dataclass(frozen=True, kw_only=True)
class Load(Statement):
    """Fills a stage table: COPY, or the INSERT in ``sql`` (``:1, :2, …``) for many rows at a time.

    Attributes:
        table: Quoted name of the stage table.
        columns: Quoted names of its columns, in the rows' order.
        kinds: Kinds of the columns.
        rows: Gives the rows, anew at every call.
        expect: How many there are.
        csv: Gives the same rows as the bytes of a CSV file with a line of names, in UTF-8, for a database that reads such files itself;
            None where there is none.
    """

    table: str
    columns: tuple[str, ...]
    kinds: tuple[ColumnKind, ...]
    rows: Callable[[], Iterator[tuple[Value, ...]]]
    expect: int
    csv: Callable[[], Iterator[bytes]] | None = None
