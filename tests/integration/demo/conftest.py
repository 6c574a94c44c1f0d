from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import psycopg
import pytest

from hedui.demo.build import DemoSummary, build_demo
from hedui.demo.standing import INHERITED
from hedui.demo.writers import connect_postgres


@dataclass(frozen=True, kw_only=True)
class Built:
    """A demo world that was delivered to an inbox and an empty database."""

    out: Path
    url: str
    summary: DemoSummary
    truth: pd.DataFrame

    def query(self, text: str) -> list[tuple[object, ...]]:
        with connect_postgres(self.url) as connection:
            return connection.execute(text.encode()).fetchall()

    def hits(self, **where: str) -> pd.DataFrame:
        """The planted findings with the given values."""
        found = self.truth[(self.truth.expect == "hit") & (self.truth.note != INHERITED)]
        for column, value in where.items():
            found = found[found[column] == value]
        return found

    def file_digests(self) -> dict[str, str]:
        paths = sorted(path for path in self.out.rglob("*") if path.is_file())
        return {str(path.relative_to(self.out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.fixture(scope="package")
def new_world(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> Callable[[], Built]:
    """Builds the smallest world anew, in an inbox and a database of its own."""

    def build() -> Built:
        out, url = tmp_path_factory.mktemp("inbox"), new_database()
        summary = build_demo(persons=2000, seed=5, out=out, urls={"shebao_db": url, "shuiwu_db": url})
        return Built(out=out, url=url, summary=summary, truth=pd.read_parquet(out / "truth.parquet"))

    return build


@pytest.fixture(scope="package")
def world(new_world: Callable[[], Built]) -> Built:
    return new_world()


@pytest.fixture(scope="package")
def connection(world: Built) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with connect_postgres(world.url) as opened:
        yield opened
