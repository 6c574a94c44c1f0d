"""A target in the canonical lake: a batch is a partition, which is replaced whole; its key log is a partition of the layer ``regions``."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import duckdb
import pyarrow as pa

from hedui import engine
from hedui.lake import Lake, Manifest, Partition
from hedui.regions.allocation import Place
from hedui.regions.errors import ConcurrentWriterError, RegionError
from hedui.regions.migrate.records import SEPARATOR, Action, Guard, Logged, MapRow, Measure, Waiting, added
from hedui.site.regions import Target


class LakeTarget:
    """See :class:`hedui.regions.migrate.records.TargetStore`.

    Args:
        lake: The lake.
        target: What to migrate; its ``source`` is set.
        run: The run's name, part of the key log's address.
        code_columns: All columns of the dataset that carry codes of some target: they do not count as content.
        folder: The folder to remove at the end, where the lake is a copy.
        tables: Dates of the region tables whose codes the rows carry after each action, for the manifests.
    """

    def __init__(
        self,
        *,
        lake: Lake,
        target: Target,
        run: str,
        code_columns: Sequence[str] = (),
        folder: str | None = None,
        tables: Mapping[str, dict[str, str]] | None = None,
    ) -> None:
        self.target = target
        self.run = run
        self._lake = lake
        self._code_columns = tuple(dict.fromkeys((*code_columns, target.column)))
        self._folder = folder
        self._tables = tables or {}
        self._decisions: dict[tuple[str, str], str] = {}

    @property
    def _dates(self) -> list[dt.date]:
        dates = self._lake.dates("canonical", self.target.table, self.target.source or "")
        if not dates:
            raise RegionError(
                f"{self.target.id}: the lake has no partition of {self.target.table}/{self.target.source}; extract it first."
            )
        return dates if self.target.dates == "all" else dates[-1:]

    def _partition(self, date: dt.date) -> Partition:
        return Partition(layer="canonical", parts=(self.target.table, self.target.source or ""), date=date)

    def _log_partition(self, date: dt.date) -> Partition:
        return Partition(layer="regions", parts=(self.run, self.target.id), date=date)

    def _logged_dates(self) -> list[dt.date]:
        return self._lake.dates("regions", self.run, self.target.id)

    def _manifest(self, partition: Partition) -> Manifest:
        manifest = self._lake.manifest(partition)
        if manifest is None:
            raise RegionError(f"{self.target.id}: the lake has no partition {partition.path} any more; restore it.")
        return manifest

    @contextmanager
    def _connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with engine.connect() as connection:
            yield connection

    def _data(self, date: dt.date) -> str:
        return engine.parquet(self._lake.files(self._partition(date)))

    def _columns(self, connection: duckdb.DuckDBPyConnection) -> list[str]:
        found = [str(row[0]) for row in connection.execute(f"DESCRIBE SELECT * FROM {self._data(self._dates[-1])}").fetchall()]
        target = self.target
        named = (target.column, target.person, target.unit, *target.amounts, target.date, *target.place_columns.values())
        missing = [name for name in named if name and name not in found]
        if missing:
            raise RegionError(f"{target.id}: {target.table} has no column {', '.join(missing)}; found {', '.join(found)}.")
        return found

    @property
    def _closed(self) -> Any:
        return self.target.closed

    def values(self, *, closed: bool = False) -> dict[str, int]:
        """See the protocol."""
        found: dict[str, int] = {}
        with self._connect() as connection:
            self._columns(connection)
            for date in self._dates:
                parameters = {"data": self._data(date), "column": self.target.column, "closed": self._closed, "every": closed}
                for code, rows in engine.run(connection, "regions/values.sql", **parameters).fetchall():
                    found[code] = found.get(code, 0) + rows
        return {} if self.target.frozen and not closed else found

    def key_problem(self) -> str:
        """See the protocol. Rows of a partition are numbered by the lake itself."""
        return ""

    def places(self, values: list[str]) -> list[tuple[str, Place]]:
        """See the protocol."""
        columns = self.target.place_columns
        if not columns or not values:
            return [(value, Place()) for value in values]
        found: set[tuple[str, Place]] = set()
        with self._connect() as connection:
            for date in self._dates:
                parameters = {"column": self.target.column, "codes": values, "places": columns, "closed": self._closed}
                rows = engine.run(connection, "regions/places.sql", data=self._data(date), **parameters).fetchall()
                found |= {(row[0], Place(**dict(zip(columns, row[1:], strict=True)))) for row in rows}
        return sorted(found, key=str)

    def guards(self, codes: Sequence[str]) -> list[Guard]:
        """See the protocol. Files refuse nothing."""
        return []

    def measure(self, groups: dict[str, str], *, distinct: bool = True) -> list[Measure]:
        """See the protocol. With several dates each code is measured per date; its name then begins with the date."""
        target = self.target
        found: list[Measure] = []
        with self._connect() as connection:
            rest = [name for name in self._columns(connection) if name not in self._code_columns]
            connection.register("region_groups", pa.table({"code": list(groups), "grp": list(groups.values())}))
            for date in self._dates:
                parameters = {
                    **{"column": target.column, "amounts": list(target.amounts)},
                    **{"person": target.person if distinct else None, "unit": target.unit if distinct else None},
                    **{"date": target.date, "rest": rest, "closed": self._closed, "groups": "region_groups"},
                }
                rows = engine.run(connection, "regions/measure.sql", data=self._data(date), **parameters).fetchall()
                found += [self._measured(row) for row in rows]
        return found if len(self._dates) == 1 else added(found)

    def _measured(self, row: Sequence[Any]) -> Measure:
        closed, group, code, is_group, count, persons, units, earliest, latest, digest, *fen = row
        return Measure(
            closed=bool(closed) or self.target.frozen,
            group=group,
            code=None if is_group else code,
            rows=count,
            persons=persons,
            units=units,
            fen=tuple(int(value or 0) for value in fen),
            earliest=earliest or "",
            latest=latest or "",
            digest=digest,
        )

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
            for date in self._dates:
                self._log_date(connection, date)
        logged = self.logged()
        if logged is None:
            raise RegionError(f"{self.target.id}: the key log was not written; see the errors before.")
        return logged

    def _log_date(self, connection: duckdb.DuckDBPyConnection, date: dt.date) -> None:
        mine = [(key.partition("/")[2], old, new) for (key, old), new in self._decisions.items() if key.startswith(f"{date}/")]
        columns = list(zip(*mine, strict=True)) or [(), (), ()]
        names = ("row_key", "old_code", "new_code")
        decided = {name: pa.array(list(values), pa.string()) for name, values in zip(names, columns, strict=True)}
        connection.register("region_manual", pa.table(decided))
        parameters = {
            **{"data": self._data(date), "column": self.target.column, "places": self.target.place_columns, "closed": self._closed},
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
            rows = self._manifest(self._partition(date)).meta.get("regions", {}).get(self.run, {}).get(action)
            if rows is not None:
                found[batch] = int(rows)
        return found

    def move(self, batch: int, action: Action) -> int:
        """See the protocol."""
        date = self._logged_dates()[batch]
        partition, log_partition = self._partition(date), self._log_partition(date)
        before = self._manifest(partition)
        if action == "migrate" and before.digest != self._manifest(log_partition).meta["partition"]:
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
                done = {"regions": {**runs, self.run: {**runs.get(self.run, {}), action: int(wanted)}}}
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
        rehearsed = LakeTarget(lake=copy, target=self.target, run=f"{self.run}x", code_columns=self._code_columns, folder=folder)
        rehearsed.decide(self._decisions)
        return rehearsed

    def drop(self) -> None:
        """See the protocol."""
        for date in self._logged_dates():
            self._lake.remove(self._log_partition(date))
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> None:
        """See the protocol. Each call has a connection of its own."""
