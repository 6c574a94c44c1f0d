"""What is asked of a system's databases: SQL from ``include/sql/inspection/<dialect>/``, each text with columns target and measured."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import oracledb
import psycopg
from sqlalchemy.engine import make_url

from hedui import engine
from hedui.context import Context
from hedui.errors import HeduiError
from hedui.inspection.checks import CHECKS, Check
from hedui.inspection.errors import InspectionError, NotMeasuredError
from hedui.inspection.model import Item
from hedui.inspection.settings import Standards
from hedui.sources import oracle_connect, postgres_connect

LISTED: Final = ("tablespaces", "sessions", "locks", "invalid_objects", "failed_jobs", "backup")
"""Checks whose SQL yields a number per target."""
DATABASE_CHECKS: Final = ("latency", *LISTED, "clock")
DIALECTS: Final = ("oracle", "postgresql")

Rows = list[tuple[str, Any]]
Ask = Callable[[str], Rows]


def sql_file(dialect: str, check: str) -> str | None:
    """Name of the SQL file of a check; None where a database of the dialect has nothing of the kind."""
    name = f"inspection/{dialect}/{check}.sql.jinja"
    return name if (engine.SQL_ROOT / name).is_file() else None


@contextmanager
def opened(context: Context, name: str) -> Iterator[tuple[str, Ask]]:
    """A database by its connection's name: its dialect, and what asks one of our texts.

    Raises:
        NotMeasuredError: It cannot be reached. InspectionError: There are no texts for its dialect.
    """
    url = make_url(context.connection(name))
    dialect = url.get_backend_name()
    if dialect not in DIALECTS:
        raise InspectionError(
            f"Connection {name} is to {dialect}; inspections know {', '.join(DIALECTS)}. Take it out of inspection.yaml."
        )
    try:
        connection: Any = (
            oracle_connect.connect(url, name, context.site.timezone)
            if dialect == "oracle"
            else postgres_connect.connect(url, autocommit=True)
        )
    except (oracledb.Error, psycopg.Error, HeduiError, OSError) as error:
        raise NotMeasuredError(f"无法连接（{_name(error)}）") from None

    def ask(check: str) -> Rows:
        file = sql_file(dialect, check)
        if file is None:
            return []
        try:
            with connection.cursor() as cursor:
                cursor.execute(_statement(file))
                return [(str(target), measured) for target, measured in cursor.fetchall()]
        except (oracledb.Error, psycopg.Error) as error:
            raise NotMeasuredError(f"无法查询（{_name(error)}）") from None

    try:
        yield dialect, ask
    finally:
        if dialect == "oracle":
            oracle_connect.close(connection)
        else:
            connection.close()


def _statement(file: str) -> str:
    """The text without its header: a driver may take a comment at the beginning for a statement of another kind."""
    return "\n".join(line for line in engine.render(file).splitlines() if not line.startswith("--")).strip()


def _name(error: Exception) -> str:
    """What identifies an error without quoting anything: Oracle's or the driver's code, PostgreSQL's SQLSTATE, else the class."""
    code = getattr(error.args[0], "full_code", None) if error.args else None
    return str(code or getattr(error, "sqlstate", None) or type(error).__name__)


def database_items(
    context: Context, name: str, standards: Standards, *, checks: Sequence[str], now: Callable[[], dt.datetime]
) -> Iterator[Item]:
    """The items of one database.

    Args:
        context: Gives the connection.
        name: Name of the connection.
        standards: What is allowed.
        checks: Which checks are to be made.
        now: Our own clock.
    """
    wanted = [CHECKS[code] for code in DATABASE_CHECKS if code in checks and getattr(standards, CHECKS[code].limit) is not None]
    began = time.monotonic()
    try:
        with opened(context, name) as (dialect, ask):
            for check in wanted:
                if sql_file(dialect, check.code):
                    yield from _one(check, ask, name, getattr(standards, check.limit), began, now)
    except NotMeasuredError as error:
        yield CHECKS["latency"].item(part=name, target="", value=None, limit=standards.latency_ms or 0, note=f"，{error}")
        for check in wanted:
            if check.code != "latency":
                yield check.unmeasured(part=name, limit=getattr(standards, check.limit), why=str(error))


def _one(check: Check, ask: Ask, name: str, limit: float, began: float, now: Callable[[], dt.datetime]) -> Iterator[Item]:
    try:
        rows = ask(check.code)
    except NotMeasuredError as error:
        yield check.unmeasured(part=name, limit=limit, why=str(error))
        return
    if check.code == "latency":
        yield check.item(part=name, target="", value=round((time.monotonic() - began) * 1000), limit=limit)
    elif check.code == "clock":
        theirs = dt.datetime.fromisoformat(str(rows[0][1])).replace(tzinfo=dt.UTC)
        yield check.item(part=name, target="", value=clock_difference(theirs, now()), limit=limit)
    else:
        found = [check.item(part=name, target=target, value=_number(measured), limit=limit) for target, measured in rows]
        yield from found or [_nothing(check, name, limit)]


def _nothing(check: Check, name: str, limit: float) -> Item:
    if check.nothing:
        return check.none_found(part=name, limit=limit)
    return check.item(part=name, target="", value=None, limit=limit)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def clock_difference(theirs: dt.datetime, ours: dt.datetime) -> float:
    """Seconds between two clocks, of which the other one tells whole seconds only: up to one second is no difference."""
    return max(0.0, abs((theirs - ours).total_seconds()) - 1)
