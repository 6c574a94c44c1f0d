"""Moving rows in the canonical lake: a batch is a partition, replaced whole; its key log is a partition of the layer ``regions``."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import duckdb
import pyarrow as pa

from hedui import engine
from hedui.lake import Lake, Manifest
from hedui.regions.allocation import Place
from hedui.regions.errors import ConcurrentWriterError, RegionError
from hedui.regions.migrate.lake_table import LakeTable
from hedui.regions.migrate.records import SEPARATOR, Action, Logged, MapRow, Waiting


class LakeTarget(LakeTable):
    """A target in the lake; see :class:`hedui.regions.migrate.records.TargetStore`."""

    def decide(self, decisions: dict[tuple[str, str], str]) -> None:
        """See the protocol. A row's key is its date and number: ``2026-06-03/17``."""
        self._decisions = dict(decisions)

    def log(self, rows: list[MapRow], *, batch_rows: int) -> Logged:
        """See the protocol."""
        mapped = {name: [getattr(row, name) for row in rows] for name in ("old", "place", "new", "method", "reason")}
        names = {"old": "old_code", "place": "place", "new": "new_code", "method": "method", "reason": "reason"}
        text = {names[name]: pa.array(values, pa.string()) for name, values in mapped.items()}
        for date in self._logged_dates():
            self._lake.remove(self._log_partition(date))
        with self._connect() as connection:
            connection.register("region_map", pa.table(text))
            split = sorted({row.old for row in rows if row.place is not None})
            for date in self._dates:
                self._log_date(connection, date, split)
        logged = self.logged()
        if logged is None:
            raise RegionError(f"{self.target.id}: the key log was not written; see the errors before.")
        return logged

    def _log_date(self, connection: duckdb.DuckDBPyConnection, date: dt.date, split: Sequence[str]) -> None:
        mine = [(key.partition("/")[2], old, new) for (key, old), new in self._decisions.items() if key.startswith(f"{date}/")]
        columns = list(zip(*mine, strict=True)) or [(), (), ()]
        names = ("row_key", "old_code", "new_code")
        decided = {name: pa.array(list(values), pa.string()) for name, values in zip(names, columns, strict=True)}
        connection.register("region_manual", pa.table(decided))
        parameters = {
            **{"data": self._placed(connection, date, split), "places": self.target.place_columns},
            **{"column": self.target.column, "closed": self._closed},
            **{"map": "region_map", "manual": "region_manual", "separator": SEPARATOR},
        }
        query = engine.render("regions/log.sql", **parameters)
        with self._lake.writer(self._log_partition(date)) as writer:
            path = engine.literal(writer.new_file())
            connection.execute(f"COPY ({query}) TO {path} (FORMAT parquet, COMPRESSION zstd)")
            count = connection.execute(f"SELECT count(*) FROM read_parquet({path})").fetchone()
            meta = {"partition": self._manifest(self._partition(date)).digest}
            writer.commit(Manifest(rows=int(count[0]) if count else 0, meta=meta))
        connection.unregister("region_manual")

    def logged(self) -> Logged | None:
        """See the protocol."""
        dates = self._logged_dates()
        if not dates or not set(self._dates) <= set(dates):
            return None
        log = engine.parquet([file for date in dates for file in self._lake.files(self._log_partition(date))])
        with self._connect() as connection:
            moves = connection.execute(
                f"SELECT old_code, new_code, method, count(*) FROM {log} WHERE new_code IS NOT NULL GROUP BY ALL ORDER BY ALL"
            ).fetchall()
            queued = connection.execute(
                f"SELECT old_code, reason, count(*) FROM {log} WHERE new_code IS NULL GROUP BY ALL ORDER BY ALL"
            ).fetchall()
        return Logged(moves=tuple(moves), batches=len(dates), queued=tuple(queued))

    def waiting(self) -> list[Waiting]:
        """See the protocol."""
        found = []
        names = list(self.target.place_columns)
        with self._connect() as connection:
            for date in self._logged_dates():
                log = engine.parquet(self._lake.files(self._log_partition(date)))
                items = ", ".join(["source_row", "old_code", "reason", *names])
                rows = connection.execute(f"SELECT {items} FROM {log} WHERE new_code IS NULL ORDER BY source_row").fetchall()
                for number, old, reason, *place in rows:
                    where = Place(**dict(zip(names, place, strict=True)))
                    found.append(Waiting(row_key=f"{date}/{number}", old=old, reason=reason, place=where))
        return found

    def done(self, action: Action) -> dict[int, int]:
        """See the protocol."""
        found = {}
        for batch, date in enumerate(self._logged_dates()):
            mine = self._notes(self._manifest(self._partition(date))).get(self.target.id, {})
            if action in mine:
                found[batch] = int(mine[action])
        return found

    def _notes(self, manifest: Manifest) -> dict[str, Any]:
        """What this run noted in a partition: rows per target and action, and the digest of the partition that it found."""
        return dict(manifest.meta.get("regions", {}).get(self.run, {}))

    def move(self, batch: int, action: Action) -> int:
        """See the protocol."""
        date = self._logged_dates()[batch]
        partition, log_partition = self._partition(date), self._log_partition(date)
        before = self._manifest(partition)
        notes = self._notes(before)
        found = notes.get("found", before.digest)  # another target of this run may have replaced it since
        if action == "migrate" and found != self._manifest(log_partition).meta["partition"]:
            raise ConcurrentWriterError(
                f"{self.target.id}: the partition of {date} was written anew since its keys were logged; log and rehearse again."
            )
        start, end = ("old_code", "new_code") if action == "migrate" else ("new_code", "old_code")
        data, log = self._data(date), engine.parquet(self._lake.files(log_partition))
        column = engine.ident(self.target.column)
        with self._connect() as connection:
            wanted, held = connection.execute(
                f"SELECT (SELECT count(*) FROM {log} WHERE new_code IS NOT NULL), (SELECT count(*) FROM {data} AS t JOIN {log} AS l "
                f"ON l.source_row = t.source_row AND l.{start} = t.{column} AND l.new_code IS NOT NULL)"
            ).fetchall()[0]
            if wanted != held:
                raise ConcurrentWriterError(
                    f"{self.target.id}: {wanted} rows of {date} were logged, {held} still hold their code: the partition was changed."
                )
            columns = self._columns(connection)
            query = engine.render(
                "regions/moved.sql", data=data, columns=columns, column=self.target.column, log=log, from_code=start, to_code=end
            )
            with self._lake.writer(partition) as writer:
                connection.execute(f"COPY ({query}) TO {engine.literal(writer.new_file())} (FORMAT parquet, COMPRESSION zstd)")
                for name, files in before.files.items():
                    if name != "data":
                        for file in files:
                            self._lake.fs.copy(self._lake.full_path(partition, file), writer.new_file(name))
                runs = before.meta.get("regions", {})
                mine = {**notes.get(self.target.id, {}), action: int(wanted)}
                done = {"regions": {**runs, self.run: {**notes, "found": found, self.target.id: mine}}}
                writer.commit(replace(before, meta=before.meta | done | self._tables.get(action, {})))
        return int(wanted)

    def rehearsal(self, codes: Collection[str]) -> LakeTarget:
        """See the protocol. The copy has the partitions that move, in a lake of its own."""
        folder = tempfile.mkdtemp(prefix="hedui-regions-")
        copy = Lake(folder)
        column = engine.ident(self.target.column)
        with self._connect() as connection:
            connection.register("region_codes", pa.table({"code": pa.array(list(codes), pa.string())}))
            for date in self._dates:
                kept = f"SELECT t.* FROM {self._data(date)} AS t WHERE t.{column} IN (SELECT code FROM region_codes)"
                with copy.writer(self._partition(date)) as writer:
                    connection.execute(f"COPY ({kept}) TO {engine.literal(writer.new_file())} (FORMAT parquet)")
                    writer.commit(replace(self._manifest(self._partition(date)), meta={}))
        rehearsed = LakeTarget(
            **{"lake": copy, "target": self.target, "run": f"{self.run}x", "code_columns": self._code_columns},  # type: ignore[arg-type]
            folder=folder,
            placing=self._placing,
        )
        rehearsed.decide(self._decisions)
        return rehearsed

    def drop(self) -> None:
        """See the protocol."""
        for date in self._logged_dates():
            self._lake.remove(self._log_partition(date))
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
