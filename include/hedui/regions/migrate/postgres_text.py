"""What the PostgreSQL target needs of names, literals and connections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from hedui.regions.errors import RegionError
from hedui.regions.migrate.records import SEPARATOR

SCHEMA = "hedui_regions"
UNHASHABLE = ("json", "xml", "point", "box", "path", "polygon", "line", "lseg", "circle")
NUMBERS = ("int2", "int4", "int8", "numeric", "float4", "float8")
PROGRESS = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
CREATE TABLE IF NOT EXISTS {SCHEMA}.progress (
  run text NOT NULL, target text NOT NULL, action text NOT NULL, batch bigint NOT NULL, rows bigint NOT NULL,
  done_at timestamptz NOT NULL DEFAULT clock_timestamp(), PRIMARY KEY (run, target, action, batch));
"""


COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), t.typname
FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""
UNIQUE = """
SELECT 1 FROM pg_index AS i
WHERE i.indrelid = to_regclass(%s) AND i.indisunique AND i.indpred IS NULL AND (
  SELECT array_agg(a.attname::text ORDER BY a.attname::text) FROM pg_attribute AS a
  WHERE a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey::smallint[]) AND a.attnotnull
) = (SELECT array_agg(k ORDER BY k) FROM unnest(%s::text[]) AS k)
"""
MAP_COLUMNS = "old_code text NOT NULL, place text, new_code text, method text NOT NULL, reason text NOT NULL"
MANUAL_COLUMNS = "row_key text, old_code text, new_code text, PRIMARY KEY (row_key, old_code)"
LOCK_SECONDS = 60
"""How long a batch waits for rows that someone else holds."""
UNIQUE_WITH = """
SELECT (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k(number, place)
          JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number WHERE k.place <= i.indnkeyatts),
       CASE WHEN i.indnullsnotdistinct THEN ' NULLS NOT DISTINCT' ELSE '' END, pg_get_expr(i.indpred, i.indrelid)
FROM pg_index AS i JOIN pg_attribute AS c ON c.attrelid = i.indrelid AND c.attname = %s
WHERE i.indrelid = to_regclass(%s) AND i.indisunique AND i.indexprs IS NULL AND c.attnum = ANY(i.indkey::smallint[])
"""
"""Unique keys that hold a column: two rows that become one code can collide in them. Keys over expressions are not seen."""
KEYS_OUT = """
SELECT c.conname::text, c.confrelid::regclass::text, f.attname::text
FROM pg_constraint AS c
JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attname = %s AND a.attnum = ANY(c.conkey)
JOIN pg_attribute AS f ON f.attrelid = c.confrelid AND f.attnum = c.confkey[array_position(c.conkey, a.attnum)]
WHERE c.contype = 'f' AND c.conrelid = to_regclass(%s)
"""
KEYS_IN = """
SELECT c.conname::text, c.conrelid::regclass::text, c.confupdtype = 'c'
FROM pg_constraint AS c JOIN pg_attribute AS a ON a.attrelid = c.confrelid AND a.attname = %s AND a.attnum = ANY(c.confkey)
WHERE c.contype = 'f' AND c.confrelid = to_regclass(%s)
"""
TRIGGERS = """
SELECT tgname::text FROM pg_trigger
WHERE tgrelid = to_regclass(%s) AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype & 16 > 0 -- 16: for UPDATE
"""


def connect(url: str) -> psycopg.Connection[Any]:
    """A connection in autocommit mode; transactions are opened where they are needed."""
    address = make_url(url)
    arguments: dict[str, Any] = {"connect_timeout": 10, "application_name": "hedui regions", **address.query}
    arguments |= address.translate_connect_args(username="user", database="dbname")
    try:
        return psycopg.connect(**arguments, autocommit=True, client_encoding="utf8")
    except psycopg.Error as error:
        raise RegionError(
            f"The database of a target cannot be reached ({type(error).__name__}); check the connection with `hedui doctor`."
        ) from None


def quote(name: str) -> str:
    """A name as a quoted identifier."""
    return str(sql.Identifier(name).as_string(None))


def literal(value: str) -> str:
    """A text as a literal."""
    return str(sql.Literal(value).as_string(None))


def joined(items: Sequence[str]) -> str:
    """One text of several items; NULL counts as empty."""
    separator = literal(SEPARATOR)
    return f"concat_ws({separator}, {', '.join(f'coalesce({item}::text, {chr(39) * 2})' for item in items)})"
