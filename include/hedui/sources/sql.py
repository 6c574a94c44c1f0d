"""Reads the tables of a database in one consistent snapshot, every value as text.

The database turns nothing into a float and nothing by its language settings: numbers come as decimal text, dates as ISO, with the time
only where there is one. Which driver reads is decided by the connection's URL; each driver is a :class:`Session`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from hedui.context import Context
from hedui.engine import render
from hedui.errors import HeduiError, SourceError, SourceMissingError
from hedui.site.models import AsOf, Source, SourceDataset, SqlReader
from hedui.sources.base import Delivery, Packet, RawBatch, text_batch, text_schema, wanted_columns
from hedui.sources.undecodable import readable_batch

Kind = Literal["text", "number", "date", "timestamp"]
MIDNIGHT = r"[ T]00:00:00(\.0+)?$"


class Session(Protocol):
    """One connection to a database, in one read-only transaction that sees one state."""

    identity: dict[str, Any]
    """What tells this snapshot from another, where the database says it."""

    checks_text: bool
    """Whether text that is not in the database's encoding never comes through."""

    def quote(self, name: str) -> str:
        """A column's name in SQL text."""

    def quote_table(self, name: str) -> str:
        """A table's name, with its schema, in SQL text."""

    def kinds(self, table: str, columns: list[str]) -> dict[str, Kind]:
        """What kind of values each column holds.

        Raises:
            SourceFormatError: The table or a column does not exist.
        """

    def item(self, column: str, kind: Kind) -> str:
        """A select item that yields the column's value."""

    def day(self, name: str, text: str, kind: Kind) -> str:
        """A day in SQL text: a literal, or a bind parameter called ``name``."""

    def stream(self, query: str, columns: list[str]) -> Iterator[list[pa.Array]]:
        """Runs a query; batches of text arrays, one per column."""


def sql_source(*, context: Context, source: Source) -> SqlSource:
    """The reader of a source whose datasets are tables."""
    return SqlSource(context=context, source=source)


class SqlSource:
    """Reader of a source whose datasets are tables of a database."""

    def __init__(self, *, context: Context, source: Source) -> None:
        if not isinstance(source.reader, SqlReader):
            raise HeduiError(f"Source {source.id} is not of type sql.")
        self._context = context
        self._source = source
        self._connection = source.reader.connection

    @contextmanager
    def open(self, date: dt.date) -> Iterator[SqlSnapshot]:
        """All tables in one transaction; see :class:`hedui.sources.base.Reader`."""
        self._check_current(date)
        with self._session() as session:
            yield SqlSnapshot(session=session, source=self._source, date=date)

    def _check_current(self, date: dt.date) -> None:
        """A table without history is the state of the night after the business date, and of no other."""
        today = dt.datetime.now(ZoneInfo(self._context.site.timezone)).date()
        for dataset, spec in self._source.datasets.items():
            if spec.as_of.mode == "current" and not dt.timedelta(0) <= today - date <= dt.timedelta(days=1):
                raise SourceMissingError(
                    f"Source {self._source.id}: table {spec.table} ({dataset}) knows only its present state and cannot be read "
                    f"as of {date}; give it as_of with mode date or validity, or leave this date out."
                )

    def _session(self) -> AbstractContextManager[Session]:
        # drivers are imported when they are needed: a site without Oracle does not pay for its driver
        try:
            url = make_url(self._context.connection(self._connection))
        except (ArgumentError, ValueError):
            raise SourceError(f"Connection {self._connection} of source {self._source.id} is not a SQLAlchemy URL.") from None
        backend = url.drivername.split("+")[0]
        return self._driver(url, backend)

    def _driver(self, url: URL, backend: str) -> AbstractContextManager[Session]:
        source, zone = self._source.id, self._context.site.timezone
        if backend in ("postgresql", "postgres"):
            from hedui.sources.postgres import postgres_session

            return postgres_session(url=url, source=source, timezone=zone)
        if backend == "oracle":
            from hedui.sources.oracle import oracle_session

            tables = list(dict.fromkeys(spec.table for spec in self._source.datasets.values() if spec.table is not None))
            return oracle_session(url=url, source=source, timezone=zone, tables=tables)
        from hedui.sources.anydb import any_session

        try:
            url.get_dialect()
        except (NoSuchModuleError, ImportError):
            raise SourceError(
                f'Connection {self._connection} of source {source}: no driver for "{url.drivername}" is installed.'
            ) from None
        return any_session(url=url, source=source)


class SqlSnapshot:
    """The tables of a source as of one moment."""

    def __init__(self, *, session: Session, source: Source, date: dt.date) -> None:
        self._session = session
        self._source = source
        self._date = date

    def read(self, dataset: str) -> Iterator[RawBatch]:
        """The table's rows as of the business date."""
        spec = self._source.datasets[dataset]
        columns = wanted_columns(self._source, dataset)
        query, kinds = self._query(spec, columns)
        first_row, checked = 1, self._session.checks_text
        for arrays in self._session.stream(query, columns):
            values = [_without_midnight(array, kinds[name]) for name, array in zip(columns, arrays, strict=True)]
            batch = text_batch(columns, values, first_row) if checked else readable_batch(columns, values, first_row)
            first_row += batch.records.num_rows + len(batch.bad)
            yield batch
        if first_row == 1:
            yield text_batch(columns, [pa.array([], type=pa.string()) for _ in text_schema(columns)], 1)

    def delivery(self, dataset: str) -> Delivery:
        """The table, how it was read as of the date, and the database's own name for the snapshot."""
        spec = self._source.datasets[dataset]
        return Delivery(carrier="sql", place=spec.table, identity={"as_of": spec.as_of.mode, **self._session.identity})

    def packets(self, dataset: str) -> tuple[Packet, ...]:
        """None: a table is one packet that tells nothing of itself."""
        return ()

    def _query(self, spec: SourceDataset, columns: list[str]) -> tuple[str, dict[str, Kind]]:
        session, as_of = self._session, spec.as_of
        dated = [name for name in (as_of.column, as_of.valid_from, as_of.valid_to) if name is not None]
        kinds = session.kinds(spec.table, list(dict.fromkeys([*columns, *dated])))
        parameters: dict[str, Any] = {
            "items": [session.item(name, kinds[name]) for name in columns],
            "table": session.quote_table(spec.table),
        }
        if as_of.mode == "date" and as_of.column is not None:
            kind = kinds[as_of.column]
            parameters |= {
                "column": session.quote(as_of.column),
                "first": session.day("first", _day(self._date, as_of, kind), kind),
                "next": session.day("next", _day(self._next, as_of, kind), kind),
            }
        elif as_of.mode == "validity" and as_of.valid_from is not None and as_of.valid_to is not None:
            kind = kinds[as_of.valid_from]
            parameters |= {
                "valid_from": session.quote(as_of.valid_from),
                "valid_to": session.quote(as_of.valid_to),
                "next": session.day("next", _day(self._next, as_of, kind), kind),
            }
        return render(f"extract/{as_of.mode}.sql", **parameters), kinds

    @property
    def _next(self) -> dt.date:
        return self._date + dt.timedelta(days=1)


def _day(date: dt.date, as_of: AsOf, kind: Kind) -> str:
    """ISO for columns of dates; as the site says where the column is text or a number."""
    return date.isoformat() if kind in ("date", "timestamp") else date.strftime(as_of.format)


def _without_midnight(array: pa.Array, kind: Kind) -> pa.Array:
    """A time of midnight says that there is only a date: Oracle's DATE always has one."""
    if kind != "timestamp":
        return array
    return pc.replace_substring_regex(array, pattern=MIDNIGHT, replacement="")
