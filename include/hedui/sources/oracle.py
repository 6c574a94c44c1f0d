"""Reads Oracle by ``oracledb``'s Arrow batches from one state of the database.

Where the user may read the system change number (SCN), every query names it, so that a session that is lost between two tables is
replaced by another that reads the same state. Elsewhere there is one session in one ``SET TRANSACTION READ ONLY`` transaction, and
what ends the session ends the try. Two states are never mixed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import oracledb
import pyarrow as pa
from sqlalchemy.dialects import oracle
from sqlalchemy.engine import URL
from sqlalchemy.sql.compiler import IdentifierPreparer

from hedui.sources import retry
from hedui.sources.base import BATCH_ROWS
from hedui.sources.oracle_connect import close, connect, options
from hedui.sources.oracle_errors import cause, translated
from hedui.sources.oracle_values import OracleColumn, described
from hedui.sources.sql import Kind

SCN_QUERIES = (
    "SELECT CURRENT_SCN FROM V$DATABASE",
    "SELECT DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER FROM DUAL",
)
"""The ways to learn the SCN; each needs its own grant, and either will do."""


@contextmanager
def oracle_session(*, url: URL, source: str, timezone: str, tables: list[str]) -> Iterator[OracleSession]:
    """A session; what fails on it becomes a SourceError with Oracle's codes and no data.

    Args:
        url: See :mod:`hedui.sources.oracle_connect`.
        source: Source id, for messages.
        timezone: In which zone times with a zone are written.
        tables: The tables that will be read.
    """
    try:
        state = State(
            lambda: connect(url, source, timezone),
            [_quoted_table(name) for name in tables],
            named=options(url, source).get("scn", True),
        )
        try:
            yield OracleSession(state=state, source=source, timezone=timezone)
        finally:
            close(state.connection)
    except oracledb.Error as error:
        raise translated(error, source) from None  # the driver's own text may quote data


class State:
    """One state of the database, held over queries and, where it has a number, over sessions.

    Attributes:
        connection: The session that reads it now.
        scn: Its number; None where the user may not read it or may not read the tables by it.
    """

    def __init__(self, open_connection: Callable[[], Any], tables: list[str], *, named: bool) -> None:
        self._open = open_connection
        self.connection = open_connection()
        self.scn: int | None = None
        try:
            if named:
                self.scn = self._number(tables)
            self._begin()
        except BaseException:
            close(self.connection)
            raise

    @property
    def clause(self) -> str:
        """What stands behind a table's name."""
        return "" if self.scn is None else f" AS OF SCN {self.scn}"

    def renew(self) -> None:
        """Reads the same state in another session; only where it has a number."""
        close(self.connection)
        self.connection = self._open()
        self._begin()

    def _number(self, tables: list[str]) -> int | None:
        """The SCN, if all tables can be read by it: one that cannot would be read in another state than the rest."""
        for query in SCN_QUERIES:
            try:
                with self.connection.cursor() as cursor:
                    row = cursor.execute(query).fetchone()
                    number = int(row[0])
                    for table in tables:
                        cursor.execute(f"SELECT 1 FROM {table} AS OF SCN {number} WHERE 1 = 0").fetchall()
                    return number
            except oracledb.DatabaseError as error:
                if cause(error) not in (None, "snapshot"):  # not a matter of grants: the next try may have the number
                    raise
        return None

    def _begin(self) -> None:
        self.connection.rollback()  # a read-only transaction must begin with SET TRANSACTION
        with self.connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")


class OracleSession:
    """A state of the database being read; see :class:`hedui.sources.sql.Session`."""

    checks_text = False

    def __init__(self, *, state: State, source: str, timezone: str) -> None:
        self._state = state
        self._source = source
        self._timezone = timezone
        self._columns: dict[str, OracleColumn] = {}
        self._days: dict[str, dt.datetime | int | str] = {}
        self.identity: dict[str, Any] = {"scn": state.scn}

    def quote(self, name: str) -> str:
        """The name; lower case stands for Oracle's upper case, as in SQLAlchemy."""
        return _PREPARER.quote(name)

    def quote_table(self, name: str) -> str:
        """Schema and name, and the state to read."""
        return _quoted_table(name) + self._state.clause

    def kinds(self, table: str, columns: list[str]) -> dict[str, Kind]:
        """Asks for no rows, to learn the types."""
        query = f"SELECT {', '.join(self.quote(name) for name in columns)} FROM {self.quote_table(table)} WHERE 1 = 0"
        descriptions = self._unless_lost(lambda: self._describe(query))
        self._columns = {
            name: described(self.quote(name), description, source=self._source, column=name)
            for name, description in zip(columns, descriptions, strict=True)
        }
        return {name: column.kind or "text" for name, column in self._columns.items()}

    def item(self, column: str, kind: Kind) -> str:
        """The column as it is, where its Arrow type is exact; else text made by the server."""
        return self._columns[column].item(self._timezone)

    def day(self, name: str, text: str, kind: Kind) -> str:
        """A bind parameter."""
        if kind == "timestamp":
            self._days[name] = dt.datetime.fromisoformat(text)
        else:
            self._days[name] = int(text) if kind == "number" and text.isdecimal() else text
        return f":{name}"

    def stream(self, query: str, columns: list[str]) -> Iterator[list[pa.Array]]:
        """Arrow batches, each column cast to text without loss."""
        days, self._days = self._days, {}
        used = [self._columns[name] for name in columns]
        requested = pa.schema([(name.upper(), column.requested or pa.string()) for name, column in zip(columns, used, strict=True)])

        def begin() -> tuple[Iterator[Any], Any]:
            frames = iter(self._state.connection.fetch_df_batches(query, days, size=BATCH_ROWS, requested_schema=requested))
            return frames, next(frames, None)

        # until the first rows are here, another session can take over; after that it would give rows twice
        frames, frame = self._unless_lost(begin)
        while frame is not None:
            table = pa.table(frame)
            yield [column.text(array.combine_chunks()) for column, array in zip(used, table.columns, strict=True)]
            frame = next(frames, None)

    def _describe(self, query: str) -> list[Any]:
        with self._state.connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.description)

    def _unless_lost(self, call: Callable[[], Any]) -> Any:
        """The call's result; where the session is lost, another session reads the same state, where it has a number."""
        for pause in (*retry.PAUSES["connection"], None):
            try:
                return call()
            except oracledb.Error as error:
                if pause is None or self._state.scn is None or cause(error) != "connection":
                    raise
                retry.pause(pause)
                self._state.renew()
        raise AssertionError("the last try returns or raises")


_PREPARER: IdentifierPreparer = oracle.dialect().identifier_preparer  # type: ignore[no-untyped-call]


def _quoted_table(name: str) -> str:
    return ".".join(_PREPARER.quote(part) for part in name.split("."))
