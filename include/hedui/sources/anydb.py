"""Reads any other database that SQLAlchemy knows, row by row from a server-side cursor, in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, NoSuchTableError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from hedui.errors import SourceError, SourceFormatError
from hedui.site.problems import choose
from hedui.sources.base import BATCH_ROWS
from hedui.sources.retry import TransientSourceError
from hedui.sources.sql import Kind

SNAPSHOT_LEVELS = ("REPEATABLE READ", "SNAPSHOT", "SERIALIZABLE")


@contextmanager
def any_session(*, url: URL, source: str) -> Iterator[AnySession]:
    """A session; what fails on it becomes a SourceError that names the source and no data."""
    try:
        engine = sa.create_engine(url, poolclass=NullPool)
        with engine.connect() as connection:
            connection = connection.execution_options(stream_results=True, max_row_buffer=BATCH_ROWS)
            _begin_snapshot(connection)
            yield AnySession(connection=connection, source=source)
    except NoSuchTableError as error:
        raise SourceFormatError(f"Source {source}: there is no table {error}; adapt table in the source's YAML.") from None
    except SQLAlchemyError as error:
        # the driver's own text may quote data
        raise _translated(error, source) from None


def _translated(error: SQLAlchemyError, source: str) -> SourceError:
    cause = error.orig if isinstance(error, DBAPIError) else error
    message = f"Source {source}: the database cannot be read ({type(cause).__name__})."
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return TransientSourceError(message, cause="connection")
    return SourceError(message)


def _begin_snapshot(connection: sa.Connection) -> None:
    """All reads see one state; SQLite's driver begins no transaction for reading by itself."""
    raw = connection.connection.dbapi_connection
    levels = connection.dialect.get_isolation_level_values(raw) if raw is not None else []
    level = next((level for level in SNAPSHOT_LEVELS if level in levels), None)
    if level is not None and connection.dialect.name != "sqlite":
        connection.rollback()
        connection.execution_options(isolation_level=level)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN")


class AnySession:
    """A connection; see :class:`hedui.sources.sql.Session`."""

    checks_text = True

    def __init__(self, *, connection: sa.Connection, source: str) -> None:
        self._connection = connection
        self._source = source
        self._preparer = connection.dialect.identifier_preparer
        self._days: dict[str, dt.date | str] = {}
        self.identity: dict[str, Any] = {"dialect": connection.dialect.name}

    def quote(self, name: str) -> str:
        """The name, quoted where the database needs it."""
        return self._preparer.quote(name).replace(":", "\\:")

    def quote_table(self, name: str) -> str:
        """Schema and name."""
        return ".".join(self.quote(part) for part in name.split("."))

    def kinds(self, table: str, columns: list[str]) -> dict[str, Kind]:
        """From the database's catalogue."""
        schema, _, name = table.rpartition(".")
        described = {column["name"].lower(): column for column in sa.inspect(self._connection).get_columns(name, schema or None)}
        kinds: dict[str, Kind] = {}
        for column in columns:
            if column.lower() not in described:
                raise SourceFormatError(
                    f'Source {self._source}: table {table} has no column "{column}"; {choose(column, described)} '
                    "Adapt columns in the source's YAML."
                )
            kinds[column] = _kind(described[column.lower()]["type"])
        return kinds

    def item(self, column: str, kind: Kind) -> str:
        """The column as it is; its value becomes text here."""
        return self.quote(column)

    def day(self, name: str, text: str, kind: Kind) -> str:
        """A bind parameter."""
        self._days[name] = dt.date.fromisoformat(text) if kind in ("date", "timestamp") else text
        return f":{name}"

    def stream(self, query: str, columns: list[str]) -> Iterator[list[pa.Array]]:
        """Rows in partitions, each value as text."""
        days, self._days = self._days, {}
        statement = sa.text(query).bindparams(
            *(sa.bindparam(name, day, sa.Date() if isinstance(day, dt.date) else sa.String()) for name, day in days.items())
        )
        for rows in self._connection.execute(statement).partitions(BATCH_ROWS):
            yield [pa.array([value_text(value) for value in column], type=pa.string()) for column in zip(*rows, strict=True)]


def _kind(kind: sa.types.TypeEngine[Any]) -> Kind:
    if isinstance(kind, sa.DateTime):
        return "timestamp"
    if isinstance(kind, sa.Date):
        return "date"
    return "number" if isinstance(kind, sa.Numeric | sa.Integer | sa.Float) else "text"


def value_text(value: Any) -> str | None:
    """A value as text: no float notation, ISO dates."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f").removesuffix(".0") if value - value == 0 else str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)
