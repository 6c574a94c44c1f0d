"""How each dialect spells names, literals, types and comparisons. Names and texts are quoted by the databases' own drivers."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Final, Protocol

import oracledb
from psycopg import sql
from sqlalchemy.dialects.oracle.base import RESERVED_WORDS

from hedui.corrections.model import Column, Dialect, Value

ORACLE_TEXT: Final = 4000
"""Most characters of an Oracle text that can be compared; larger ones are large objects."""
KEY_TEXT: Final = 200
"""Characters of a key column whose length the site does not tell: an Oracle index takes no more than some 6,000 bytes."""
PIECE: Final = 400
"""Characters of one literal in a script: SQL*Plus takes lines of at most 2,499 bytes."""

_PLAIN = re.compile(r"[A-Z][A-Z0-9_$#]*")
_PLSQL: Final = "BEGIN CASE CLOSE CURSOR DECLARE END EXCEPTION EXIT FETCH FUNCTION GOTO IF LOOP OPEN PROCEDURE RETURN WHEN WHILE"
_RESERVED: Final = frozenset(word.upper() for word in RESERVED_WORDS) | frozenset(_PLSQL.split())
_APART = re.compile(r"([\x00-\x1f\x7f&])")


class Speech(Protocol):
    """What the templates and scripts ask of a dialect.

    Attributes:
        dialect: Which it is.
        family: Folder of its templates.
    """

    dialect: Dialect
    family: str

    def name(self, name: str) -> str:
        """A quoted name of a column or a table without its schema."""

    def table(self, name: str) -> str:
        """A quoted name of a table, with its schema where it has one."""

    def staged(self, name: str) -> str:
        """A quoted name of a column of a stage table."""

    def literal(self, value: Value) -> str:
        """A value as a literal that can stand anywhere in a script."""

    def type(self, column: Column, *, key: bool) -> str:
        """The type of a column of a stage table."""

    def same(self, left: str, right: str) -> str:
        """A condition: equal, or both NULL."""

    def same_fixed(self, left: str, right: str) -> str:
        """A condition on columns of CHAR(n): equal, or both without a value."""

    def work(self, name: str) -> str:
        """The name of a work table as the catalogue spells it."""


class Oracle:
    """Oracle: what is written in one case stands for upper case, as with unquoted names; others are kept as they are.

    Plain names are not quoted: people read them, and the emulator of the tests does not fold quoted ones inside of PL/SQL.
    """

    dialect = Dialect.ORACLE
    family = "oracle"

    def name(self, name: str) -> str:
        """See the protocol."""
        folded = name.upper() if name.islower() else name
        if _PLAIN.fullmatch(folded) and folded not in _RESERVED:
            return folded
        return str(oracledb.enquote_name(folded, capitalize=False))

    def table(self, name: str) -> str:
        """See the protocol."""
        return ".".join(self.name(part) for part in name.split("."))

    def staged(self, name: str) -> str:
        """See the protocol."""
        return self.name(name.upper())

    def literal(self, value: Value) -> str:
        """See the protocol. Control characters and ``&`` are spelled by CHR, as SQL*Plus reads lines and substitutes."""
        if value is None or value == "":
            return "NULL"
        if isinstance(value, str):
            return " || ".join(self._piece(piece) for piece in _pieces(value))
        if isinstance(value, dt.datetime):
            return f"TO_TIMESTAMP('{value.isoformat(' ', 'microseconds')}', 'YYYY-MM-DD HH24:MI:SS.FF6')"
        if isinstance(value, dt.date):
            return f"TO_DATE('{value.isoformat()}', 'YYYY-MM-DD')"
        return number_text(value)

    def _piece(self, piece: str) -> str:
        if len(piece) == 1 and _APART.match(piece):
            return f"CHR({ord(piece)})"
        return str(oracledb.enquote_literal(piece))

    def type(self, column: Column, *, key: bool) -> str:
        """See the protocol."""
        if column.fixed:  # compared with VARCHAR2, the blanks of CHAR would count
            return f"CHAR({column.length} CHAR)"
        if column.kind == "text":
            return f"VARCHAR2({min(column.length or (KEY_TEXT if key else ORACLE_TEXT), ORACLE_TEXT)} CHAR)"
        if column.kind == "decimal":
            digits = column.length or 38
            return "NUMBER" if column.scale is None else f"NUMBER({digits}, {column.scale})"
        return {"integer": "NUMBER(38)", "date": "DATE", "timestamp": "TIMESTAMP(6)"}[column.kind]

    def same(self, left: str, right: str) -> str:
        """See the protocol."""
        return f"({left} = {right} OR ({left} IS NULL AND {right} IS NULL))"

    def same_fixed(self, left: str, right: str) -> str:
        """See the protocol. What is all blank is read as NULL, as empty text is."""
        return f"({left} = {right} OR (({left} IS NULL OR {left} = ' ') AND {right} IS NULL))"

    def work(self, name: str) -> str:
        """See the protocol."""
        return name.upper()


class Dm(Oracle):
    """达梦 DM8, which speaks Oracle's SQL in its compatible mode (COMPATIBLE_MODE=2)."""

    dialect = Dialect.DM


class OceanBase(Oracle):
    """OceanBase in its Oracle mode."""

    dialect = Dialect.OCEANBASE


class PostgreSql:
    """PostgreSQL: names are kept as they are."""

    dialect = Dialect.POSTGRESQL
    family = "postgresql"

    def name(self, name: str) -> str:
        """See the protocol."""
        return sql.Identifier(name).as_string(None)

    def table(self, name: str) -> str:
        """See the protocol."""
        return sql.Identifier(*name.split(".")).as_string(None)

    def staged(self, name: str) -> str:
        """See the protocol."""
        return self.name(name)

    def literal(self, value: Value) -> str:
        """See the protocol."""
        if isinstance(value, int | Decimal):
            return number_text(value)
        return sql.Literal(value).as_string(None).strip()

    def type(self, column: Column, *, key: bool) -> str:
        """See the protocol."""
        return {"text": "text", "integer": "bigint", "decimal": "numeric", "date": "date", "timestamp": "timestamp"}[column.kind]

    def same(self, left: str, right: str) -> str:
        """See the protocol."""
        return f"{left} IS NOT DISTINCT FROM {right}"

    def same_fixed(self, left: str, right: str) -> str:
        """See the protocol."""
        return self.same(left, right)

    def work(self, name: str) -> str:
        """See the protocol."""
        return name.lower()


_SPEECHES: Final[dict[Dialect, Speech]] = {
    Dialect.ORACLE: Oracle(),
    Dialect.DM: Dm(),
    Dialect.OCEANBASE: OceanBase(),
    Dialect.POSTGRESQL: PostgreSql(),
}


def speech(dialect: Dialect) -> Speech:
    """How a dialect is spelled."""
    return _SPEECHES[dialect]


def empty_is_null(dialect: Dialect) -> bool:
    """Whether the empty text is NULL there."""
    return dialect is not Dialect.POSTGRESQL


def number_text(value: int | Decimal) -> str:
    """A number with all its digits and without an exponent."""
    return str(value) if isinstance(value, int) else format(value, "f")


def _pieces(value: str) -> list[str]:
    """The text in pieces of a line's length; what a literal must not hold stands alone."""
    pieces: list[str] = []
    for part in _APART.split(value):
        pieces += [part[start : start + PIECE] for start in range(0, len(part), PIECE)]
    return pieces
