"""A tiny lake made by hand, and the findings read back from it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hedui.canonical.schemas import dataset
from hedui.compare.run import run_comparison
from hedui.context import Context
from hedui.lake import Lake, Manifest, Partition
from hedui.site import Site
from hedui.steps import StepSummary

ARROW = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DATE": pa.date32()}
Row = dict[str, Any]


class Bench:
    """Writes canonical partitions, runs comparisons, reads findings."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def put(
        self, name: str, source: str, date: dt.date, rows: Iterable[Row], *, rejected: int = 0, raw: Iterable[Row] | None = None
    ) -> None:
        """Replaces a canonical partition (and, with ``raw``, its raw partition; raw columns are the fields in capitals)."""
        schema = dataset(name)
        numbered = [row | {"source_row": row.get("source_row", number)} for number, row in enumerate(rows, start=1)]
        types = {field.name: ARROW[field.sql_type] for field in schema.fields.values()} | {"source_row": pa.int64()}
        table = pa.table({key: pa.array([row.get(key) for row in numbered], kind) for key, kind in types.items()})
        totals = {
            field.name: sum(row.get(field.name) or 0 for row in numbered) for field in schema.fields.values() if field.type == "fen"
        }
        meta = {"raw_columns": {field: field.upper() for field in schema.fields}, "source_rows": len(numbered) + rejected}
        lake = self.context.lake
        with lake.writer(self.context.canonical(name, source, date)) as writer:
            pq.write_table(table, writer.new_file())
            writer.commit(Manifest(rows=len(numbered), rejected=rejected, control_totals=totals, meta=meta))
        if raw is not None:
            columns = {field.upper(): pa.array([row.get(field.upper()) for row in raw], pa.string()) for field in schema.fields}
            columns["source_row"] = pa.array(range(1, len(numbered) + 1), pa.int64())
            with lake.writer(Partition(layer="raw", parts=(source, name), date=date)) as writer:
                pq.write_table(pa.table(columns), writer.new_file())
                writer.commit(Manifest(rows=len(numbered)))

    def run(self, comparison: str, date: dt.date) -> StepSummary:
        """Runs a comparison."""
        return run_comparison(self.context, comparison, date)

    def findings(self, comparison: str, date: dt.date) -> list[Row]:
        """The findings of a comparison and date."""
        return [
            row
            for file in self.context.lake.files(self.context.findings(comparison, date))
            for row in pq.read_table(file).to_pylist()
        ]

    def brief(self, comparison: str, date: dt.date, *columns: str) -> Counter[tuple[Any, ...]]:
        """The findings' columns as a multiset."""
        return Counter(tuple(row[column] for column in columns) for row in self.findings(comparison, date))

    def balance(self, comparison: str, date: dt.date) -> dict[str, dict[str, int]]:
        """The balance that the partition carries."""
        manifest = self.context.lake.manifest(self.context.findings(comparison, date))
        assert manifest is not None
        return manifest.meta["balance"]


def tiny_context(site: dict[str, Any], folder: Path) -> Context:
    """A context for a site given as data."""
    return Context(
        site=Site.model_validate(site),
        lake=Lake(str(folder / "lake")),
        reports=folder / "reports",
        inbox=str(folder),
        ledger_url="postgresql://unused",
        memory_limit="512MB",
        threads=1,
    )


def source(name: str, agency: str, datasets: dict[str, Iterable[str]]) -> dict[str, Any]:
    """A source that delivers fields of datasets under their own names."""
    return {
        "id": name,
        "name": f"来源{name}",
        "agency": agency,
        "reader": {"type": "sql", "connection": name},
        "datasets": {
            key: {"table": key, "columns": {field: {"from": field.upper()} for field in fields}} for key, fields in datasets.items()
        },
    }


PERSON_FIELDS = ("person_no", "id_number", "name", "sex", "birth_date", "region")


def people_site() -> dict[str, Any]:
    """Three tiers of persons; ``c`` does not deliver ``sex``; authority: c for names, a for birth dates."""
    agencies = [{"id": f"ag_{key}", "name": f"机构{key}", "tier": "local"} for key in "abc"]
    sources = [source(key, f"ag_{key}", {"person": [f for f in PERSON_FIELDS if key != "c" or f != "sex"]}) for key in "abc"]
    fields = {
        "name": {"rule": "T03"},
        "sex": {"rule": "T03", "kind": "STATUS"},
        "birth_date": {"rule": "T05", "severity": "warning"},
    }
    presence = [{"rule": "T01", "missing": "a"}, {"rule": "T02"}]
    common = {"type": "snapshot", "key": ["id_number"], "fields": fields}
    sides = [{"source": key, "dataset": "person"} for key in "abc"]
    return {
        "id": "tiny",
        "name": "小站",
        "region": "990100",
        "agencies": agencies,
        "sources": sources,
        "comparisons": [
            common | {"id": "three", "name": "三级", "sides": sides, "presence": presence},
            common | {"id": "two", "name": "两方", "sides": sides[:2], "presence": [{"rule": "E17"}]},
        ],
        "authority": [{"dataset": "person", "field": "name", "source": "c"}, {"field": "birth_date", "source": "a"}],
    }
