from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from hedui.context import Context
from hedui.lake import Lake, Manifest, Partition
from hedui.site import load_site
from hedui.sources import retry
from hedui.sources.extract import extract_source
from hedui.steps import StepSummary

DATE = dt.date(2026, 6, 3)
SMALL_SITE = Path(__file__).parents[2] / "sites" / "small"


@dataclass
class World:
    """The small site with an inbox, a county database and a lake in a folder of the test's own."""

    folder: Path
    connections: dict[str, str]
    site_folder: Path = SMALL_SITE

    def __post_init__(self) -> None:
        self.inbox = self.folder / "inbox"
        self.inbox.mkdir()
        self.database = self.folder / "county.db"
        self.connections.setdefault("county_db", f"sqlite:///{self.database}")

    @property
    def context(self) -> Context:
        return Context(
            site=load_site(self.site_folder),
            lake=Lake(str(self.folder / "lake")),
            reports=self.folder / "reports",
            inbox=str(self.inbox),
            ledger_url="",
            connection=self.connections.__getitem__,
            memory_limit="1GB",
        )

    def file(self, path: str, content: bytes) -> Path:
        target = self.inbox / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return target

    def workbook(self, path: str, rows: list[list[Any]]) -> Path:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        target = self.inbox / path
        target.parent.mkdir(parents=True, exist_ok=True)
        book.save(target)
        return target

    def sql(self, script: str) -> None:
        with sqlite3.connect(self.database) as connection:
            connection.executescript(script)
        connection.close()

    def extract(self, source: str, date: dt.date = DATE) -> StepSummary:
        return extract_source(self.context, source, date)

    def rows(self, dataset: str, source: str, name: str = "data", date: dt.date = DATE) -> list[dict[str, Any]]:
        lake = self.context.lake
        files = lake.files(self.context.canonical(dataset, source, date), name)
        return sorted(
            (row for file in files for row in pq.ParquetFile(file).read().to_pylist()),
            key=lambda row: (row["source_row"], row.get("field") or ""),
        )

    def raw(self, source: str, dataset: str, name: str = "data", date: dt.date = DATE) -> list[dict[str, Any]]:
        files = self.context.lake.files(Partition(layer="raw", parts=(source, dataset), date=date), name)
        return [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]

    def manifest(self, dataset: str, source: str, date: dt.date = DATE) -> Manifest | None:
        return self.context.lake.manifest(self.context.canonical(dataset, source, date))

    def read(self, partition: Partition) -> list[dict[str, Any]]:
        return [row for file in self.context.lake.files(partition) for row in pq.ParquetFile(file).read().to_pylist()]

    def findings(self, source: str, date: dt.date = DATE) -> list[dict[str, Any]] | None:
        partition = self.context.findings(f"arrival:{source}", date)
        if self.context.lake.manifest(partition) is None:
            return None
        return self.read(partition)


@pytest.fixture(autouse=True)
def pauses(monkeypatch) -> list[float]:
    """The pauses before further tries, which nobody waits for."""
    made: list[float] = []
    monkeypatch.setattr(retry, "pause", made.append)
    return made


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(folder=tmp_path, connections={})


@pytest.fixture
def make_world(tmp_path: Path) -> Callable[..., World]:
    return lambda **options: World(folder=tmp_path, connections=options.pop("connections", {}), **options)
