"""Large results of the ledger as Arrow tables (ADBC, binary COPY)."""

from __future__ import annotations

from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
from sqlalchemy import bindparam, make_url, text
from sqlalchemy.dialects import postgresql

from hedui.ledger.database import bulk_settings, ledger_error


def fetch_arrow(url: str, sql: str, parameters: dict[str, Any]) -> pa.Table:
    """Runs one SELECT with ``:name`` parameters (a tuple expands to a list) and returns its rows as an Arrow table.

    Raises:
        LedgerError: The database cannot be reached or refuses; the message carries no values.
    """
    statement = text(sql)
    for name, value in parameters.items():
        statement = statement.bindparams(bindparam(name, value, expanding=isinstance(value, tuple)))
    # COPY takes no parameters, so SQLAlchemy writes the values as quoted literals.
    dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
    query = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    uri = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        with adbc.connect(uri) as connection, connection.cursor() as cursor:
            for setting in bulk_settings():
                cursor.execute(setting)
            cursor.execute(query)
            table = cursor.fetch_arrow_table()
            return table.cast(pa.schema([field.remove_metadata() for field in table.schema]))
    except adbc.Error as error:
        raise ledger_error(error) from None
