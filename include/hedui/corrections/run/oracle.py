"""A session with Oracle."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final, TypeVar

import oracledb
from sqlalchemy import make_url

from hedui.corrections.model import ColumnKind, Dialect
from hedui.corrections.run.errors import RunError, TransientTargetError
from hedui.corrections.run.session import LOCK_SECONDS, Row, unpadded
from hedui.errors import SourceError
from hedui.sources import oracle_connect
from hedui.sources.oracle_errors import NAMES, cause, codes
from hedui.sources.retry import TransientSourceError

_THERE: Final = "ORA-00955"
_GONE: Final = "ORA-00942"
_DUPLICATE: Final = "ORA-00001"
_BUSY: Final = "ORA-00054"
_SLICE: Final = 500  # rows of one executemany: short messages
_FETCH: Final = 2000
_CHAR: Final = (oracledb.DB_TYPE_CHAR, oracledb.DB_TYPE_NCHAR)
_TYPES: Final[dict[ColumnKind, Any]] = {
    "text": oracledb.DB_TYPE_VARCHAR,
    "integer": oracledb.DB_TYPE_NUMBER,
    "decimal": oracledb.DB_TYPE_NUMBER,
    "date": oracledb.DB_TYPE_DATE,
    "timestamp": oracledb.DB_TYPE_TIMESTAMP,
}
Result = TypeVar("Result")


class OracleSession:
    """See :class:`hedui.corrections.run.session.Session`."""

    dialect = Dialect.ORACLE

    def __init__(self, url: str, *, name: str) -> None:
        self._name = name
        try:
            with self._guarded():
                self._connection = oracle_connect.connect(make_url(url), name, "Asia/Shanghai")
        except TransientSourceError as error:
            raise TransientTargetError(str(error), cause=error.cause) from None
        except SourceError as error:
            raise RunError(str(error)) from None

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except oracledb.Error as error:
            raise _translated(error, self._name) from None  # the driver's own text may quote data

    def define(self, sql: str) -> bool:
        """See the protocol. Oracle commits before and after."""
        return self._settled(sql, (), already={_THERE, _GONE, _DUPLICATE})

    def add(self, sql: str, binds: Sequence[Any]) -> bool:
        """See the protocol."""
        return self._settled(sql, binds, already={_DUPLICATE})

    def _settled(self, sql: str, binds: Sequence[Any], *, already: set[str]) -> bool:
        with self._guarded(), self._connection.cursor() as cursor:
            try:
                cursor.execute(sql, list(binds))
                self._connection.commit()
            except oracledb.DatabaseError as error:
                if not already & set(codes(error)):
                    raise
                self._connection.rollback()
                return False
        return True

    def query(self, sql: str, binds: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """See the protocol."""
        with self._guarded(), self._connection.cursor() as cursor:
            return list(cursor.execute(sql, list(binds)).fetchall())

    def columns(self, table: str) -> tuple[str, ...]:
        """See the protocol."""
        return tuple(item[0] for item in self._described(table))

    def fixed(self, table: str) -> frozenset[str]:
        """See the protocol."""
        return frozenset(item[0] for item in self._described(table) if item[1] in _CHAR)

    def _described(self, table: str) -> list[Any]:
        with self._guarded(), self._connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table} WHERE 1 = 0")
            return list(cursor.description)

    def stream(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """See the protocol."""
        with self._guarded(), self._connection.cursor() as cursor:
            cursor.arraysize = _FETCH
            rows = cursor.execute(sql, fetch_decimals=True)
            padded = [place for place, item in enumerate(cursor.description) if item[1] in _CHAR]
            for row in rows:
                yield unpadded(row, padded)

    def lock(self, sql: str, binds: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """See the protocol. Nothing is waited for in the server, which knows no limit; it is asked again until the time is over."""
        return self._patiently(lambda: self.query(f"{sql} NOWAIT", binds))

    def lock_all(self, sql: str) -> int:
        """See the protocol."""
        return self._patiently(lambda: sum(1 for _ in self.stream(f"{sql} NOWAIT")))

    def _patiently(self, ask: Callable[[], Result]) -> Result:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                return ask()
            except TransientTargetError as error:
                if _BUSY not in str(error) or time.monotonic() > deadline:
                    raise
            time.sleep(0.2)

    def change(self, sql: str, binds: Sequence[Any] = ()) -> int:
        """See the protocol."""
        with self._guarded(), self._connection.cursor() as cursor:
            cursor.execute(sql, list(binds))
            return int(cursor.rowcount)

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
        """See the protocol. Types are said beforehand: the driver would guess them from the first row, where a value may be NULL."""
        left, count = iter(rows), 0
        with self._guarded(), self._connection.cursor() as cursor:
            cursor.setinputsizes(*(_TYPES[kind] for kind in kinds))
            while part := [list(row) for row in islice(left, _SLICE)]:
                cursor.executemany(sql, part)
                count += len(part)
        return count

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
        oracle_connect.close(self._connection)


def _translated(error: oracledb.Error, name: str) -> RunError:
    named = codes(error)
    text = f"{name}: Oracle refused ({', '.join(named)})"
    if {f"ORA-{number:05d}" for number in NAMES} & set(named):
        return RunError(
            f"{text}: a table or column is not there, too narrow, or may not be used. Correct corrections.yaml or the grants."
        )
    kind = cause(error)
    if kind is None:
        return RunError(
            f"{text}; nothing was kept. See the code's meaning in Oracle's manual; where a value does not fit, correct it."
        )
    return TransientTargetError(f"{text}.", cause=kind)
