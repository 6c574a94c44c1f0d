"""Connections to PostgreSQL as a SQLAlchemy URL declares them; socket folders as ``?host=…``, other options of libpq likewise."""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy.engine import URL, make_url

CONNECT_TIMEOUT = 10
"""Seconds until the server must be reached, where the URL does not say."""


def connect(url: URL | str, *, autocommit: bool = False) -> psycopg.Connection[Any]:
    """A connection.

    Raises:
        psycopg.Error: There is none; the text may name the user, never data.
    """
    address = make_url(url)
    arguments: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT, "application_name": "hedui", **address.query}
    arguments |= address.translate_connect_args(username="user", database="dbname")
    return psycopg.connect(**arguments, autocommit=autocommit, client_encoding="utf8")
