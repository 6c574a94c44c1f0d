"""Connections to Oracle as a URL declares them: where, which mode of the driver, which limits of time.

``oracle+oracledb://user:password@host:1521?service_name=…`` with any of :data:`OPTIONS`; ``?dsn=…`` takes a full descriptor instead of
host and service, a host without port and service is an alias in tnsnames.ora. The driver is thin or thick for the whole process:
the connection that needs thick mode says ``thick_mode=true``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import oracledb
from sqlalchemy.engine import URL

from hedui.errors import SourceError
from hedui.sources.retry import TransientSourceError

CONNECT_TIMEOUT = 10
"""Seconds until the server must be reached, where the URL does not say."""

LOGIN_TIMEOUT = 60
"""Seconds until the user must be logged in, where the URL does not say; the driver itself waits for ever."""

CALL_TIMEOUT = 900
"""Seconds that one exchange with the server may take (the first rows of a query, or the next), where the URL does not say."""

SESSION = ("ALTER SESSION SET NLS_COMP = BINARY NLS_SORT = BINARY", "ALTER SESSION SET TIME_ZONE = '{timezone}'")
"""Days in columns of text are compared byte by byte, days in columns with a zone are the site's: whatever a logon trigger, NLS_LANG
or the zone of this machine say."""


def _flag(text: str) -> bool:
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    return known[text.lower()]


def _purity(text: str) -> oracledb.Purity:
    return oracledb.Purity[text.upper()]


PASSED_ON: dict[str, Callable[[str], Any]] = {
    "service_name": str,
    "sid": str,
    "dsn": str,
    "protocol": str,
    "server_type": str,
    "cclass": str,
    "purity": _purity,
    "expire_time": int,
    "config_dir": str,
    "wallet_location": str,
    "wallet_password": str,
    "ssl_server_dn_match": _flag,
    "ssl_server_cert_dn": str,
    "https_proxy": str,
    "https_proxy_port": int,
    "sdu": int,
}
OWN: dict[str, Callable[[str], Any]] = {
    "thick_mode": _flag,
    "thick_mode_lib_dir": str,
    "thick_mode_config_dir": str,
    "connect_timeout": float,
    "login_timeout": float,
    "call_timeout": float,
    "scn": _flag,
}
OPTIONS = PASSED_ON | OWN
"""What may stand behind the URL's question mark."""


def options(url: URL, source: str) -> dict[str, Any]:
    """The URL's options with their types.

    Raises:
        SourceError: An option is unknown or its value cannot be used.
    """
    given: dict[str, Any] = {}
    for name, value in url.query.items():
        if name not in OPTIONS:
            raise SourceError(f'Source {source}: Oracle connections know no option "{name}"; known are {", ".join(OPTIONS)}.')
        try:
            given[name] = OPTIONS[name](value if isinstance(value, str) else value[-1])
        except (ValueError, KeyError):
            raise SourceError(
                f'Source {source}: the option "{name}" of its Oracle connection has a value that it cannot take.'
            ) from None
    return given


def choose_mode(given: Mapping[str, Any], source: str) -> None:
    """Loads the Oracle Client where the connection asks for thick mode; the driver allows one mode per process.

    Raises:
        SourceError: The connection insists on thin mode, and this process is in thick mode.
        oracledb.Error: The Client cannot be loaded, or this process is in thin mode.
    """
    thick = given.get("thick_mode")
    if thick:
        oracledb.init_oracle_client(lib_dir=given.get("thick_mode_lib_dir"), config_dir=given.get("thick_mode_config_dir"))
    elif thick is False and not oracledb.is_thin_mode():
        raise SourceError(
            f"Source {source}: its connection says thick_mode=false, but this process reads Oracle in thick mode already, and the mode "
            "holds for the process: leave the option out (thick mode reads everything), or run this source in a process of its own."
        )


def connect(url: URL, source: str, timezone: str) -> Any:
    """A connection with its limits of time, ready to read.

    The limit of calls is set once, here: the driver crashes where it is set on a connection that has been lost. The statement cache is
    off: the driver forgets the types that are asked for where it remembers a statement.

    Raises:
        SourceError: The URL's options are wrong. oracledb.Error: There is no connection.
    """
    given = options(url, source)
    choose_mode(given, source)
    arguments = {name: value for name, value in given.items() if name in PASSED_ON}
    if "dsn" not in arguments:
        arguments |= _address(url, arguments)
    arguments["tcp_connect_timeout"] = given.get("connect_timeout", CONNECT_TIMEOUT)
    limit = given.get("login_timeout", LOGIN_TIMEOUT)
    login = Login(lambda: oracledb.connect(user=url.username, password=url.password, stmtcachesize=0, **arguments))
    connection = login.result(limit)
    if connection is None:
        raise TransientSourceError(
            f"Source {source}: Oracle does not answer the login within {limit:g} seconds.", cause="connection"
        )
    try:
        connection.call_timeout = round(given.get("call_timeout", CALL_TIMEOUT) * 1000)
        with connection.cursor() as cursor:
            for statement in SESSION:
                cursor.execute(statement.format(timezone=timezone))
    except oracledb.Error:
        close(connection)
        raise
    return connection


class Login(threading.Thread):
    """A connect in a thread of its own, because a server that hangs accepts it and never answers."""

    def __init__(self, open_connection: Callable[[], Any]) -> None:
        super().__init__(name="oracle-login", daemon=True)
        self._open = open_connection
        self._lock = threading.Lock()
        self._connection: Any = None
        self._error: BaseException | None = None
        self._abandoned = False

    def run(self) -> None:
        """Connects; what comes too late is closed."""
        try:
            connection = self._open()
        except BaseException as error:  # raised again where the result is asked for
            self._error = error
            return
        with self._lock:
            self._connection = connection
            abandoned = self._abandoned
        if abandoned:
            close(connection)

    def result(self, seconds: float) -> Any:
        """The connection; None where there is none after so many seconds."""
        self.start()
        self.join(seconds)
        with self._lock:
            self._abandoned = self._connection is None
        if self._error is not None:
            raise self._error
        return self._connection


def _address(url: URL, given: Mapping[str, Any]) -> dict[str, Any]:
    if url.database:
        return {"host": url.host, "port": url.port or 1521, "sid": url.database}
    if given.keys() & {"service_name", "sid"}:
        return {"host": url.host, "port": url.port or 1521}
    return {"dsn": url.host}


def close(connection: Any) -> None:
    """Ends a connection, also one that has been lost."""
    with suppress(oracledb.Error):
        if connection.is_healthy():
            connection.rollback()
    with suppress(oracledb.Error):
        connection.close()
