"""A lake with hand-made canonical partitions around the demo site, and what the checks made of them."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hedui.canonical.schemas import dataset as canonical_dataset
from hedui.context import Context
from hedui.lake import Manifest, Partition

DATE = dt.date(2026, 6, 3)
ARROW = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DATE": pa.date32()}


@dataclass(frozen=True, kw_only=True)
class Night:
    """One business date in a lake of its own."""

    context: Context
    date: dt.date = DATE

    def put(self, dataset: str, source: str, rows: list[dict[str, Any]], *, raw: dict[str, str] | None = None) -> None:
        """Writes a canonical partition; fields that a row does not name are NULL, source_row counts from 1."""
        fields = canonical_dataset(dataset).fields.values()
        assert not {name for row in rows for name in row} - {field.name for field in fields}, (
            "a row names a field the dataset lacks"
        )
        schema = pa.schema([*((field.name, ARROW[field.sql_type]) for field in fields), ("source_row", pa.int64())])
        table = pa.Table.from_pylist([{**row, "source_row": number} for number, row in enumerate(rows, start=1)], schema=schema)
        self._write(self.context.canonical(dataset, source, self.date), table, {"raw_columns": raw or {}})

    def put_raw(self, dataset: str, source: str, rows: list[dict[str, str | None]]) -> None:
        """Writes a raw partition of text columns."""
        table = pa.Table.from_pylist([{**row, "source_row": number} for number, row in enumerate(rows, start=1)])
        self._write(self.raw(dataset, source), table, {})

    def raw(self, dataset: str, source: str) -> Partition:
        """Address of a raw partition."""
        return Partition(layer="raw", parts=(source, dataset), date=self.date)

    def adopt(self, dataset: str, source: str, file: str) -> None:
        """Writes a canonical partition that is not one: the content of some other file."""
        self._write(self.context.canonical(dataset, source, self.date), pq.read_table(file), {})

    def _write(self, partition: Partition, table: pa.Table, meta: dict[str, Any]) -> None:
        with self.context.lake.writer(partition) as writer:
            pq.write_table(table, writer.new_file())
            writer.commit(Manifest(rows=table.num_rows, meta=meta))

    def findings(self, scope: str) -> list[dict[str, Any]]:
        """The findings of a scope with their JSON columns read."""
        rows = pa.concat_tables([pq.read_table(file) for file in self.context.lake.files(self.context.findings(scope, self.date))])
        parsed = ("side_values", "raw_values", "evidence")
        return [
            {name: json.loads(value) if name in parsed and value else value for name, value in row.items()}
            for row in rows.to_pylist()
        ]

    def subjects(self, scope: str) -> set[tuple[str, str]]:
        """Rule and subject of each finding of a scope."""
        return {(row["rule"], row["subject_key"]) for row in self.findings(scope)}

    def records(self, scope: str) -> dict[str, dict[str, Any]]:
        """How the rules of a scope fared, by rule."""
        manifest = self.context.lake.manifest(self.context.findings(scope, self.date))
        assert manifest is not None, f"no findings partition for {scope}"
        return {record["rule"]: record for record in manifest.meta["rules"]}
