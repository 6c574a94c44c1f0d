"""Where a bundle is rehearsed: a copy of the rows it touches, in a database of the target's kind.

PostgreSQL targets get a scratch database in a server of its own, with the same names, so that the very text is rehearsed that will be
executed. Oracle targets get copies beside, in the connection's own schema. Both are gone afterwards.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg
from sqlalchemy import make_url

from hedui.context import Context
from hedui.corrections.model import BundlePlan, Dialect, Table
from hedui.corrections.run.errors import RunError
from hedui.corrections.run.session import Session, open_session, plain
from hedui.corrections.sql.dialects import speech
from hedui.corrections.sql.statement import Statement, Step
from hedui.local.postgres import Postgres
from hedui.sources.postgres_connect import connect

SERVER: Final = "HEDUI_REHEARSAL_URL"
"""Environment variable: a PostgreSQL server whose user may create databases; without it a server of its own is started."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A place of rehearsal, filled with the rows as they are.

    Attributes:
        session: Its session.
        names: Quoted name of each table's copy, by the plan's name.
        columns: All columns of each table as the catalogue spells them, but those the database computes itself.
        url: Its SQLAlchemy URL, where it has the target's names.
        dialect: What it speaks.
        copies: The names where they are others than the target's.
    """

    session: Session
    names: Mapping[str, str]
    columns: Mapping[str, tuple[str, ...]]
    dialect: Dialect
    url: str | None = None
    copies: Mapping[str, str] = field(default_factory=dict)

    def rows(self, table: str) -> Iterator[tuple[object, ...]]:
        """The rows of a table's copy, each with all its columns in order."""
        words = speech(self.dialect)
        items = ", ".join(words.name(column) for column in self.columns[table])
        return self.session.stream(f"SELECT {items} FROM {self.names[table]}")

    def digest(self) -> str:
        """Digest of all rows of all tables; their order does not matter, each value does."""
        total = Digest()
        for table in self.names:
            for row in self.rows(table):
                total.add(table, row)
        self.session.rollback()
        return total.text


class Digest:
    """A digest of rows in any order: the sum of their digests."""

    def __init__(self) -> None:
        self._sum = 0
        self._rows = 0

    def add(self, table: str, row: tuple[object, ...]) -> None:
        """Takes a row in."""
        content = repr((table, tuple(plain(value) for value in row))).encode()
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(content).digest(), "big")) % (1 << 256)
        self._rows += 1

    @property
    def text(self) -> str:
        """Rows and digest."""
        return f"{self._rows}:{self._sum:064x}"


Statements = Callable[[Step], tuple[Statement, ...]]


@contextmanager
def ground(context: Context, plan: BundlePlan) -> Iterator[Ground]:
    """A place of rehearsal for a bundle.

    A target that Hedui cannot reach is rehearsed in PostgreSQL, upon the rows as the night has received them.

    Raises:
        RunError: The target's tables are not as the plan says. TransientTargetError: the target cannot be reached.
    """
    target = plan.target
    if target.connection is None:
        from hedui.corrections.run.received import received_rows

        with (
            scratch_database(f"{context.ledger_url} {plan.id}") as scratch,
            closing(open_session(scratch, dialect=Dialect.POSTGRESQL, name=target.id)) as session,
        ):
            received_rows(context, plan, session)
            yield Ground(
                session=session,
                names={table.name: speech(Dialect.POSTGRESQL).table(table.name) for table in plan.tables},
                columns={table.name: tuple(column.name for column in table.columns) for table in plan.tables},
                dialect=Dialect.POSTGRESQL,
                url=scratch,
            )
        return
    url = context.connection(target.connection)
    if target.dialect is Dialect.POSTGRESQL:
        with (
            scratch_database(f"{context.ledger_url} {plan.id}") as scratch,
            closing(open_session(scratch, dialect=target.dialect, name=target.id)) as session,
        ):
            columns = {table.name: _copy_postgres(url, scratch, plan, table) for table in plan.tables}
            names = {table.name: speech(target.dialect).table(table.name) for table in plan.tables}
            yield Ground(session=session, names=names, columns=columns, dialect=target.dialect, url=scratch)
        return
    with closing(open_session(url, dialect=target.dialect, name=target.id)) as session, _oracle_copies(session, plan) as made:
        yield made


