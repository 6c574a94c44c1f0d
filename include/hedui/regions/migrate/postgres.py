"""Moving rows in PostgreSQL: key log, batches, copy. Log and progress are in the schema ``hedui_regions``, in the same transactions."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from hedui.regions.allocation import Place
from hedui.regions.errors import ConcurrentWriterError
from hedui.regions.migrate import postgres_text as pg
from hedui.regions.migrate.postgres_table import PostgresTable
from hedui.regions.migrate.records import Action, Logged, MapRow, Waiting
from hedui.site.regions import Target


class PostgresTarget(PostgresTable):
    """A target in PostgreSQL; see :class:`hedui.regions.migrate.records.TargetStore`."""

    def __init__(self, *, url: str, target: Target, run: str, code_columns: Sequence[str] = (), table: str | None = None) -> None:
        super().__init__(url=url, target=target, run=run, code_columns=code_columns, table=table)
        with self._guarded():
            self._connection.execute("SELECT pg_advisory_lock(%s)", (0x6865647510,))
            self._connection.execute(pg.PROGRESS)
            self._connection.execute("SELECT pg_advisory_unlock(%s)", (0x6865647510,))

    def decide(self, decisions: dict[tuple[str, str], str]) -> None:
        """See the protocol."""
        manual = self._work("manual")
        with self._guarded(), self._connection.transaction():
            self._run(f"DROP TABLE IF EXISTS {manual}")
            self._run(f"CREATE TABLE {manual} ({pg.MANUAL_COLUMNS})")
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
            self._run(f"CREATE TABLE {mapped} ({pg.MAP_COLUMNS})")
            self._run(f"CREATE TABLE IF NOT EXISTS {self._work('manual')} ({pg.MANUAL_COLUMNS})")
            with self._connection.cursor().copy(f"COPY {mapped} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row((row.old, row.place, row.new, row.method, row.reason))
            self._run(f"ANALYZE {mapped}")
            self._connection.execute(self._sql("log", allocated=allocated, batch_rows=batch_rows))
            self._connection.execute(self._sql("queue", columns={n: pg.quote(c) for n, c in self.target.place_columns.items()}))
            self._run(f"CREATE INDEX ON {log} USING brin (batch) WITH (pages_per_range = 16)")
            self._forget()
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
        return self._figures() if self._exists("log") else None

    def _exists(self, what: str) -> bool:
        with self._guarded():
            found = self._connection.execute("SELECT to_regclass(%s)", (self._work(what),)).fetchone()
        return bool(found and found[0])

    def waiting(self) -> list[Waiting]:
        """See the protocol."""
        names = list(self.target.place_columns)
        items = ", ".join(["row_key", "old_code::text", "reason", *names])
        found = []
        for key, old, reason, *cells in self._run(f"SELECT {items} FROM {self._work('queue')} ORDER BY 1"):
            place = Place(**{name: cell or "" for name, cell in zip(names, cells, strict=True)})
            found.append(Waiting(row_key=key, old=old, reason=reason, place=place))
        return found

    @property
    def _progress_name(self) -> str:
        return f"{self.target.id}{'~copy' if self._copied else ''}"

    def done(self, action: Action) -> dict[int, int]:
        """See the protocol."""
        query = f"SELECT batch, rows FROM {pg.SCHEMA}.progress WHERE run = %s AND target = %s AND action = %s"
        with self._guarded():
            rows = self._connection.execute(query, (self.run, self._progress_name, action)).fetchall()
        return dict(rows)

    def _forget(self) -> None:
        query = f"DELETE FROM {pg.SCHEMA}.progress WHERE run = %s AND target = %s"
        with self._guarded():
            self._connection.execute(query, (self.run, self._progress_name))

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

    def rehearsal(self, codes: Collection[str]) -> PostgresTarget:
        """See the protocol. The copy has the table's checks and its unique keys with the column, and no triggers.

        It is written without a log of its own (it need not survive the server), and half empty, so that a row's next version fits
        beside it.
        """
        copy = self._work("copy")
        with self._guarded(), self._connection.transaction():
            self._run(f"DROP TABLE IF EXISTS {copy}")
            self._run(f"CREATE UNLOGGED TABLE {copy} (LIKE {self._table} INCLUDING CONSTRAINTS) WITH (fillfactor = 45)")
            column = pg.quote(self.target.column)
            taken = f"INSERT INTO {copy} SELECT * FROM {self._table} AS t WHERE t.{column} = ANY(%s)"
            self._connection.execute(taken, (list(codes),))
            # Rolling back finds rows by key, batch by batch; without an index every batch would read the whole copy.
            self._run(f"CREATE INDEX ON {copy} ({', '.join(pg.quote(key) for key in self.target.key)})")
            for columns, nulls, predicate in self._connection.execute(pg.UNIQUE_WITH, (self.target.column, self._table)).fetchall():
                where = f" WHERE {predicate}" if predicate else ""
                self._run(f"CREATE UNIQUE INDEX ON {copy} ({', '.join(map(pg.quote, columns))}){nulls}{where}")
        self._run(f"ANALYZE {copy}")
        rehearsed = PostgresTarget(
            url=self._url, target=self.target, run=f"{self.run}x", code_columns=self._code_columns, table=copy
        )
        if self._exists("manual"):
            manual = rehearsed._work("manual")
            self._run(f"DROP TABLE IF EXISTS {manual}")
            self._run(f"CREATE TABLE {manual} AS SELECT * FROM {self._work('manual')}")
        return rehearsed

    def drop(self) -> None:
        """See the protocol."""
        for what in ("log", "queue", "map", "manual"):
            self._run(f"DROP TABLE IF EXISTS {self._work(what)}")
        if self._copied:
            self._run(f"DROP TABLE IF EXISTS {self._table}")
        self._forget()
