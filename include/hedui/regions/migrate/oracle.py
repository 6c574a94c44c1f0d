"""A target in Oracle. Its work tables are in the user's own schema; DDL commits there, so the log counts once its mark is written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import oracledb
from sqlalchemy import make_url

from hedui.engine import environment
from hedui.regions.allocation import Place
from hedui.regions.errors import ConcurrentWriterError, RegionError
from hedui.regions.migrate.oracle_text import LOBS, MAP_COLUMNS, PROGRESS, PROGRESS_COLUMNS, SLICE, plain, quote
from hedui.regions.migrate.records import SEPARATOR, Action, Logged, MapRow, Measure, Waiting
from hedui.site.regions import Target
from hedui.sources.oracle_connect import connect
from hedui.sources.oracle_errors import codes

_MARK = "logged"


class OracleTarget:
    """See :class:`hedui.regions.migrate.records.TargetStore`.

    Large objects are not part of the content digest. An empty text is NULL in Oracle, so places carry a leading ``#``.
    """

    def __init__(self, *, url: str, target: Target, run: str, code_columns: Sequence[str] = (), table: str | None = None) -> None:
        self.target = target
        self.run = run
        self._url = url
        self._code_columns = tuple(dict.fromkeys((*code_columns, target.column)))
        self._table = table or ".".join(quote(part) for part in target.table.split("."))
        self._copied = table is not None
        self._connection = connect(make_url(url), target.id, "Asia/Shanghai")
        if not self._exists(PROGRESS):
            self._run(f"CREATE TABLE {PROGRESS} ({PROGRESS_COLUMNS})")

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except oracledb.Error as error:
            raise RegionError(
                f"{self.target.id}: the database refused ({', '.join(codes(error)) or type(error).__name__}); see its alert log."
            ) from None

    def _work(self, what: str) -> str:
        """A short name: before 12.2 Oracle's names have at most 30 characters."""
        digest = hashlib.sha256(f"{self.run}/{self.target.id}".encode()).hexdigest()[:12].upper()
        return f"HEDUI_{what.upper()}_{digest}"

    def _exists(self, table: str) -> bool:
        return bool(self._run("SELECT COUNT(*) FROM USER_TABLES WHERE TABLE_NAME = :name", {"name": table})[0][0])

    def _run(self, statement: str, binds: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        with self._guarded(), self._connection.cursor() as cursor:
            cursor.execute(statement, binds or {})
            return list(cursor.fetchall()) if cursor.description else []

    def _many(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        with self._guarded(), self._connection.cursor() as cursor:
            cursor.setinputsizes(*([oracledb.DB_TYPE_VARCHAR] * (len(rows[0]) if rows else 0)))
            for start in range(0, len(rows), SLICE):
                cursor.executemany(statement, list(rows[start : start + SLICE]))

    def _sql(self, name: str, **parameters: Any) -> str:
        target = self.target
        quoted = {
            **{"table": self._table, "column": quote(target.column), "keys": [quote(key) for key in target.key]},
            **{name: quote(column) if column else None for name, column in self._optional.items()},
            **{"amounts": [quote(column) for column in target.amounts], "closed": self._closed, "place": self._place},
            **{"row_key": self._row_key, "log": self._work("log"), "map": self._work("map"), "manual": self._work("manual")},
        }
        text = environment().get_template(f"regions/oracle/{name}.sql.jinja").render(**{**quoted, **parameters})
        return " ".join(line.strip() for line in text.splitlines() if line.strip())

    @property
    def _optional(self) -> dict[str, str | None]:
        return {"person": self.target.person, "unit": self.target.unit, "date": self.target.date}

    @property
    def _closed(self) -> str:
        if self.target.frozen:
            return "1 = 1"
        if self.target.closed is None:
            return "1 = 0"
        column, before = f"T.{quote(self.target.closed.column)}", self.target.closed.before.replace("'", "''")
        return f"{column} IS NOT NULL AND {column} < '{before}'"

    @property
    def _row_key(self) -> str:
        return f" || CHR({ord(SEPARATOR)}) || ".join(f"CAST(T.{quote(key)} AS VARCHAR2(400))" for key in self.target.key)

    @property
    def _place(self) -> str:
        text = "'#'"
        for number, column in enumerate(self.target.place_columns.values()):
            text = f"CONCAT({text}, CHR({ord(SEPARATOR)}))" if number else text
            text = f"CONCAT({text}, CAST(T.{quote(column)} AS VARCHAR2(400)))"
        return text

    @cached_property
    def _rest(self) -> list[str]:
        """The columns that are content.

        Raises:
            RegionError: The table or a column of the target is not there.
        """
        with self._guarded(), self._connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {self._table} WHERE 1 = 0")
            found = {plain(item[0]): item[1].name for item in cursor.description}
        target = self.target
        closed = [target.closed.column] if target.closed else []
        named = (target.column, *target.key, *self._optional.values(), *target.amounts, *closed, *target.place_columns.values())
        missing = [name for name in named if name and name not in found]
        if missing:
            raise RegionError(f"{target.id}: {target.table} has no column {', '.join(missing)}; found {', '.join(found)}.")
        kept = [name for name, kind in found.items() if name not in self._code_columns and not kind.endswith(LOBS)]
        return [f"T.{quote(name)}" for name in kept]

    def values(self, *, closed: bool = False) -> dict[str, int]:
        """See the protocol."""
        column, which = quote(self.target.column), "1 = 1" if closed else f"NOT ({self._closed})"
        rows = self._run(
            f"SELECT T.{column}, COUNT(*) FROM {self._table} T WHERE {which} AND T.{column} IS NOT NULL GROUP BY T.{column}"
        )
        return {str(code): int(count) for code, count in rows}

    def key_problem(self) -> str:
        """See the protocol."""
        keys = ", ".join(quote(key) for key in self.target.key)
        doubles = f"SELECT 1 AS TWICE FROM {self._table} GROUP BY {keys} HAVING COUNT(*) > 1"
        absent = " OR ".join(f"{quote(key)} IS NULL" for key in self.target.key)
        twice = int(self._run(f"SELECT COUNT(*) FROM ({doubles}) D")[0][0])
        empty = int(self._run(f"SELECT COUNT(*) FROM {self._table} T WHERE {absent}")[0][0])
        return f"主键列不能唯一确定一行：重复{twice:,}组，空值{empty:,}行" if twice or empty else ""

    def places(self, values: list[str]) -> list[tuple[str, Place]]:
        """See the protocol."""
        columns = self.target.place_columns
        if not columns or not values:
            return [(value, Place()) for value in values]
        items = ", ".join(f"CAST(T.{quote(column)} AS VARCHAR2(400))" for column in columns.values())
        code = quote(self.target.column)
        found = []
        for value in values:
            query = f"SELECT DISTINCT {items} FROM {self._table} T WHERE NOT ({self._closed}) AND T.{code} = :code"
            rows = self._run(query, {"code": value})
            found += [(value, Place(**{name: cell or "" for name, cell in zip(columns, row, strict=True)})) for row in rows]
        return found

    def measure(self, groups: dict[str, str]) -> list[Measure]:
        """See the protocol."""
        name = self._work("groups")
        self._again(name, "CODE VARCHAR2(60), GRP VARCHAR2(60)")
        self._many(f"INSERT INTO {name} (CODE, GRP) VALUES (:1, :2)", list(groups.items()))
        self._connection.commit()
        rows = self._run(self._sql("measure", rest=self._rest, groups=name))
        self._run(f"DROP TABLE {name}")
        count = len(self.target.amounts)
        return [
            Measure(
                closed=bool(row[0]),
                group=row[1] or "",
                code=None if row[3] else row[2] or "",
                rows=int(row[4]),
                persons=None if row[5] is None else int(row[5]),
                units=None if row[6] is None else int(row[6]),
                fen=tuple(int(value or 0) for value in row[7 : 7 + count]),
                earliest=row[7 + count] or "",
                latest=row[8 + count] or "",
                digest=str(int(row[9 + count] or 0)),
            )
            for row in rows
        ]

    def decide(self, decisions: dict[tuple[str, str], str]) -> None:
        """See the protocol."""
        manual = self._work("manual")
        self._again(manual, "ROW_KEY VARCHAR2(1000), OLD_CODE VARCHAR2(60), NEW_CODE VARCHAR2(60)")
        self._many(
            f"INSERT INTO {manual} (ROW_KEY, OLD_CODE, NEW_CODE) VALUES (:1, :2, :3)",
            [(*key, new) for key, new in decisions.items()],
        )
        self._connection.commit()

    def log(self, rows: list[MapRow], *, batch_rows: int) -> Logged:
        """See the protocol. The mark is written last: without it a log is not whole and is made anew."""
        mapped = self._work("map")
        self._forget()
        self._again(mapped, MAP_COLUMNS)
        if not self._exists(self._work("manual")):
            self.decide({})
        lines = [(row.old, None if row.place is None else f"#{row.place}", row.new, row.method, row.reason) for row in rows]
        self._many(f"INSERT INTO {mapped} (OLD_CODE, PLACE, NEW_CODE, METHOD, REASON) VALUES (:1, :2, :3, :4, :5)", lines)
        self._connection.commit()
        for what in ("log", "queue"):
            self._remove(self._work(what))
        self._run(self._sql("log", batch_rows=batch_rows))
        self._run(f"CREATE INDEX {self._work('ix')} ON {self._work('log')} (BATCH)")
        names = {name: quote(column) for name, column in self.target.place_columns.items()}
        self._run(self._sql("queue", columns=names, queue=self._work("queue")))
        self._note(_MARK, 0, 0)
        return self._figures()

    def _note(self, action: str, batch: int, rows: int) -> None:
        values = {"run_name": self.run, "target": self._progress_name, "action": action, "batch": batch, "row_count": rows}
        columns = "RUN_NAME, TARGET, ACTION, BATCH, ROW_COUNT"
        self._run(f"INSERT INTO {PROGRESS} ({columns}) VALUES (:run_name, :target, :action, :batch, :row_count)", values)
        self._connection.commit()

    def _figures(self) -> Logged:
        log, queue = self._work("log"), self._work("queue")
        by = "OLD_CODE, NEW_CODE, METHOD"
        moves = self._run(f"SELECT {by}, COUNT(*) FROM {log} GROUP BY {by} ORDER BY {by}")
        batches = self._run(f"SELECT MAX(BATCH) FROM {log}")[0][0]
        queued = self._run(f"SELECT OLD_CODE, REASON, COUNT(*) FROM {queue} GROUP BY OLD_CODE, REASON ORDER BY OLD_CODE, REASON")
        return Logged(
            moves=tuple((old, new, method, int(count)) for old, new, method, count in moves),
            batches=0 if batches is None else int(batches) + 1,
            queued=tuple((old, reason or "", int(count)) for old, reason, count in queued),
        )

    def logged(self) -> Logged | None:
        """See the protocol."""
        return self._figures() if self.done(_MARK) else None  # type: ignore[arg-type]

    def waiting(self) -> list[Waiting]:
        """See the protocol."""
        names = list(self.target.place_columns)
        items = ", ".join(["ROW_KEY", "OLD_CODE", "REASON", *(f"P_{name}" for name in names)])
        rows = self._run(f"SELECT {items} FROM {self._work('queue')} ORDER BY ROW_KEY")
        found = []
        for key, old, reason, *cells in rows:
            place = Place(**{name: cell or "" for name, cell in zip(names, cells, strict=True)})
            found.append(Waiting(row_key=key, old=old, reason=reason or "", place=place))
        return found

    @property
    def _progress_name(self) -> str:
        return f"{self.target.id}{'~copy' if self._copied else ''}"

    def done(self, action: Action) -> dict[int, int]:
        """See the protocol."""
        query = f"SELECT BATCH, ROW_COUNT FROM {PROGRESS} WHERE RUN_NAME = :run_name AND TARGET = :target AND ACTION = :action"
        rows = self._run(query, {"run_name": self.run, "target": self._progress_name, "action": action})
        return {int(batch): int(count) for batch, count in rows}

    def move(self, batch: int, action: Action) -> int:
        """See the protocol. The rows and their progress are one transaction."""
        start, end = ("OLD_CODE", "NEW_CODE") if action == "migrate" else ("NEW_CODE", "OLD_CODE")
        wanted = int(self._run(f"SELECT COUNT(*) FROM {self._work('log')} WHERE BATCH = :batch", {"batch": batch})[0][0])
        with self._guarded(), self._connection.cursor() as cursor:
            cursor.execute(self._sql("move", from_code=start, to_code=end), {"batch": batch})
            moved = int(cursor.rowcount)
        if moved != wanted:
            self._connection.rollback()
            raise ConcurrentWriterError(
                f"{self.target.id}: batch {batch} has {wanted} logged rows, {moved} still hold their logged code: someone else writes "
                "to the table. The batch was rolled back; stop the writer, then run the migration again or roll it back."
            )
        self._note(action, batch, moved)
        return moved

    def rehearsal(self) -> OracleTarget:
        """See the protocol."""
        copy = self._work("copy")
        self._remove(copy)
        self._run(f"CREATE TABLE {copy} AS SELECT * FROM {self._table}")
        rehearsed = OracleTarget(url=self._url, target=self.target, run=f"{self.run}x", code_columns=self._code_columns, table=copy)
        manual = self._work("manual")
        if self._exists(manual):
            rehearsed.decide({(row[0], row[1]): row[2] for row in self._run(f"SELECT ROW_KEY, OLD_CODE, NEW_CODE FROM {manual}")})
        return rehearsed

    def _again(self, table: str, columns: str) -> None:
        self._remove(table)
        self._run(f"CREATE TABLE {table} ({columns})")

    def _remove(self, table: str) -> None:
        if self._exists(table):
            self._run(f"DROP TABLE {table} PURGE")

    def drop(self) -> None:
        """See the protocol."""
        for what in ("log", "queue", "map", "manual"):
            self._remove(self._work(what))
        if self._copied:
            self._remove(self._table)
        self._forget()

    def _forget(self) -> None:
        names = {"run_name": self.run, "target": self._progress_name}
        self._run(f"DELETE FROM {PROGRESS} WHERE RUN_NAME = :run_name AND TARGET = :target", names)
        self._connection.commit()

    def close(self) -> None:
        """See the protocol."""
        self._connection.close()