@contextmanager
def scratch_database(owner: str) -> Iterator[str]:
    """URL of an empty PostgreSQL database that is dropped afterwards; what a killed rehearsal of the same owner has left goes first."""
    tag = hashlib.sha256(owner.encode()).hexdigest()[:12]
    with _server(tag) as server:
        name = f"hedui_rehearsal_{tag}"
        with closing(connect(server, autocommit=True)) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
            connection.execute(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'".encode())
            try:
                yield make_url(server).set(database=name).render_as_string(hide_password=False)
            finally:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@contextmanager
def _server(tag: str) -> Iterator[str]:
    given = os.environ.get(SERVER)
    if given:
        yield given
        return
    folder = Path(tempfile.gettempdir()) / f"hedui-rehearsal-{os.geteuid()}-{tag}"
    server = Postgres(folder / "data", databases=())
    server.stop()  # of a rehearsal that was killed
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    server.start()
    try:
        yield server.url("postgres")
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


_COLUMNS: Final = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated <> '', pg_get_expr(d.adbin, d.adrelid),
  CASE WHEN a.attidentity = 'a' THEN 'ALWAYS'
       WHEN a.attidentity = 'd' OR a.atttypid IN (20, 21, 23) AND pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%%' THEN 'BY DEFAULT' END
FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
_CONSTRAINTS: Final = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = to_regclass(%s) AND contype IN ('p', 'u', 'c') ORDER BY 1
"""
_KEYS: Final = "hedui_rehearsal_keys"


def _copy_postgres(url: str, scratch: str, plan: BundlePlan, table: Table) -> tuple[str, ...]:
    """Makes the table with its types, constraints and constant defaults, and copies the rows that the bundle names."""
    words = speech(Dialect.POSTGRESQL)
    name = words.table(table.name)
    keys = [words.name(key) for key in table.key]
    try:
        with closing(connect(url)) as source, closing(connect(scratch)) as copy:
            found = source.execute(_COLUMNS, (name,)).fetchall()
            _require(plan, table, [row[0] for row in found], fixed={row[0] for row in found if row[1].startswith("character(")})
            for statement in _definitions(name, table, found, source.execute(_CONSTRAINTS, (name,)).fetchall()):
                copy.execute(statement.encode())
            listed = ", ".join(keys)
            source.execute(f"CREATE TEMP TABLE {_KEYS} ON COMMIT DROP AS SELECT {listed} FROM {name} WITH NO DATA".encode())
            with source.cursor().copy(f"COPY {_KEYS} ({listed}) FROM STDIN".encode()) as sink:
                for key in _distinct_keys(plan, table):
                    sink.write_row(key)
            source.execute(f"ANALYZE {_KEYS}".encode())
            stored = ", ".join(words.name(row[0]) for row in found if not row[3])
            joined = " AND ".join(f"k.{key} = t.{key}" for key in keys)
            chosen = f"SELECT {stored} FROM {name} AS t WHERE EXISTS (SELECT 1 FROM {_KEYS} AS k WHERE {joined})"
            with (
                source.cursor().copy(f"COPY ({chosen}) TO STDOUT".encode()) as out,
                copy.cursor().copy(f"COPY {name} ({stored}) FROM STDIN".encode()) as into,
            ):
                for block in out:
                    into.write(block)
            for column in (words.name(row[0]) for row in found if row[5]):
                last = copy.execute(f"SELECT coalesce(max({column}), 0) + 1 FROM {name}".encode()).fetchall()[0][0]
                copy.execute(f"ALTER TABLE {name} ALTER COLUMN {column} RESTART WITH {last}".encode())
            copy.commit()
    except psycopg.Error as error:
        raise RunError(
            f"{plan.id}: {table.name} cannot be copied for the rehearsal ({type(error).__name__}, SQLSTATE {error.sqlstate})."
        ) from None
    return tuple(row[0] for row in found if not row[3])


def _definitions(
    name: str, table: Table, columns: list[tuple[str, str, bool, bool, str | None, str | None]], constraints: list[tuple[str, str]]
) -> Iterator[str]:
    words = speech(Dialect.POSTGRESQL)
    if "." in table.name:
        yield f"CREATE SCHEMA IF NOT EXISTS {words.name(table.name.split('.')[0])}"
    lines = []
    for column, kind, required, generated, expression, numbered in columns:
        line = f"{words.name(column)} {kind}"
        if numbered:
            line += f" GENERATED {numbered} AS IDENTITY"
        elif generated:
            line += f" GENERATED ALWAYS AS ({expression}) STORED"
        elif expression and "nextval(" not in expression:
            line += f" DEFAULT {expression}"
        lines.append(line + (" NOT NULL" if required else ""))
    lines += [f"CONSTRAINT {words.name(label)} {text}" for label, text in constraints]
    yield f"CREATE TABLE {name} ({', '.join(lines)})"


def _require(plan: BundlePlan, table: Table, found: list[str], *, fixed: Set[str]) -> None:
    """The table has the plan's columns, and those of CHAR(n) are the ones that the site calls so."""
    known = {name.casefold() for name in found}
    missing = [column.name for column in table.columns if column.name.casefold() not in known]
    if missing:
        raise RunError(
            f"{plan.id}: {table.name} has no column {', '.join(missing)}; found {', '.join(found) or 'no such table'}. "
            "Correct corrections.yaml."
        )
    padded = {name.casefold() for name in fixed}
    for column in table.columns:
        if column.fixed != (column.name.casefold() in padded):
            what = "is not CHAR(n), as corrections.yaml says: leave out" if column.fixed else "is CHAR(n): write its length and"
            raise RunError(f"{plan.id}: {table.name}: {column.name} {what} fixed: true among the table's columns there.")


def _distinct_keys(plan: BundlePlan, table: Table) -> Iterator[tuple[object, ...]]:
    yield from dict.fromkeys(change.key for change in plan.changes if change.table == table.name)


@contextmanager
def _oracle_copies(session: Session, plan: BundlePlan) -> Iterator[Ground]:
    words = speech(plan.target.dialect)
    tag = hashlib.sha256(plan.id.encode()).hexdigest()[:12].upper()
    names = {table.name: f"HEDUI_C{number}_{tag}" for number, table in enumerate(plan.tables, start=1)}
    keys = {table.name: f"HEDUI_K{number}_{tag}" for number, table in enumerate(plan.tables, start=1)}
    drops = [f"DROP TABLE {name} PURGE" for name in (*names.values(), *keys.values())]
    columns = {}
    for drop in drops:  # of a rehearsal that was killed
        session.define(drop)
    try:
        for table in plan.tables:
            original, copy = words.table(table.name), names[table.name]
            columns[table.name] = session.columns(original)
            _require(plan, table, list(columns[table.name]), fixed=session.fixed(original))
            listed = ", ".join(words.name(key) for key in table.key)
            session.define(f"CREATE TABLE {copy} AS SELECT * FROM {original} WHERE 1 = 0")
            session.define(f"CREATE TABLE {keys[table.name]} AS SELECT {listed} FROM {original} WHERE 1 = 0")
            places = ", ".join(f":{number}" for number in range(1, len(table.key) + 1))
            session.insert(
                sql=f"INSERT INTO {keys[table.name]} ({listed}) VALUES ({places})",
                table=keys[table.name],
                columns=[words.name(key) for key in table.key],
                kinds=[table.column(key).kind for key in table.key],
                rows=_distinct_keys(plan, table),
            )
            joined = " AND ".join(f"K.{words.name(key)} = T.{words.name(key)}" for key in table.key)
            stored = ", ".join(words.name(column) for column in columns[table.name])
            session.change(
                f"INSERT INTO {copy} ({stored}) SELECT {stored} FROM {original} T "
                f"WHERE EXISTS (SELECT 1 FROM {keys[table.name]} K WHERE {joined})"
            )
            session.commit()
        quoted = {name: words.name(copy) for name, copy in names.items()}
        yield Ground(session=session, names=quoted, columns=columns, dialect=plan.target.dialect, copies=quoted)
    finally:
        session.rollback()
        for drop in drops:
            session.define(drop)
