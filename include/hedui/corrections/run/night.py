"""A table of a target as the night read it: its raw rows by key, and the night with some of them corrected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import duckdb
import pyarrow as pa

from hedui import engine
from hedui.canonical.convert import RawRelation, convert, prepare
from hedui.canonical.plan import code_entries, field_plans
from hedui.context import Context
from hedui.corrections.model import BundlePlan, Table, Value
from hedui.corrections.reverse import Reverse
from hedui.corrections.run.errors import RunError
from hedui.corrections.run.overlay import OverlayLake
from hedui.lake import Manifest, Partition

Key = tuple[Value, ...]
RawRow = dict[str, str | None]


@dataclass(frozen=True, kw_only=True)
class NightTable:
    """A table of a bundle's target, by the raw batch of the bundle's night.

    Attributes:
        context: The lake and the site.
        reverse: The table's mapping.
        table: The table as the bundle has it.
    """

    context: Context
    reverse: Reverse
    table: Table

    @property
    def raw(self) -> Partition:
        """The raw batch."""
        return Partition(layer="raw", parts=(self.reverse.target.source, self.reverse.table.dataset), date=self.reverse.date)

    @property
    def canonical(self) -> Partition:
        """What became of it."""
        return self.context.canonical(self.reverse.table.dataset, self.reverse.target.source, self.reverse.date)

    @cached_property
    def manifest(self) -> Manifest:
        """The raw batch's manifest.

        Raises:
            RunError: The source was not read that night.
        """
        manifest = self.context.lake.manifest(self.raw)
        if manifest is None:
            raise RunError(f"{self.raw.path}: the night has no such batch; make the bundle of a night that read the source.")
        return manifest

    def text(self, column: str, value: Value) -> str | None:
        """A value as the source's reader gives it."""
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, Decimal):
            return format(value, "f")
        if isinstance(value, dt.date):  # a moment too
            if self.context.site.source(self.reverse.target.source).reader.type == "sql":
                return value.isoformat(*((" ",) if isinstance(value, dt.datetime) else ())).removesuffix(" 00:00:00")
            field = self.reverse.field_of(column)
            return value.strftime(self.reverse.mapped.columns[field.name].format if field is not None else "%Y-%m-%d")
        return str(value)

    def rows(self, keys: Iterable[Key]) -> dict[Key, tuple[int, RawRow]]:
        """Raw rows by their key: number in the batch, and values by column; keys without a row are left out."""
        names = self.table.key
        wanted = list(keys)
        columns = list(self.manifest.meta["columns"])
        texts = {f"k{place}": [self.text(name, key[place]) for key in wanted] for place, name in enumerate(names)}
        joined = " AND ".join(f"r.{engine.ident(name)} = w.k{place}" for place, name in enumerate(names))
        listed = ", ".join(f"r.{engine.ident(name)}" for name in columns)
        with engine.connect(memory_limit=self.context.memory_limit, threads=self.context.threads) as duck:
            schema = pa.schema([("number", pa.int64()), *((name, pa.string()) for name in texts)])
            duck.register("wanted", pa.table({"number": list(range(len(wanted))), **texts}, schema=schema))
            found = duck.execute(
                f"SELECT w.number, r.source_row, {listed} FROM {engine.parquet(self.context.lake.files(self.raw))} AS r "
                f"JOIN wanted AS w ON {joined} ORDER BY r.source_row"
            ).fetchall()
        return {wanted[row[0]]: (row[1], dict(zip(columns, row[2:], strict=True))) for row in found}

    def correct(self, lake: OverlayLake, rows: Mapping[Key, Mapping[str, Value] | None]) -> dict[int, Key]:
        """Writes the night's raw and canonical partitions anew with some rows as they now are: None where a row is gone.

        Returns:
            The keys of those rows by their number in the raw batch.
        """
        known = self.rows(rows)
        columns = list(self.manifest.meta["columns"])
        gone = [known[key][0] for key, values in rows.items() if values is None and key in known]
        last = int(self.manifest.meta["source_rows"])
        places: dict[Key, tuple[int, RawRow]] = {}
        for key, values in rows.items():
            if values is None:
                continue
            if key not in known:
                last += 1
            number, old = known.get(key, (last, dict.fromkeys(columns)))
            texts = {name: self.text(name, value) for name, value in values.items() if name in old}
            places[key] = (number, old | texts)
        new = list(places.values())
        with engine.connect(memory_limit=self.context.memory_limit, threads=self.context.threads) as duck:
            source = self.reverse.target.source
            prepare(duck, code_entries(codes=self.context.site.codes, source=source, date=self.reverse.date))
            self._write_raw(duck, lake, new, gone, columns, last)
            self._write_canonical(duck, lake)
        return {number: key for key, (number, _) in places.items()}

    def _write_raw(
        self,
        duck: duckdb.DuckDBPyConnection,
        lake: OverlayLake,
        new: list[tuple[int, RawRow]],
        gone: list[int],
        columns: list[str],
        last: int,
    ) -> None:
        cells = {name: pa.array([row[name] for _, row in new], pa.string()) for name in columns}
        duck.register("corrected", pa.table({**cells, "source_row": pa.array([number for number, _ in new], pa.int64())}))
        duck.register("gone", pa.table({"source_row": pa.array(gone, pa.int64())}))
        files = engine.parquet(self.context.lake.files(self.raw))
        listed = ", ".join([*map(engine.ident, columns), "source_row"])
        query = (
            f"SELECT {listed} FROM {files} AS r WHERE source_row NOT IN (SELECT source_row FROM corrected) "
            f"AND source_row NOT IN (SELECT source_row FROM gone) UNION ALL SELECT {listed} FROM corrected ORDER BY source_row"
        )
        with lake.writer(self.raw) as writer:
            duck.execute(f"COPY ({query}) TO {engine.literal(writer.new_file())} (FORMAT parquet)")
            for path in self.context.lake.files(self.raw, "bad"):
                lake.fs.copy(path, writer.new_file("bad"))
            manifest = self.manifest
            added = last - int(manifest.meta["source_rows"]) - len(gone)
            meta = manifest.meta | {"source_rows": manifest.meta["source_rows"] + added}
            writer.commit(Manifest(rows=manifest.rows + added, rejected=manifest.rejected, meta=meta))

    def _write_canonical(self, duck: duckdb.DuckDBPyConnection, lake: OverlayLake) -> None:
        manifest, old = lake.manifest(self.raw), self.context.lake.manifest(self.canonical)
        assert manifest is not None
        if old is None or old.meta.get("set_aside"):
            raise RunError(
                f"{self.canonical.path}: its rows come from packets or are not there, so that they cannot be judged again."
            )
        plans = field_plans(
            dataset=self.reverse.dataset, spec=self.reverse.mapped, columns=manifest.meta["columns"], codes=self.context.site.codes
        )
        relation = RawRelation(
            data=lake.files(self.raw),
            bad=lake.files(self.raw, "bad"),
            columns=list(manifest.meta["columns"]),
            records=manifest.rows,
            source_rows=int(manifest.meta["source_rows"]),
        )
        with lake.writer(self.canonical) as writer:
            made = convert(connection=duck, lake=lake, writer=writer, dataset=self.reverse.dataset, plans=plans, raw=relation)
            meta = old.meta | {"source_rows": relation.source_rows}
            writer.commit(Manifest(rows=made.rows, rejected=made.rejected, control_totals=made.control_totals, meta=meta))


def night_tables(context: Context, plan: BundlePlan) -> list[NightTable]:
    """The bundle's tables as the night has them.

    Raises:
        RunError: A table is not one of the target's.
    """
    site, date = context.site, plan.business_date
    known = [Reverse(site=site, target=plan.target, table=table, date=date) for table in plan.target.tables]
    by_name = {reverse.name: reverse for reverse in known}
    missing = [table.name for table in plan.tables if table.name not in by_name]
    if missing:
        raise RunError(f"{plan.id}: the target {plan.target.id} has no table {', '.join(missing)}; known are {', '.join(by_name)}.")
    return [NightTable(context=context, reverse=by_name[table.name], table=table) for table in plan.tables]
