"""An emulator of Oracle for tests: it speaks Oracle's wire protocol and answers from PostgreSQL. It is NOT Oracle.

seerdb's Mirror is the server; this adds what the tests need and the Mirror lacks on PostgreSQL 15:

- ``SET TRANSACTION READ ONLY`` holds one snapshot, taken at once, and refuses writes;
- system change numbers: ``V$DATABASE.CURRENT_SCN`` names an exported snapshot, ``AS OF SCN n`` reads it from any session, and an
  unknown number is ORA-01555;
- ``MERGE … WHERE`` and SET targets with an alias; ``TO_CHAR(n, 'TM9', …)``;
- faults on demand: an ORA error, a lost connection or a refused connect, by a pattern of the statement, so many times.

A program of its own: it reads one JSON object a line from stdin and answers each with one; it ends when stdin does.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import sys
import threading
from dataclasses import dataclass
from typing import Any, Literal

import psycopg
import seerdb.server.backends.postgres as mirror
import seerdb.server.session as mirror_session
import sqlglot
from seerdb.server.backend import BackendError, Result
from seerdb.server.service import Server
from sqlglot import exp

# Debian 12 has orafce 4.1 and PostgreSQL 15, the Mirror wants newer ones: no limit of dates, no IS JSON
_IS_JSON = (
    "CREATE OR REPLACE FUNCTION sys.ora_pg15_is_json(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS $$ "
    "BEGIN PERFORM $1::json; RETURN true; EXCEPTION WHEN others THEN RETURN false; END $$;"
)
mirror._ORAFCE_SESSION_SETTINGS = "SELECT 1"
mirror._HELPER_FUNCTIONS_DDL = _IS_JSON + mirror._HELPER_FUNCTIONS_DDL.replace(
    "ELSE $1 IS JSON END", "ELSE sys.ora_pg15_is_json($1::text) END"
)

TEXTS = {
    28: "your session has been killed",
    54: "resource busy and acquire with NOWAIT specified or timeout expired",
    60: "deadlock detected while waiting for resource",
    1555: "snapshot too old: rollback segment number 9 with name 'emulated' too small",
    3113: "end-of-file on communication channel",
    8177: "can't serialize access for this transaction",
    12514: "TNS:listener does not currently know of service requested in connect descriptor",
}
LOST = 3113  # not sent as an error: the connection just ends
REFUSED = range(12500, 12600)
"""The listener's errors: they come before there is a session."""


At = Literal["statement", "fetch", "connect", "commit", "committed"]


@dataclass
class Fault:
    """An error to raise: at a statement that matches, at the fetch of its further rows, at a connect, before a COMMIT or after it, when
    the client has not heard of it (the pattern is then of the last statement before it); ``times`` are left.
    """

    pattern: re.Pattern[str]
    code: int
    at: At
    times: int
    after: int


class Faults:
    """The faults to come, and what has been asked and raised; shared by all sessions."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self.raised: list[int] = []
        self.statements: list[str] = []
        self.connects = 0
        self.commits = 0
        self.scn_readable = True

    def plan(self, *, pattern: str, code: int, at: At, times: int, after: int) -> None:
        with self._lock:
            compiled = re.compile(pattern, re.IGNORECASE | re.DOTALL)
            self._faults.append(Fault(pattern=compiled, code=code, at=at, times=times, after=after))

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()
            self.raised.clear()
            self.statements.clear()
            self.connects = 0
            self.commits = 0
            self.scn_readable = True

    def due(self, at: str, text: str) -> int | None:
        """The error to raise now, if any."""
        with self._lock:
            if at == "statement":
                self.statements.append(text)
            self.connects += at == "connect"
            self.commits += at == "commit"
            for fault in self._faults:
                if fault.at != at or not fault.times or not fault.pattern.search(text):
                    continue
                if fault.after:
                    fault.after -= 1
                    continue
                fault.times -= 1
                self.raised.append(fault.code)
                return fault.code
        return None


class Snapshots:
    """System change numbers: each names a snapshot that a transaction of its own keeps."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._lock = threading.Lock()
        self._names: dict[int, tuple[psycopg.Connection[Any], str]] = {}

    def current(self) -> int:
        connection = psycopg.connect(self._conninfo)
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None
        with self._lock:
            number = 9_000_001 + len(self._names)
            self._names[number] = (connection, row[0])
        return number

    def name(self, number: int) -> str:
        try:
            return self._names[number][1]
        except KeyError:
            raise BackendError(TEXTS[1555], ora_code=1555) from None


