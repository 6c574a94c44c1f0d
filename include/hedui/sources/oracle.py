"""Reads Oracle by ``oracledb``'s Arrow batches in one ``SET TRANSACTION READ ONLY`` transaction: every query sees one SCN.

Numbers with declared precision are fetched as decimals, others as text made by the server with a point whatever its language; nothing
passes through a float. Dates are fetched as timestamps and written as ISO here, so that NLS settings do not matter.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import oracledb
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import create_engine
from sqlalchemy.dialects import oracle
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.compiler import IdentifierPreparer

from hedui.errors import SourceError, SourceFormatError
from hedui.sources.base import BATCH_ROWS
from hedui.sources.sql import Kind

EXACT_SCALE = 6  # Arrow writes decimals with more places in scientific notation
NUMERIC_CHARACTERS = "NLS_NUMERIC_CHARACTERS=''.,'' "
WRONG_NAMES = {904, 942, 980, 1031, 4043}
"""Errors about tables, columns and privileges: no retry mends them."""


@contextmanager
def oracle_session(*, url: URL, source: str, timezone: str) -> Iterator[OracleSession]:
    """A session; what fails on it becomes a SourceError with Oracle's code and no data.

    Args:
        url: ``oracle+oracledb://user:password@host:1521?service_name=…``.
        source: Source id, for messages.
        timezone: In which zone times with a zone are written.
    """
    try:
        engine = create_engine(url.set(drivername="oracle+oracledb"), poolclass=NullPool)
        with closing(engine.raw_connection()) as pooled:
            connection: Any = pooled.driver_connection
            connection.rollback()  # a read-only transaction must begin with SET TRANSACTION
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
            yield OracleSession(connection=connection, source=source, timezone=timezone)
            connection.rollback()
    except oracledb.Error as error:
        raise _translated(error, source) from None  # the driver's own text may quote data


class OracleSession:
    """A connection in a read-only transaction; see :class:`hedui.sources.sql.Session`."""

    def __init__(self, *, connection: Any, source: str, timezone: str) -> None:
        self._connection = connection
        self._source = source
        self._timezone = timezone
        self._preparer: IdentifierPreparer = oracle.dialect().identifier_preparer  # type: ignore[no-untyped-call]
        self._described: dict[str, Any] = {}
        self._days: dict[str, dt.datetime | str] = {}
        self.identity: dict[str, Any] = {"dsn": str(connection.dsn)}

    def quote(self, name: str) -> str:
        """The name; lower case stands for Oracle's upper case, as in SQLAlchemy."""
        return self._preparer.quote(name)

    def quote_table(self, name: str) -> str:
        """Schema and name."""
        return ".".join(self.quote(part) for part in name.split("."))

    def kinds(self, table: str, columns: list[str]) -> dict[str, Kind]:
        """Asks for no rows, to learn the types."""
        with self._connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(self.quote(name) for name in columns)} FROM {self.quote_table(table)} WHERE 1 = 0")
            self._described = dict(zip(columns, cursor.description, strict=True))
        return {name: self._kind(name) for name in columns}

    def item(self, column: str, kind: Kind) -> str:
        """The column as it is, where its Arrow type is exact; else text made by the server."""
        name, code = self.quote(column), self._described[column].type_code
        if kind == "number" and self._requested(column) is None:
            return f"TO_CHAR({name}, 'TM9', '{NUMERIC_CHARACTERS.strip()}')"
        if code in (oracledb.DB_TYPE_TIMESTAMP_TZ, oracledb.DB_TYPE_TIMESTAMP_LTZ):
            return f"TO_CHAR({name} AT TIME ZONE '{self._timezone}', 'YYYY-MM-DD HH24:MI:SS.FF6')"
        if code == oracledb.DB_TYPE_RAW:
            return f"RAWTOHEX({name})"
        return name

    def day(self, name: str, text: str, kind: Kind) -> str:
        """A bind parameter."""
        self._days[name] = dt.datetime.fromisoformat(text) if kind == "timestamp" else text
        return f":{name}"

    def stream(self, query: str, columns: list[str]) -> Iterator[list[pa.Array]]:
        """Arrow batches, each column cast to text without loss."""
        days, self._days = self._days, {}
        requested = pa.schema([(name.upper(), self._requested(name) or pa.string()) for name in columns])
        for frame in self._connection.fetch_df_batches(query, days, size=BATCH_ROWS, requested_schema=requested):
            table = pa.table(frame)
            yield [
                _text(column.combine_chunks(), self._described[name]) for name, column in zip(columns, table.columns, strict=True)
            ]

    def _kind(self, column: str) -> Kind:
        code = self._described[column].type_code
        if code in (oracledb.DB_TYPE_NUMBER, oracledb.DB_TYPE_BINARY_DOUBLE, oracledb.DB_TYPE_BINARY_FLOAT):
            return "number"
        stamps = (oracledb.DB_TYPE_DATE, oracledb.DB_TYPE_TIMESTAMP, oracledb.DB_TYPE_TIMESTAMP_TZ, oracledb.DB_TYPE_TIMESTAMP_LTZ)
        if code in stamps:
            return "timestamp"
        if code in (oracledb.DB_TYPE_BLOB, oracledb.DB_TYPE_BFILE, oracledb.DB_TYPE_LONG_RAW):
            raise SourceFormatError(f'Source {self._source}: column "{column}" is binary; map a column of text, number or date.')
        return "text"

    def _requested(self, column: str) -> pa.DataType | None:
        """The Arrow type to ask for; None where the server makes the text or the default is exact."""
        described = self._described[column]
        if described.type_code == oracledb.DB_TYPE_DATE:
            return pa.timestamp("s")
        if described.type_code == oracledb.DB_TYPE_TIMESTAMP:
            return pa.timestamp("us")
        if described.type_code == oracledb.DB_TYPE_NUMBER and described.precision and 0 <= (described.scale or 0) <= EXACT_SCALE:
            return pa.decimal128(38, described.scale or 0)
        return None


def _text(array: pa.Array, described: Any) -> pa.Array:
    text = array.cast(pa.string())
    if described.type_code == oracledb.DB_TYPE_NUMBER:
        # TO_CHAR leaves out the zero before the point
        text = pc.replace_substring_regex(text, pattern=r"^\.", replacement="0.")
        text = pc.replace_substring_regex(text, pattern=r"^-\.", replacement="-0.")
    return text


def _translated(error: oracledb.Error, source: str) -> SourceError:
    detail = error.args[0] if error.args else None
    code, full = getattr(detail, "code", 0), getattr(detail, "full_code", type(error).__name__)
    if code in WRONG_NAMES:
        return SourceFormatError(
            f"Source {source}: {full}: a table or column does not exist or may not be read; adapt the source's YAML or its grants."
        )
    return SourceError(f"Source {source}: Oracle cannot be read: {full}.")
