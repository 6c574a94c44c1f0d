"""A session with a target: what execution, rollback and rehearsal need of a database, the same for every kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, Protocol

from sqlalchemy import make_url

from hedui.corrections.model import ColumnKind, Dialect
from hedui.corrections.run.errors import RunError

LOCK_SECONDS: Final = 30
"""How long a session waits for rows that others hold."""

Row = Sequence[Any]


class Session(Protocol):
    """A connection outside autocommit. What fails on it is a RunError without data; a new try can mend a TransientTargetError."""

    dialect: Dialect

    def define(self, sql: str) -> bool:
        """Makes or drops a table; False where it is there (gone) already. What was written before is committed or rolled back: call it
        outside transactions.
        """

    def query(self, sql: str, binds: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a small query; binds as ``:1``, ``:2``, … in the text."""

    def columns(self, table: str) -> tuple[str, ...]:
        """Names of a table's columns, as the catalogue spells them; ``table`` is quoted."""

    def fixed(self, table: str) -> frozenset[str]:
        """Those of a table's columns that are CHAR(n), which the database fills up with blanks."""

    def stream(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a large query; values of CHAR(n) without the blanks that the database fills them up with."""

    def lock(self, sql: str, binds: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a ``SELECT … FOR UPDATE``.

        Raises:
            TransientTargetError: Others hold them for longer than :data:`LOCK_SECONDS`.
        """

    def lock_all(self, sql: str) -> int:
        """Locks the rows of a large ``SELECT … FOR UPDATE`` and counts them; see :meth:`lock`."""

    def change(self, sql: str, binds: Sequence[Any] = ()) -> int:
        """Runs an INSERT, UPDATE or DELETE and gives the number of rows it touched."""

    def add(self, sql: str, binds: Sequence[Any]) -> bool:
        """Adds a row and commits; False where its key is there already."""

    def insert(
        self,
        *,
        sql: str,
        table: str,
        columns: Sequence[str],
        kinds: Sequence[ColumnKind],
        rows: Iterable[Row],
        csv: Iterable[bytes] | None = None,
    ) -> int:
        """Writes many rows as fast as the database takes them.

        Args:
            sql: The INSERT with ``:1``, ``:2``, …, where the database has nothing faster.
            table: Quoted name.
            columns: Quoted names of the columns, in the rows' order.
            kinds: What each column holds.
            rows: The rows.
            csv: The same rows as the bytes of a CSV file with a line of names, where the database may read it itself.
        """

    def commit(self) -> None:
        """Ends the transaction."""

    def rollback(self) -> None:
        """Gives the transaction up."""

    def close(self) -> None:
        """Ends the session, also a lost one."""


def open_session(url: str, *, dialect: Dialect, name: str) -> Session:
    """A session with a target.

    Args:
        url: SQLAlchemy URL.
        dialect: What the site says the target speaks.
        name: The target's name, for messages.

    Raises:
        RunError: The URL is of another kind of database, or of one without a driver here.
        TransientTargetError: There is no connection now.
    """
    kind = make_url(url).get_backend_name()
    if kind == "postgresql" and dialect is Dialect.POSTGRESQL:
        from hedui.corrections.run.postgres import PostgresSession

        return PostgresSession(url, name=name)
    if kind == "oracle" and dialect is Dialect.ORACLE:
        from hedui.corrections.run.oracle import OracleSession

        return OracleSession(url, name=name)
    raise RunError(
        f"{name}: its dialect is {dialect}, its connection is {kind}; Hedui executes in PostgreSQL and Oracle. Correct corrections.yaml or "
        "the connection; for other databases set the mode to dispatch and have the bundle's SQL run there."
    )


def unpadded(row: tuple[Any, ...], places: Sequence[int]) -> tuple[Any, ...]:
    """A row without the blanks at the end of its values of CHAR(n), which stand at the places."""
    if not places:
        return row
    values = list(row)
    for place in places:
        if values[place] is not None:
            values[place] = values[place].rstrip(" ")
    return tuple(values)


def plain(value: Any) -> Any:
    """A value as it compares across databases: dates without midnight as text, decimals without trailing zeros."""
    if isinstance(value, dt.datetime):
        text = value.isoformat(sep=" ")
        return text.removesuffix(" 00:00:00")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        number = Decimal(str(value))
        return format(number.normalize(), "f") if number else "0"
    return value
