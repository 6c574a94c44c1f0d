"""What a dataset of the canonical lake holds: values, places, and measures of its content."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from hedui import engine
from hedui.lake import Lake, Manifest, Partition
from hedui.regions.allocation import Place
from hedui.regions.errors import RegionError
from hedui.regions.migrate.records import Guard, Measure, added
from hedui.site.regions import Target


@dataclass(frozen=True, kw_only=True)
class Placing:
    """Where another target's rows say that persons are; the columns appear as ``place_<what>``.

    Attributes:
        columns: What the other target knows of places, by what it is.
        read: Value, person and place of its open rows with some values.
    """

    columns: dict[str, str]
    read: Callable[[Sequence[str]], list[tuple[str, str, Place]]]


class LakeTable:
    """See :class:`hedui.regions.migrate.records.TargetStore`.

    Args:
        lake: The lake.
        target: What to migrate; its ``source`` is set.
        run: The run's name, part of the key log's address.
        code_columns: All columns of the dataset that carry codes of some target: they do not count as content.
        folder: The folder to remove at the end, where the lake is a copy.
        tables: Dates of the region tables whose codes the rows carry after each action, for the manifests.
        placing: The target that says where persons are, where the dataset does not.
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
        placing: Placing | None = None,
    ) -> None:
        self.target = target
        self.run = run
        self._lake = lake
        self._code_columns = tuple(dict.fromkeys((*code_columns, target.column)))
        self._folder = folder
        self._tables = tables or {}
        self._placing = placing
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

    def _placed(self, connection: duckdb.DuckDBPyConnection, date: dt.date, codes: Sequence[str]) -> str:
        """The partition with the columns that say where its rows with some codes are."""
        if self._placing is None:
            return self._data(date)
        names = list(self._placing.columns)
        known = self._placing.read(codes) if codes else []
        columns = {"code": [code for code, _, _ in known], "person": [person for _, person, _ in known]}
        columns |= {name: [getattr(place, name) for _, _, place in known] for name in names}
        connection.register("region_places", pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}))
        parameters = {"column": self.target.column, "person": self.target.person, "places": names, "known": "region_places"}
        return f"({engine.render('regions/placed.sql', data=self._data(date), **parameters)})"

    def _columns(self, connection: duckdb.DuckDBPyConnection) -> list[str]:
        found = [str(row[0]) for row in connection.execute(f"DESCRIBE SELECT * FROM {self._data(self._dates[-1])}").fetchall()]
        target = self.target
        own = () if self._placing else target.place_columns.values()
        named = (target.column, target.person, target.unit, *target.amounts, target.date, *own)
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
                rows = engine.run(
                    connection, "regions/places.sql", data=self._placed(connection, date, values), **parameters
                ).fetchall()
                found |= {(row[0], Place(**dict(zip(columns, row[1:], strict=True)))) for row in rows}
        return sorted(found, key=str)

    def person_places(self, values: Sequence[str]) -> list[tuple[str, str, Place]]:
        """See the protocol."""
        raise RegionError(f"{self.target.id}: places of other targets are read from a database; name a target with a connection.")

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

    def close(self) -> None:
        """See the protocol. Each call has a connection of its own."""
