"""A target in PostgreSQL. Its key log and progress are in the schema ``hedui_regions`` of the same database, in the same transactions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import psycopg

from hedui.engine import environment
from hedui.regions.allocation import Place
from hedui.regions.errors import ConcurrentWriterError, RegionError
from hedui.regions.migrate import postgres_text as pg
from hedui.regions.migrate.records import Action, Logged, MapRow, Measure, Waiting
from hedui.site.regions import Target


class PostgresTarget:
    """See :class:`hedui.regions.migrate.records.TargetStore`.

    Args:
        url: SQLAlchemy URL.
        target: What to migrate.
        run: The run's name, part of the work tables' names.
        code_columns: All columns of the table that carry codes of some target: they do not count as content.
        table: The table as it is really called, where it is a copy.
    """

    def __init__(self, *, url: str, target: Target, run: str, code_columns: Sequence[str] = (), table: str | None = None) -> None:
        self.target = target
        self.run = run
        self._url = url
        self._code_columns = tuple(dict.fromkeys((*code_columns, target.column)))
        self._table = table or ".".join(pg.quote(part) for part in target.table.split("."))
        self._copied = table is not None
        self._connection = pg.connect(url)
        with self._guarded():
            self._connection.execute("SELECT pg_advisory_lock(%s)", (0x6865647510,))
            self._connection.execute(pg.PROGRESS)
            self._connection.execute("SELECT pg_advisory_unlock(%s)", (0x6865647510,))

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turns the driver's errors, which may quote rows, into ours."""
        try:
            yield
        except psycopg.Error as error:
            raise RegionError(
                f"{self.target.id}: the database refused ({type(error).__name__}, SQLSTATE {error.sqlstate}); "
                "nothing of this statement was kept. See the server's log for details."
            ) from None

    def _work(self, what: str) -> str:
        return f"{pg.SCHEMA}.{pg.quote(f'{what}_{self.run}_{self.target.id}')}"

    def _sql(self, name: str, **parameters: Any) -> str:
        target = self.target
        quoted = {
            "table": self._table,
            "column": pg.quote(target.column),
            "keys": [pg.quote(key) for key in target.key],
            "person": pg.quote(target.person) if target.person else None,
            "unit": pg.quote(target.unit) if target.unit else None,
            "amounts": [pg.quote(column) for column in target.amounts],
            "date": pg.quote(target.date) if target.date else None,
            "closed": self._closed,
            "place": self._place,
            "row_key": pg.joined([f"t.{pg.quote(key)}" for key in target.key]),
            "log": self._work("log"),
            "map": self._work("map"),
            "manual": self._work("manual"),
            "queue": self._work("queue"),
        }
        text = environment().get_template(f"regions/postgres/{name}.sql.jinja").render(**{**quoted, **parameters})
        return text

    @property
    def _closed(self) -> str:
        if self.target.frozen:
            return "true"
        if self.target.closed is None:
            return "false"
        bound = pg.literal(self.target.closed.before)
        return f'coalesce(t.{pg.quote(self.target.closed.column)}::text COLLATE "C" < {bound}, false)'

    @property
    def _place(self) -> str:
        return pg.joined([f"t.{pg.quote(column)}" for column in self.target.place_columns.values()] or ["''"])

    @cached_property
    def _rest(self) -> list[str]:
        """The columns that are content, those without a hash as text.

        Raises:
            RegionError: The table, a column of the target is not there, or the key is not unique.
        """
        with self._guarded():
            rows = self._connection.execute(
                pg.COLUMNS,
                (self._table,),
            ).fetchall()
        found = {row[0]: row[2] for row in rows}
        target = self.target
        closed = [target.closed.column] if target.closed else []
        named = (target.column, *target.key, target.person, target.unit, *target.amounts, target.date, *closed)
        missing = [name for name in (*named, *target.place_columns.values()) if name and name not in found]
        if missing or not found:
            raise RegionError(
                f"{target.id}: {target.table} has no column {', '.join(missing)}; found {', '.join(found) or 'no such table'}."
            )
        content = [name for name in found if name not in self._code_columns]
        return [f"t.{pg.quote(name)}" + ("::text" if found[name].startswith(pg.UNHASHABLE) else "") for name in content]

    def values(self, *, closed: bool = False) -> dict[str, int]:
        """See the protocol."""
        _ = self._rest
        column = pg.quote(self.target.column)
        which = "true" if closed else f"NOT {self._closed}"
        query = f"SELECT t.{column}::text, count(*) FROM {self._table} AS t WHERE {which} AND t.{column} IS NOT NULL GROUP BY 1"
        return {str(code): int(rows) for code, rows in self._run(query)}

    def key_problem(self) -> str:
        """See the protocol. A unique index over the key's columns settles it, else they are counted."""
        keys = ", ".join(pg.quote(key) for key in self.target.key)
        with self._guarded():
            indexed = self._connection.execute(pg.UNIQUE, (self._table, list(self.target.key))).fetchone()
        if indexed:
            return ""
        absent = " OR ".join(f"{pg.quote(key)} IS NULL" for key in self.target.key)
        doubles = f"SELECT 1 FROM {self._table} GROUP BY {keys} HAVING count(*) > 1"
        query = f"SELECT count(*), (SELECT count(*) FROM {self._table} WHERE {absent}) FROM ({doubles}) AS d"
        twice, empty = self._run(query).fetchall()[0]
        return f"主键列不能唯一确定一行：重复{twice:,}组，空值{empty:,}行" if twice or empty else ""

    def places(self, values: list[str]) -> list[tuple[str, Place]]:
        """See the protocol."""
        columns = self.target.place_columns
        if not columns or not values:
            return [(value, Place()) for value in values]
        items = ", ".join(f"coalesce(t.{pg.quote(column)}::text, '')" for column in columns.values())
        query = (
            f"SELECT DISTINCT t.{pg.quote(self.target.column)}::text, {items} FROM {self._table} AS t "
            f"WHERE NOT {self._closed} AND t.{pg.quote(self.target.column)} = ANY(%s)"
        )
        with self._guarded():
            rows = self._connection.execute(query, (values,)).fetchall()
        return [(str(row[0]), Place(**dict(zip(columns, row[1:], strict=True)))) for row in rows]

    def measure(self, groups: dict[str, str]) -> list[Measure]:
        """See the protocol."""
        rest = self._rest
        with self._guarded(), self._connection.transaction():
            self._connection.execute("SET LOCAL jit = off")
            self._connection.execute("SET LOCAL work_mem = '128MB'")
            self._connection.execute("CREATE TEMP TABLE hedui_groups (code text PRIMARY KEY, grp text NOT NULL) ON COMMIT DROP")
            with self._connection.cursor().copy("COPY hedui_groups (code, grp) FROM STDIN") as copy:
                for row in groups.items():
                    copy.write_row(row)
            self._connection.execute("ANALYZE hedui_groups")
            rows = self._connection.execute(self._sql("measure", rest=rest, groups="hedui_groups")).fetchall()
        return [
            Measure(
                closed=bool(closed),
                group=group or "",
                code=None if is_group else code or "",
                rows=count,
                persons=persons,
                units=units,
                fen=tuple(int(value) for value in fen),
                earliest=earliest or "",
                latest=latest or "",
                digest=digest or "0",
            )
            for closed, group, code, is_group, count, persons, units, fen, earliest, latest, digest in rows
        ]

    def decide(self, decisions: dict[tuple[str, str], str]) -> None:
        """See the protocol."""
        manual = self._work("manual")
        with self._guarded(), self._connection.transaction():
            self._run(f"DROP TABLE IF EXISTS {manual}")
            self._run(f"CREATE TABLE {manual} (row_key text, old_code text, new_code text, PRIMARY KEY (row_key, old_code))")
            with self._connection.cursor().copy(f"COPY {manual} FROM STDIN") as copy:
                for (key, old), new in decisions.items():
                    copy.write_row((key, old, new))
            self._run(f"ANALYZE {manual}")

    def log(self, rows: list[MapRow], *, batch_rows: int) -> Logged:
        """See the protocol. The log and the map are made in one transaction: there is a whole log or none."""
        _ = self._rest
        allocated = any(row.place is not None for row in rows)
        log, queue, mapped = self._work("log"), self._work("queue"), self._work("map")
        with self._guarded(), self._connection.transaction():
            self._connection.execute("SET LOCAL jit = off")
            self._connection.execute("SET LOCAL max_parallel_workers_per_gather = 0")  # keeps the log in the table's physical order
            self._connection.execute("SET LOCAL enable_mergejoin = off")
            self._connection.execute("SET LOCAL work_mem = '64MB'")
            for table in (log, queue, mapped):
                self._run(f"DROP TABLE IF EXISTS {table}")
            self._run(
                f"CREATE TABLE {mapped} (old_code text NOT NULL, place text, new_code text, method text NOT NULL, reason text NOT NULL)"
            )
            self._run(
                f"CREATE TABLE IF NOT EXISTS {self._work('manual')} "
                "(row_key text, old_code text, new_code text, PRIMARY KEY (row_key, old_code))"
            )
            with self._connection.cursor().copy(f"COPY {mapped} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row((row.old, row.place, row.new, row.method, row.reason))
            self._run(f"ANALYZE {mapped}")
            self._connection.execute(self._sql("log", allocated=allocated, batch_rows=batch_rows))
            self._connection.execute(self._sql("queue", columns={n: pg.quote(c) for n, c in self.target.place_columns.items()}))
            self._run(f"CREATE INDEX ON {log} USING brin (batch) WITH (pages_per_range = 16)")
            self._connection.execute(
                f"DELETE FROM {pg.SCHEMA}.progress WHERE run = %s AND target = %s", (self.run, self._progress_name)
            )
        self._run(f"ANALYZE {log}")
        return self._figures()

    def _figures(self) -> Logged:
        log, queue = self._work("log"), self._work("queue")
        with self._guarded():
            moves = self._run(
                f"SELECT old_code::text, new_code::text, method, count(*) FROM {log} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
            ).fetchall()
            batches = self._run(f"SELECT coalesce(max(batch) + 1, 0) FROM {log}").fetchall()[0][0]
            queued = self._run(f"SELECT old_code::text, reason, count(*) FROM {queue} GROUP BY 1, 2 ORDER BY 1, 2").fetchall()
        return Logged(moves=tuple(moves), batches=int(batches), queued=tuple(queued))

    def logged(self) -> Logged | None:
        """See the protocol."""
        with self._guarded():
            found = self._connection.execute("SELECT to_regclass(%s)", (self._work("log"),)).fetchone()
        return self._figures() if found and found[0] else None

    def waiting(self) -> list[Waiting]:
        """See the protocol."""
        names = list(self.target.place_columns)
        with self._guarded():
            rows = self._run(
                f"SELECT {', '.join(['row_key', 'old_code::text', 'reason', *names])} FROM {self._work('queue')} ORDER BY 1"
            ).fetchall()
        return [
            Waiting(
                row_key=row[0], old=row[1], reason=row[2], place=Place(**{n: v or "" for n, v in zip(names, row[3:], strict=True)})
            )
            for row in rows
        ]

    @property
    def _progress_name(self) -> str:
        return f"{self.target.id}{'~copy' if self._copied else ''}"

    def done(self, action: Action) -> dict[int, int]:
        """See the protocol."""
        query = f"SELECT batch, rows FROM {pg.SCHEMA}.progress WHERE run = %s AND target = %s AND action = %s"
        with self._guarded():
            rows = self._connection.execute(query, (self.run, self._progress_name, action)).fetchall()
        return dict(rows)

    def move(self, batch: int, action: Action) -> int:
        """See the protocol."""
        start, end = ("old_code", "new_code") if action == "migrate" else ("new_code", "old_code")
        log = self._work("log")
        with self._guarded(), self._connection.transaction():
            self._connection.execute("SET LOCAL jit = off")
            wanted = int(self._run(f"SELECT count(*) FROM {log} WHERE batch = {batch:d}").fetchall()[0][0])
            moved = 0
            if action == "migrate":
                # Rows lie where they were logged: each is fetched by its address, with key and code as guards.
                self._connection.execute("SET LOCAL enable_hashjoin = off")
                self._connection.execute("SET LOCAL enable_mergejoin = off")
                moved = self._update(batch, start, end, by_place=True)
                self._connection.execute("SET LOCAL enable_hashjoin = on")
            if moved < wanted:
                # By key: through the key's index where the table is large, else every batch would read the whole table.
                self._connection.execute("SET LOCAL random_page_cost = 1.1")
                moved += self._update(batch, start, end, by_place=False)
            if moved != wanted:
                raise ConcurrentWriterError(
                    f"{self.target.id}: batch {batch} has {wanted} logged rows, {moved} still hold their logged code: someone else "
                    "writes to the table. The batch was rolled back; stop the writer, then run the migration again or roll it back."
                )
            self._connection.execute(
                f"INSERT INTO {pg.SCHEMA}.progress (run, target, action, batch, rows) VALUES (%s, %s, %s, %s, %s)",
                (self.run, self._progress_name, action, batch, moved),
            )
        return moved

    def _update(self, batch: int, start: str, end: str, *, by_place: bool) -> int:
        statement = self._sql("move", by_place=by_place, from_code=start, to_code=end)
        return self._connection.execute(statement, {"batch": batch}).rowcount

    def rehearsal(self) -> PostgresTarget:
        """See the protocol. The copy has no triggers and only an index on its key; codes, keys and content are the same."""
        copy = self._work("copy")
        with self._guarded(), self._connection.transaction():
            self._run(f"DROP TABLE IF EXISTS {copy}")
            self._run(f"CREATE TABLE {copy} AS SELECT * FROM {self._table}")
            # Rolling back finds rows by key, batch by batch; without an index every batch would read the whole copy.
            self._run(f"CREATE INDEX ON {copy} ({', '.join(pg.quote(key) for key in self.target.key)})")
        self._run(f"ANALYZE {copy}")
        rehearsed = PostgresTarget(
            url=self._url, target=self.target, run=f"{self.run}x", code_columns=self._code_columns, table=copy
        )
        with self._guarded():
            decided = self._connection.execute("SELECT to_regclass(%s)", (self._work("manual"),)).fetchone()
            if decided and decided[0]:
                self._run(f"DROP TABLE IF EXISTS {rehearsed._work('manual')}")
                self._run(f"CREATE TABLE {rehearsed._work('manual')} AS SELECT * FROM {self._work('manual')}")
        return rehearsed

    def drop(self) -> None:
        """See the protocol."""
        with self._guarded():
            for what in ("log", "queue", "map", "manual"):
                self._run(f"DROP TABLE IF EXISTS {self._work(what)}")
            if self._copied:
                self._run(f"DROP TABLE IF EXISTS {self._table}")

    def close(self) -> None:
        """See the protocol."""
        self._connection.close()

    def _run(self, statement: str) -> psycopg.Cursor[Any]:
        with self._guarded():
            return self._connection.execute(statement)
