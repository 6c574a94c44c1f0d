"""A session with PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import psycopg

from hedui.corrections.model import ColumnKind, Dialect
from hedui.corrections.run.errors import RunError, TransientTargetError
from hedui.corrections.run.session import LOCK_SECONDS, Row, unpadded
from hedui.sources.postgres import cause
from hedui.sources.postgres_connect import connect

_DUPLICATE: Final = "23505"
_THERE: Final = {"42P07", "42P06", "42710", _DUPLICATE}  # a table, a schema; made at once by two: its row type, its catalogue's key
_GONE: Final = {"42P01"}
_BIND = re.compile(r":(\d+)")
_FETCH: Final = 2000
_CHAR: Final = 1042  # the type's oid
_SETTINGS: Final = f"""
SELECT set_config(name, CASE name WHEN 'lock_timeout' THEN '{LOCK_SECONDS}s' WHEN 'client_connection_check_interval' THEN '5s'
  WHEN 'DateStyle' THEN 'ISO, YMD' ELSE 'off' END, false)
FROM pg_settings WHERE name IN ('lock_timeout', 'client_connection_check_interval', 'DateStyle', 'jit')
"""
"""Waiting for locks ends; a server that works for a client that is gone stops (since 14); dates are ISO."""


class PostgresSession:
    """See :class:`hedui.corrections.run.session.Session`."""

    dialect = Dialect.POSTGRESQL

    def __init__(self, url: str, *, name: str) -> None:
        self._name = name
        with self._guarded():
            self._connection = connect(url)
            self._connection.execute(_SETTINGS)
            self._connection.commit()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise _translated(error, self._name) from None  # the driver's own text may quote data

    def define(self, sql: str) -> bool:
        """See the protocol."""
        return self._settled(sql, (), already=_THERE | _GONE)

    def add(self, sql: str, binds: Sequence[Any]) -> bool:
        """See the protocol."""
        return self._settled(sql, binds, already={_DUPLICATE})

    def _settled(self, sql: str, binds: Sequence[Any], *, already: set[str]) -> bool:
        with self._guarded():
            try:
                self._execute(sql, binds)
                self._connection.commit()
            except psycopg.Error as error:
                if error.sqlstate not in already:
                    raise
                self._connection.rollback()
                return False
        return True

    def query(self, sql: str, binds: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """See the protocol."""
        with self._guarded():
            return self._execute(sql, binds).fetchall()

    def columns(self, table: str) -> tuple[str, ...]:
        """See the protocol."""
        with self._guarded():
            cursor = self._connection.execute(f"SELECT * FROM {table} WHERE false".encode())
            return tuple(column.name for column in cursor.description or ())

    def fixed(self, table: str) -> frozenset[str]:
        """See the protocol."""
        with self._guarded():
            cursor = self._connection.execute(f"SELECT * FROM {table} WHERE false".encode())
            return frozenset(column.name for column in cursor.description or () if column.type_code == _CHAR)

    def stream(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """See the protocol."""
        with self._guarded(), self._connection.cursor(name="hedui_rows") as cursor:
            cursor.itersize = _FETCH
            cursor.execute(sql.encode())
            padded = [place for place, column in enumerate(cursor.description or ()) if column.type_code == _CHAR]
            for row in cursor:
                yield unpadded(row, padded)

    def lock(self, sql: str, binds: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """See the protocol."""
        return self.query(sql, binds)

    def lock_all(self, sql: str) -> int:
        """See the protocol. The rows stay in the server: the select is an inner one."""
        return int(self.query(f"WITH locked AS MATERIALIZED ({sql}) SELECT count(*) FROM locked")[0][0])

    def change(self, sql: str, binds: Sequence[Any] = ()) -> int:
        """See the protocol."""
        with self._guarded():
            return self._execute(sql, binds).rowcount

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
        """See the protocol. The server reads CSV itself, which is many times quicker than rows."""
        copying = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
        options = "" if csv is None else " WITH (FORMAT csv, HEADER true, ENCODING 'UTF8')"
        with self._guarded(), self._connection.cursor() as cursor:
            with cursor.copy(f"{copying}{options}".encode()) as copy:
                if csv is not None:
                    for block in csv:
                        copy.write(block)
                else:
                    for row in rows:
                        copy.write_row(row)
            return cursor.rowcount

    def commit(self) -> None:
        """See the protocol."""
        with self._guarded():
            self._connection.commit()

    def rollback(self) -> None:
        """See the protocol."""
        with self._guarded():
            self._connection.rollback()

    def close(self) -> None:
        """See the protocol."""
        with suppress(psycopg.Error):
            self._connection.close()

    def _execute(self, sql: str, binds: Sequence[Any]) -> psycopg.Cursor[Any]:
        if not binds:
            return self._connection.execute(sql.encode())
        return self._connection.execute(_BIND.sub("%s", sql).encode(), tuple(binds))


def _translated(error: psycopg.Error, name: str) -> RunError:
    state = error.sqlstate or ""
    text = f"{name}: PostgreSQL refused ({type(error).__name__}{f', SQLSTATE {state}' if state else ''})"
    if state.startswith("42"):  # names and privileges: identifiers, no data
        return RunError(f"{text}: {' '.join((error.diag.message_primary or '').split())}. Correct corrections.yaml or the grants.")
    if state.startswith(("22", "23")):
        where = ".".join(filter(None, (error.diag.table_name, error.diag.column_name))) or "no column named"
        rule = f", constraint {error.diag.constraint_name}" if error.diag.constraint_name else ""
        return RunError(f"{text}: a value does not fit ({where}{rule}); nothing was kept. Correct the proposal.")
    kind = cause(error)
    return RunError(f"{text}; nothing was kept.") if kind is None else TransientTargetError(f"{text}.", cause=kind)
