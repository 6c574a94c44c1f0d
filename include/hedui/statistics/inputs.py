"""What a report reads of a period: which partitions, whether all that should be there is, in which region codes."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from hedui import engine
from hedui.canonical.schemas import Dataset, dataset
from hedui.context import Context
from hedui.lake import Lake, Manifest, Partition
from hedui.regions.mapping import RegionMap
from hedui.site.statistics import StatisticsSettings
from hedui.statistics.periods import ONE_DAY, Period

SPLIT: Final = "~"
"""Before the old code of a region that was split: only weights can distribute its figures."""


@dataclass(frozen=True, kw_only=True)
class Input:
    """A partition that a report reads.

    Attributes:
        dataset: Canonical dataset.
        source: Source.
        date: Business date.
        digest: SHA-256 over its content.
        rows: Its rows.
        files: Full paths.
        version: The region table whose codes it carries; None where the site has no versions.
    """

    dataset: str
    source: str
    date: dt.date
    digest: str
    rows: int
    files: tuple[str, ...]
    version: dt.date | None = None


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """All that a report reads of a period.

    Attributes:
        period: The period.
        found: Its partitions.
        missing: Business dates on which a source should have delivered and the lake has nothing, by dataset and source.
    """

    period: Period
    found: tuple[Input, ...] = ()
    missing: Mapping[tuple[str, str], tuple[dt.date, ...]] = field(default_factory=dict)

    def of(self, name: str) -> list[Input]:
        """The partitions of one dataset."""
        return [item for item in self.found if item.dataset == name]

    @property
    def versions(self) -> set[dt.date]:
        """The region tables whose codes they carry."""
        return {item.version for item in self.found if item.version}


def find_inputs(context: Context, settings: StatisticsSettings, names: Iterable[str], period: Period) -> Inputs:
    """The partitions of a period: of a flow all of its business dates, of a snapshot the last one."""
    found: list[Input] = []
    missing: dict[tuple[str, str], tuple[dt.date, ...]] = {}
    for name in names:
        spec = dataset(name)
        for source in settings.sources.get(name, ()):
            dates = [date for date in context.lake.dates("canonical", name, source) if date in period]
            if spec.kind == "snapshot":
                dates = dates[-1:]
            absent = _absent(context, spec, source, period, dates)
            if absent:
                missing[name, source] = absent
            found += [_input(context, context.canonical(name, source, date), source) for date in dates]
    return Inputs(period=period, found=tuple(found), missing=missing)


def _absent(context: Context, spec: Dataset, source: str, period: Period, dates: list[dt.date]) -> tuple[dt.date, ...]:
    """Dates without a partition on which the source should have delivered; of a snapshot the period's last date."""
    if spec.kind == "snapshot":
        return () if dates else (period.end,)
    working = context.site.source(source).expected.days == "working"
    days = (period.start + ONE_DAY * number for number in range((period.end - period.start).days + 1))
    return tuple(day for day in days if day not in dates and (not working or context.workdays.is_workday(day)))


def _input(context: Context, partition: Partition, source: str) -> Input:
    manifest = context.lake.manifest(partition) or Manifest(rows=0)
    codes = context.site.codes_by_version
    return Input(
        dataset=partition.parts[0],
        source=source,
        date=partition.date,
        digest=manifest.digest,
        rows=manifest.rows,
        files=tuple(context.lake.full_path(partition, relative) for relative in manifest.files.get("data", [])),
        version=codes.of_manifest(manifest.meta, source=source, date=partition.date) if codes else None,
    )


def register_inputs(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    inputs: Inputs,
    names: Iterable[str],
    *,
    mappings: Mapping[dt.date, RegionMap],
) -> None:
    """Creates a relation per dataset with its fields and ``source``; region codes are brought to the later table of ``mappings``.

    Args:
        connection: DuckDB.
        lake: The lake.
        inputs: The partitions.
        names: The datasets; one without partitions becomes an empty relation.
        mappings: By the table that a partition carries, what becomes of its codes; what is not named stays as it is.
    """
    _register_moves(connection, mappings)
    for name in names:
        fields = {key: column.sql_type for key, column in dataset(name).fields.items()}
        alike: dict[tuple[str, str | None, tuple[str, ...]], list[str]] = defaultdict(list)
        for item in inputs.of(name):
            if item.files:
                version = str(item.version) if item.version in mappings else None
                alike[item.source, version, _columns(lake, item)] += item.files
        parts = [
            engine.render(
                "statistics/relation.sql", fields=fields, source=source, files=files, version=version, present=present
            ).rstrip().removesuffix(";")
            for (source, version, present), files in [
                *((key, engine.parquet(alike[key])) for key in sorted(alike, key=str)),
                (("", None, ()), None),
            ]
        ]  # fmt: skip
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {engine.ident(name)} AS {' UNION ALL '.join(parts)}")


def _columns(lake: Lake, item: Input) -> tuple[str, ...]:
    """The columns that a partition has: one that was written before a field was added to the dataset lacks it."""
    return tuple(sorted(pq.read_schema(item.files[0], filesystem=lake.fs).names))


def _register_moves(connection: duckdb.DuckDBPyConnection, mappings: Mapping[dt.date, RegionMap]) -> None:
    rows = [
        (version.isoformat(), rule.old, rule.targets[0] if rule.whole else f"{SPLIT}{rule.old}")
        for version, mapping in mappings.items()
        for rule in mapping.rules.values()
        if rule.targets and rule.fate != "keep"
    ]
    names = ("version", "code", "restated")
    moves = pa.table({name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate(names)})
    connection.register("incoming", moves)
    connection.execute("CREATE OR REPLACE TEMP TABLE region_moves AS SELECT * FROM incoming")
    connection.unregister("incoming")
