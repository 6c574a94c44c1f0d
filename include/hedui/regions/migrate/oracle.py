"""Moving rows in Oracle: key log, batches, copy. Work tables are in the user's own schema; DDL commits there, so a log counts once its mark
is written.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from hedui.regions.allocation import Place
from hedui.regions.errors import ConcurrentWriterError
from hedui.regions.migrate.oracle_table import OracleTable
from hedui.regions.migrate.oracle_text import MAP_COLUMNS, PROGRESS, PROGRESS_COLUMNS, quote
from hedui.regions.migrate.records import Action, Logged, MapRow, Waiting
from hedui.site.regions import Target

_MARK = "logged"


class OracleTarget(OracleTable):
    """A target in Oracle; see :class:`hedui.regions.migrate.records.TargetStore`."""

    def __init__(self, *, url: str, target: Target, run: str, code_columns: Sequence[str] = (), table: str | None = None) -> None:
        super().__init__(url=url, target=target, run=run, code_columns=code_columns, table=table)
        if not self._exists(PROGRESS):
            self._run(f"CREATE TABLE {PROGRESS} ({PROGRESS_COLUMNS})")

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

    def rehearsal(self, codes: Collection[str]) -> OracleTarget:
        """See the protocol. The copy has an index on its key, and no triggers and constraints but NOT NULL."""
        copy, wanted = self._work("copy"), self._work("codes")
        self._again(wanted, "CODE VARCHAR2(60)")
        self._many(f"INSERT INTO {wanted} (CODE) VALUES (:1)", [(code,) for code in codes])
        self._connection.commit()
        self._remove(copy)
        column = quote(self.target.column)
        self._run(f"CREATE TABLE {copy} AS SELECT T.* FROM {self._table} T WHERE T.{column} IN (SELECT CODE FROM {wanted})")
        self._run(f"CREATE INDEX {self._work('cx')} ON {copy} ({', '.join(quote(key) for key in self.target.key)})")
        self._remove(wanted)
        rehearsed = OracleTarget(url=self._url, target=self.target, run=f"{self.run}x", code_columns=self._code_columns, table=copy)
        manual = self._work("manual")
        if self._exists(manual):
            rehearsed.decide({(row[0], row[1]): row[2] for row in self._run(f"SELECT ROW_KEY, OLD_CODE, NEW_CODE FROM {manual}")})
        return rehearsed

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
