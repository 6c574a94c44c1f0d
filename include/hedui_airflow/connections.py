"""Airflow connections as the URLs that the library takes."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import quote, urlencode

from hedui.errors import HeduiError

DRIVERS = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg", "oracle": "oracle+oracledb"}
"""SQLAlchemy driver by Airflow connection type; other types are taken as SQLAlchemy's own names."""

_WEB = frozenset({"http", "https"})
_OWN_EXTRA = frozenset({"service_name", "sid", "driver"})
_ORACLE_EXTRA = (
    *("dsn", "protocol", "server_type", "cclass", "purity", "expire_time", "config_dir", "wallet_location", "wallet_password"),
    *("ssl_server_dn_match", "ssl_server_cert_dn", "https_proxy", "https_proxy_port", "sdu"),
    *("thick_mode", "thick_mode_lib_dir", "thick_mode_config_dir", "connect_timeout", "login_timeout", "call_timeout", "scn"),
)
"""Extras of an Oracle connection that the reader knows, by the names that Airflow's own hook has for them where it has any."""


class AirflowConnection(Protocol):
    """The part of ``airflow.sdk.Connection`` that is used here."""

    conn_id: str
    conn_type: str
    host: str | None
    login: str | None
    password: str | None
    schema: str | None
    port: int | None

    @property
    def extra_dejson(self) -> dict[str, object]:
        """The extra field, parsed."""


def connection_url(connection: AirflowConnection) -> str:
    """The URL of a connection: SQLAlchemy's for databases, ``smtp://`` for mail, ``https://`` for a webhook.

    - ``oracle``: the service from ``extra.service_name`` (or ``extra.sid``, or the schema field); thick mode, limits of time, DRCP and
      wallets from the extras in :data:`_ORACLE_EXTRA`, see docs/oracle.md.
    - ``smtp``: ``extra.disable_ssl``/``disable_tls`` as in Airflow's provider; the sender from ``extra.from_email``.
    - ``http``: the token from ``extra.access_token``; the signing secret is the password and travels as the URL's fragment. With a login
      the two are user and password of the URL.

    Raises:
        HeduiError: The connection has no host.
    """
    if not connection.host:
        raise HeduiError(f"The Airflow connection {connection.conn_id} has no host; edit it under Admin, Connections.")
    if connection.conn_type in _WEB:
        return _webhook(connection)
    if connection.conn_type in ("smtp", "email"):
        return _smtp(connection)
    return _database(connection)


def _authority(connection: AirflowConnection, *, host: str) -> str:
    user = quote(connection.login or "", safe="")
    secret = f":{quote(connection.password, safe='')}" if connection.password else ""
    at = "@" if user or secret else ""
    port = f":{connection.port}" if connection.port else ""
    return f"{user}{secret}{at}{host}{port}"


def _query(values: dict[str, object]) -> str:
    return f"?{urlencode({name: str(value) for name, value in values.items()})}" if values else ""


def _database(connection: AirflowConnection) -> str:
    extra = connection.extra_dejson
    scheme = DRIVERS.get(connection.conn_type, connection.conn_type)
    host = connection.host or ""
    query: dict[str, object] = {
        name: value for name, value in extra.items() if name not in _OWN_EXTRA and isinstance(value, str | int)
    }
    database = connection.schema or ""
    if connection.conn_type == "oracle":
        query = {name: extra[name] for name in _ORACLE_EXTRA if extra.get(name) is not None}
        if extra.get("sid"):
            database = str(extra["sid"])
        else:
            query["service_name"] = extra.get("service_name") or database
            database = ""
    if host.startswith("/"):  # a socket's folder
        query["host"] = host
        host = ""
    return f"{scheme}://{_authority(connection, host=host)}/{quote(database, safe='')}{_query(query)}"


def _smtp(connection: AirflowConnection) -> str:
    extra = connection.extra_dejson
    scheme = "smtp" if extra.get("disable_ssl", True) else "smtps"
    values: dict[str, object] = {"starttls": 0 if extra.get("disable_tls", True) else 1}
    if extra.get("from_email"):
        values["from"] = extra["from_email"]
    return f"{scheme}://{_authority(connection, host=connection.host or '')}/{_query(values)}"


def _webhook(connection: AirflowConnection) -> str:
    given, stated = connection.host or "", connection.schema or ""
    scheme, _, rest = given.rpartition("://")
    scheme = scheme or (stated if stated in _WEB else connection.conn_type)
    port = f":{connection.port}" if connection.port else ""
    host, _, path = rest.partition("/")
    path = path or (stated if stated not in _WEB else "")  # in a URI Airflow takes the path for the schema
    token = connection.extra_dejson.get("access_token")
    query = _query({"access_token": token} if token else {})
    if connection.login:
        return f"{scheme}://{_authority(connection, host=host)}/{path}{query}"
    secret = f"#{quote(connection.password, safe='')}" if connection.password else ""
    return f"{scheme}://{host}{port}/{path}{query}{secret}"