_session = threading.local()
"""The client's socket: each session has a thread."""


def hang_up() -> None:
    """Ends the connection as a crashed server does, without a word."""
    _session.socket.shutdown(socket.SHUT_RDWR)


class Backend(mirror.PostgresBackend):
    """One session."""

    faults: Faults
    snapshots: Snapshots
    _scn: int | None = None
    _last = ""

    def execute(self, sql: str, binds: Any = ()) -> Result:
        self._last = sql
        code = self.faults.due("statement", sql)
        if code == LOST:
            hang_up()
            return Result()
        if code is not None:
            raise BackendError(TEXTS.get(code, "emulated"), ora_code=code)
        if raised := re.search(r"PRAGMA\s+EXCEPTION_INIT\s*\(\s*\w+\s*,\s*-\s*(\d+)\s*\)", sql, re.IGNORECASE):
            raise BackendError(TEXTS.get(int(raised[1]), "emulated"), ora_code=int(raised[1]))
        if re.match(r"\s*SET\s+TRANSACTION\s+READ\s+ONLY", sql, re.IGNORECASE):
            self._hold("SELECT 1")
            return Result()
        if re.search(r"\bCURRENT_SCN\b.*V\$DATABASE", sql, re.IGNORECASE | re.DOTALL):
            if not self.faults.scn_readable:
                raise BackendError("table or view does not exist", ora_code=942)
            return super().execute(f"SELECT {self.snapshots.current()} AS CURRENT_SCN FROM DUAL")
        sql = _plain_numbers(self._flashback(sql))
        return super().execute(_merge(sql) if re.match(r"\s*MERGE\b", sql, re.IGNORECASE) else sql, binds)

    def commit(self) -> None:
        self._scn = None
        if self._struck("commit"):
            return
        super().commit()
        self._struck("committed")

    def _struck(self, at: str) -> bool:
        code = self.faults.due(at, self._last)
        if code is not None and code != LOST:
            raise BackendError(TEXTS.get(code, "emulated"), ora_code=code)
        if code == LOST:
            self.rollback()
            hang_up()
        return code == LOST

    def rollback(self) -> None:
        self._scn = None
        super().rollback()

    def _hold(self, first: str) -> None:
        self._conn.commit()
        self._conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self._conn.execute(first)
        self._user_savepoint = True  # keeps the snapshot until COMMIT or ROLLBACK

    def _flashback(self, sql: str) -> str:
        found = re.search(r"\s+AS\s+OF\s+SCN\s+(\d+)", sql, re.IGNORECASE)
        if found is None:
            return sql
        number = int(found[1])
        if number != self._scn:
            self._hold(f"SET TRANSACTION SNAPSHOT '{self.snapshots.name(number)}'")
            self._scn = number
        return sql[: found.start()] + sql[found.end() :]


def _plain_numbers(sql: str) -> str:
    """TO_CHAR(n, 'TM9', …) as Oracle has it: no zeros at the end, none before the point."""
    text = r"REGEXP_REPLACE(REGEXP_REPLACE(CAST(\1 AS VARCHAR2(200)), '(\\.[0-9]*[1-9])0+$|\\.0+$', '\\1'), '^(-?)0\\.', '\\1.')"
    return re.sub(r"TO_CHAR\(([^(),]+), 'TM9', 'NLS_NUMERIC_CHARACTERS=''\.,'''\)", text, sql)


