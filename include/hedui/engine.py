"""The engine: SQL text from ``include/sql/``, rendered by Jinja, run by DuckDB out of core over the lake's Parquet files.

A SQL file begins with a comment header that names its parameters; it may hold several statements, separated by ``;``.
Values reach the text only through the filters ``literal`` (a quoted SQL literal), ``ident`` (a quoted identifier) and ``parquet``
(a relation over files), which sqlglot's generator quotes, or as bind parameters.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import sqlglot
from sqlglot import exp

from hedui.errors import HeduiError

if TYPE_CHECKING:
    import duckdb  # imported where it is used: sites are loaded while DAG files are parsed

SQL_ROOT = Path(os.environ.get("HEDUI_SQL", Path(__file__).resolve().parents[1] / "sql"))


def literal(value: object) -> str:
    """``value`` as a SQL literal: NULL, text, number, boolean, date, or a parenthesised list of them."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, dt.date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, str):
        return exp.Literal.string(value).sql("duckdb")
    if isinstance(value, Iterable):
        return "(" + ", ".join(literal(item) for item in value) + ")"
    raise HeduiError(f"A value of type {type(value).__name__} cannot become a SQL literal; give text, a number, a date or a list.")


def ident(name: str) -> str:
    """``name`` as a quoted SQL identifier."""
    return exp.to_identifier(name, quoted=True).sql("duckdb")


def parquet(files: list[str]) -> str:
    """A relation over Parquet files: the text of a ``read_parquet`` call."""
    return f"read_parquet([{', '.join(literal(file) for file in files)}])"


@cache
def environment() -> jinja2.Environment:
    """The Jinja environment of ``include/sql``: undefined names are errors, blocks leave no blank lines."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(SQL_ROOT),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - SQL, not HTML; values go through the filters
    )
    env.filters.update(literal=literal, ident=ident, parquet=parquet)
    return env


def render(name: str, **parameters: Any) -> str:
    """The text of ``include/sql/<name>`` for the given parameters.

    Raises:
        HeduiError: There is no such file, or it uses a parameter that was not given.
    """
    try:
        return environment().get_template(name).render(**parameters)
    except jinja2.TemplateNotFound:
        raise HeduiError(f"There is no SQL file {SQL_ROOT / name}.") from None
    except jinja2.UndefinedError as error:
        raise HeduiError(f"SQL file {name}: {error.message}; see the parameters in the file's header.") from None


def statements(sql: str) -> list[str]:
    """The single statements of a rendered text, as DuckDB's own parser splits them."""
    import duckdb

    return [statement.query.strip() for statement in duckdb.extract_statements(sql)]


def to_spark(sql: str) -> list[str]:
    """The text in Spark SQL, one statement each.

    Raises:
        sqlglot.errors.UnsupportedError: Spark has no such construct.
    """
    return sqlglot.transpile(sql, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)


_stores: dict[str, Any] = {}


def use_store(filesystem: Any) -> None:
    """Lets every connection that is opened from now on read and write an fsspec filesystem; a lake calls it that is not on local disk."""
    name = filesystem.protocol if isinstance(filesystem.protocol, str) else filesystem.protocol[0]
    _stores[name] = filesystem


def open_stores(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the filesystems of :func:`use_store` known to a connection that somebody else has opened."""
    for filesystem in _stores.values():
        connection.register_filesystem(filesystem)


@contextmanager
def connect(*, memory_limit: str = "4GB", threads: int = 2, database: str = ":memory:") -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection with a memory limit; what does not fit spills to a temporary folder that goes with the connection."""
    import duckdb

    with tempfile.TemporaryDirectory(prefix="hedui-duckdb-") as spill:
        connection = duckdb.connect(
            database,
            config={"memory_limit": memory_limit, "threads": threads, "temp_directory": spill},
        )
        try:
            connection.execute("SET enable_progress_bar = false")  # a session's option, refused in the configuration
            open_stores(connection)
            yield connection
        finally:
            connection.close()


def run(connection: duckdb.DuckDBPyConnection, name: str, **parameters: Any) -> duckdb.DuckDBPyConnection:
    """Renders ``include/sql/<name>`` and runs its statements in order; the last one's result can be fetched from the return value."""
    for statement in statements(render(name, **parameters)):
        connection.execute(statement)
    return connection
