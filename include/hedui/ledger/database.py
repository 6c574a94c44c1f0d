"""Engines and transactions of the ledger."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from hedui.errors import LedgerError

LOCK_RECORD: Final = 0x6865647501
"""Advisory lock: one merge of findings at a time."""
LOCK_SCHEMA: Final = 0x6865647502
"""Advisory lock: one migration at a time."""


@lru_cache(maxsize=8)
def _engine(url: str, pid: int) -> Engine:
    address = make_url(url)
    if address.get_backend_name() != "postgresql":
        raise LedgerError(
            f"The ledger is PostgreSQL, not {address.get_backend_name()}; set hedui_ledger to postgresql+psycopg2://…."
        )
    # Whatever driver the URL names, bulk merges use psycopg2's COPY.
    address = address.set(drivername="postgresql+psycopg2")
    # Connections are short and few, and Airflow forks workers: no pool. Parameters and therefore personal data stay out of errors.
    return create_engine(address, poolclass=NullPool, hide_parameters=True)


def engine(url: str) -> Engine:
    """The engine of a ledger's URL (``postgresql+psycopg2://…``, also with ``host=/socket/folder``)."""
    return _engine(url, os.getpid())


@contextmanager
def begin(url: str, *, lock: int | None = None) -> Iterator[Connection]:
    """A transaction: committed at the end of the block, rolled back when it raises.

    Args:
        url: The ledger's SQLAlchemy URL.
        lock: An advisory lock that is held until the transaction ends; others who ask for it wait.

    Raises:
        LedgerError: The database cannot be reached or refuses; the message carries no values.
    """
    try:
        with engine(url).begin() as connection:
            if lock is not None:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
            yield connection
    except SQLAlchemyError as error:
        raise ledger_error(error) from None
    except Exception as error:
        if type(error).__module__.partition(".")[0] in ("psycopg", "psycopg2"):
            raise ledger_error(error) from None
        raise


def bulk_settings() -> tuple[str, ...]:
    """Settings of a transaction that works on whole tables: memory for hash joins, and no nested loops.

    On tables that have just grown by a million rows the planner's statistics are old, and a nested loop that it takes for cheap runs for
    an hour.
    """
    return ("SET LOCAL work_mem = '256MB'", "SET LOCAL enable_nestloop = off", "SET LOCAL jit = off")


def bulk(connection: Connection) -> None:
    """Applies :func:`bulk_settings` to the rest of the transaction."""
    for setting in bulk_settings():
        connection.execute(text(setting))


@contextmanager
def session(url: str) -> Iterator[Session]:
    """An ORM session in a transaction, for single rows; bulk work uses :func:`begin`.

    Raises:
        LedgerError: As for :func:`begin`.
    """
    with begin(url) as connection, Session(bind=connection, expire_on_commit=False) as orm:
        yield orm
        orm.flush()


def ledger_error(error: Exception) -> LedgerError:
    """The error to raise in place of a driver's, which may quote values of rows."""
    # The server's text may quote values (COPY context, unique keys), so only the class and the SQLSTATE are passed on.
    cause = getattr(error, "orig", None) or error
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    name = type(cause).__name__
    if state is None:
        return LedgerError(
            f"The ledger's database cannot be reached or broke off ({name}). Check that PostgreSQL is up and that the connection "
            "hedui_ledger is right (`hedui doctor`), then run the step again."
        )
    if state in ("42P01", "3F000", "42703"):
        return LedgerError(f"The ledger's schema is not there or is old (SQLSTATE {state}); run `hedui ledger upgrade`.")
    return LedgerError(
        f"The ledger refused ({name}, SQLSTATE {state}); nothing was changed. See the PostgreSQL server's log for details."
    )