def _merge(sql: str) -> str:
    tree = sqlglot.parse_one(sql, read="oracle")
    for when in tree.args["whens"].expressions:
        then = when.args.get("then")
        where = then.args.get("where") if then is not None else None
        if where is not None:
            old = when.args.get("condition")
            when.set("condition", exp.and_(old, where.this) if old else where.this)
            then.set("where", None)
        if isinstance(then, exp.Update):
            for assignment in then.expressions:
                if isinstance(assignment.this, exp.Column):
                    assignment.this.set("table", None)
    return tree.sql("oracle")


class Listener(Server):
    """Accepts clients, or refuses them as a listener does."""

    faults: Faults

    def _serve(self, client: socket.socket, addr: tuple[Any, ...]) -> None:
        _session.socket = client
        code = self.faults.due("connect", "connect")
        if code is None:
            super()._serve(client, addr)
            return
        with client:
            client.recv(8192)
            if code in REFUSED:
                text = f"(DESCRIPTION=(TMP=)(VSNNUM=0)(ERR={code})(ERROR_STACK=(ERROR=(CODE={code})(EMFI=4))))".encode()
                client.sendall(struct.pack(">HHBBHBBH", 12 + len(text), 0, 4, 0, 0, 1, 0, len(text)) + text)


def _fail_fetches(faults: Faults) -> None:
    """Lets a fault strike when the further rows of a query are asked for."""
    answer = mirror_session._answer_fetch

    def with_faults(stream: Any, request: Any, cursors: Any) -> Any:
        code = faults.due("fetch", cursors.query_sql(request.cursor) or "")
        if code is None:
            return answer(stream, request, cursors)
        if code == LOST:
            hang_up()
        else:
            stream.write_packet(
                mirror_session.TNS_DATA, mirror_session.encode_error(code, f"ORA-{code:05d}: {TEXTS.get(code, 'emulated')}")
            )
        return []

    mirror_session._answer_fetch = with_faults


def _read_whole_messages() -> None:
    """Waits for the rest of a message that ends between two rows or within a number, which the Mirror takes for the whole or refuses."""
    complete = mirror_session._complete_message

    def patiently(stream: Any, body: bytes, parse: Any) -> Any:
        def parsed(text: bytes) -> object:
            try:
                request = parse(text)
            except (mirror_session.Truncated, mirror_session.InterfaceError):
                raise
            except Exception as error:
                raise mirror_session.Truncated(str(error)) from error
            rows = len(getattr(request, "bind_rows", ()))
            wanted = getattr(request, "iterations", getattr(request, "fetch", 0))
            if 1 < rows < wanted:
                raise mirror_session.Truncated(f"{rows} rows of {wanted}")
            return request

        return complete(stream, body, parsed)

    mirror_session._complete_message = patiently
    mirror_session._CONTINUATION_TIMEOUT = 20.0


def _answer(faults: Faults, order: dict[str, Any]) -> dict[str, Any]:
    kind = order.pop("do")
    if kind == "plan":
        faults.plan(**order)
    elif kind == "clear":
        faults.clear()
    elif kind == "hide_scn":
        faults.scn_readable = False
    return {"raised": faults.raised, "statements": faults.statements, "connects": faults.connects, "commits": faults.commits}


def main() -> None:
    """Serves until stdin ends. The first line says ``conninfo``, ``users`` (name to password) and ``presents`` (a version)."""
    start = json.loads(sys.stdin.readline())
    Backend.faults = Listener.faults = faults = Faults()
    Backend.snapshots = Snapshots(start["conninfo"])
    _fail_fetches(faults)
    _read_whole_messages()
    server = Listener(
        "127.0.0.1",
        0,
        backend_factory=lambda: Backend(start["conninfo"], credentials=start["users"], presents=start["presents"]),
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.port}), flush=True)
    for line in sys.stdin:
        print(json.dumps(_answer(faults, json.loads(line))), flush=True)
    server.close()


if __name__ == "__main__":
    main()
