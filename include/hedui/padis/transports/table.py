"""A front-end database: our records go into a table in one transaction, the receiver writes its results beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, Text, create_engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from hedui.padis.errors import NotDeliveredError, UnansweredError
from hedui.padis.packing import Parcel, with_rows
from hedui.padis.receipts import LineVerdict, write_receipt
from hedui.padis.transports import Asked
from hedui.site.padis_profile import Profile
from hedui.site.padis_transport import TableTransport


class TableWay:
    """Inserts, and reads results; a batch is there or it is not, as the database says."""

    def __init__(self, how: TableTransport, *, profile: Profile, url: str) -> None:
        self._how = how
        self._profile = profile
        self._engine: Engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
        meta = MetaData(schema=how.db_schema)
        results = (how.status, how.code, how.reason)
        self._whole = Table(
            how.whole, meta, Column(how.batch, Text), Column(how.rows, Integer), *(Column(name, Text) for name in results)
        )
        self._results = Table(
            how.table, meta, Column(how.batch, Text), Column(how.line, Integer), *(Column(name, Text) for name in results)
        )

    def send(self, parcel: Parcel) -> bytes | None:
        """See :class:`~hedui.padis.transports.Transport`."""
        how, rows = self._how, with_rows(self._profile, parcel).rows
        columns: list[Column[Any]] = [Column(how.batch, Text), Column(how.line, Integer)]
        columns += [Column(name, Text) for name in parcel.columns]
        target = Table(how.table, MetaData(schema=how.db_schema), *columns)
        values = [{how.batch: parcel.batch, how.line: line, **row} for line, row in enumerate(rows, 1)]
        try:
            connection = self._engine.connect()
        except SQLAlchemyError as error:
            raise NotDeliveredError(f"The front-end database cannot be reached ({type(error).__name__}).") from None
        with connection:
            self._insert(connection, target, values, parcel)
            try:
                connection.commit()
            except SQLAlchemyError as error:
                raise UnansweredError(f"The front-end database did not confirm ({type(error).__name__}).") from None
        return None

    def _insert(self, connection: Connection, target: Table, values: list[dict[str, Any]], parcel: Parcel) -> None:
        how = self._how
        try:
            if connection.execute(select(self._whole.c[how.batch]).where(self._whole.c[how.batch] == parcel.batch)).first():
                return
            if values:
                connection.execute(target.insert(), values)
            connection.execute(self._whole.insert(), {how.batch: parcel.batch, how.rows: len(values)})
        except SQLAlchemyError as error:  # nothing is committed: the transaction ends with the connection
            raise NotDeliveredError(f"The front-end database refuses ({type(error).__name__}); check its tables.") from None

    def ask(self, parcel: Parcel) -> Asked:
        """See :class:`~hedui.padis.transports.Transport`."""
        try:
            with self._engine.connect() as connection:
                row = connection.execute(self._of(parcel.batch)).mappings().first()
                if row is None:
                    return Asked(state="absent")
                if not row[self._how.status]:
                    return Asked(state="pending")
                return Asked(state="answered", body=self._receipt(connection, parcel.batch, dict(row)))
        except SQLAlchemyError as error:
            raise UnansweredError(f"The front-end database cannot be read ({type(error).__name__}).") from None

    def receipts(self, *, batches: Sequence[str], known: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
        """See :class:`~hedui.padis.transports.Transport`."""
        try:
            with self._engine.connect() as connection:
                for batch in batches:
                    row = connection.execute(self._of(batch)).mappings().first()
                    if row is not None and row[self._how.status]:
                        yield f"{self._how.whole}/{batch}", self._receipt(connection, batch, dict(row))
        except SQLAlchemyError as error:
            raise UnansweredError(f"The front-end database cannot be read ({type(error).__name__}).") from None

    def _of(self, batch: str) -> Any:
        return select(self._whole).where(self._whole.c[self._how.batch] == batch)

    def _receipt(self, connection: Connection, batch: str, whole: Mapping[str, Any]) -> bytes:
        """The results as a receipt in the profile's format, so that it is kept and read as every other."""
        how = self._how
        found = select(self._results).where(self._results.c[how.batch] == batch, self._results.c[how.status].is_not(None))
        lines = connection.execute(found.order_by(self._results.c[how.line])).mappings().all()

        def verdict(values: Mapping[str, Any]) -> LineVerdict:
            status = self._profile.receipts.lines.get(str(values[how.status]), "pending")
            told = {name: str(values[column] or "") for name, column in (("code", how.code), ("reason", how.reason))}
            return LineVerdict(line=values[how.line], key="", business_key="", status=status, **told)

        status = self._profile.receipts.batch.get(str(whole[how.status]), "unknown")
        told = {name: str(whole[column] or "") for name, column in (("code", how.code), ("reason", how.reason))}
        return write_receipt(self._profile, batch, status=status, lines=[verdict(dict(line)) for line in lines], **told)
