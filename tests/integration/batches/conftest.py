"""A site of its own: one sender of XML packets, one intermediate database, a comparison between them."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from hedui import steps
from hedui.batches.receipts import package
from hedui.context import Context
from hedui.lake import Lake, Partition
from hedui.ledger.schema import upgrade
from hedui.site import load_site

WED, THU, FRI = DAYS = tuple(dt.date(2026, 6, day) for day in (3, 4, 5))
FILES = {
    "site.yaml": 'id: mini\nname: 测试\nregion: "990100"\n',
    "agencies.yaml": "agencies:\n  - {id: tax, name: 税务局, tier: tax}\n  - {id: sb, name: 社保局, tier: local}\n",
    "regions.csv": "code,name,parent\n990100,市,\n",
    "rules.yaml": "rules: {}\n",
    "comparisons.yaml": """
comparisons:
  - id: paid
    name: 报文↔到账
    type: flow
    left: {source: bao, dataset: payment}
    right: {source: zhong, dataset: payment}
    key: [detail_no]
    amounts: {person: [[person_paid_fen], [person_paid_fen]]}
    group: {pool_region: [pool_region, pool_region]}
""",
    "sources/bao.yaml": """
id: bao
name: 报文
agency: tax
reader:
  type: xml
  path: "bao/{date:%Y%m%d}/P_{agency:8}_{sequence:4}.xml"
batches:
  regions: ["9901"]
  sequence: true
  decisions: "bao/{date:%Y%m%d}/decisions.csv"
  receipts: "out/{date:%Y%m%d}"
  business: {rules: [R05, R10], number: {payment: AAZ083}}
datasets:
  payment:
    table: t
    columns:
      detail_no: {from: AAZ083}
      pool_region: {from: AAA027}
      person_paid_fen: {from: AAE082, unit: yuan}
""",
    "sources/zhong.yaml": """
id: zhong
name: 中间库
agency: sb
reader: {type: sql, connection: zhong_db}
datasets:
  payment:
    table: ac44
    as_of: {mode: date, column: aae418}
    staging: {key: aaz083, status: clzt, done: "1", arrived_at: rksj, days: 1}
    columns:
      detail_no: {from: aaz083}
      pool_region: {from: aaa027}
      person_paid_fen: {from: aae082, unit: yuan}
""",
}
Line = tuple[str, str]


@dataclass
class World:
    """The site with an inbox, a database, a lake and a ledger."""

    folder: Path
    ledger: str

    def __post_init__(self) -> None:
        for name, text in FILES.items():
            path = self.folder / "site" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        (self.folder / "inbox").mkdir()
        self.sql("CREATE TABLE ac44 (aaz083 TEXT, aaa027 TEXT, aae082 TEXT, aae418 TEXT, clzt TEXT, rksj TEXT)")
        self.site = load_site(self.folder / "site")

    @property
    def context(self) -> Context:
        connections = {"zhong_db": f"sqlite:///{self.folder / 'zhong.db'}", "hedui_ledger": self.ledger}
        return Context(
            site=self.site, lake=Lake(str(self.folder / "lake")), reports=self.folder / "reports", inbox=str(self.folder / "inbox"),
            ledger_url=self.ledger, connection=connections.__getitem__, memory_limit="1GB", threads=1,
        )  # fmt: skip

    def sql(self, *statements: str) -> None:
        with sqlite3.connect(self.folder / "zhong.db") as connection:
            for statement in statements:
                connection.execute(statement)

    def send(self, day: dt.date, sequence: int, number: str, lines: Sequence[Line], *, region: str = "990101", **head: str) -> None:
        """A packet of agency 99010101: lines are (number, amount in yuan)."""
        usual = {
            "SJBBH": number, "SJBLX": "JFXX102", "SFCF": "0", "JGBS": "99010101", "JLS": str(len(lines)),
            "SCRQ": f"{day:%Y%m%d}120000",
        }  # fmt: skip
        records = [{"AAZ083": detail, "AAA027": region, "AAE082": amount} for detail, amount in lines]
        path = self.folder / "inbox" / "bao" / f"{day:%Y%m%d}" / f"P_99010101_{sequence:04d}.xml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(package(usual | head, records))

    def decide(self, day: dt.date, *lines: tuple[str, str]) -> None:
        rows = [f"{key},{what},试,主管" for key, what in lines]
        path = self.folder / "inbox" / "bao" / f"{day:%Y%m%d}" / "decisions.csv"
        path.write_text("\n".join(["数据包编号,处理,理由,批准人", *rows, ""]), encoding="utf-8")

    def recorded(
        self, day: dt.date, *lines: Line, status: str = "1", handed: dt.date | None = None, arrived: dt.date | None = None
    ) -> None:
        """Rows in the intermediate database; ``handed`` is the day with which they are read, by default the same."""
        with sqlite3.connect(self.folder / "zhong.db") as connection:
            for detail, amount in lines:
                when = (handed or day).isoformat() if handed != dt.date.max else None
                values = (detail, "990101", amount, when, status, day.isoformat())
                connection.execute("INSERT INTO ac44 VALUES (?, ?, ?, ?, ?, ?)", values)

    def rows(self, day: dt.date, source: str = "bao") -> list[tuple[str, int]]:
        partition = self.context.canonical("payment", source, day)
        return sorted((row["detail_no"], row["person_paid_fen"]) for row in self._read(partition))

    def findings(self, scope: str, day: dt.date) -> list[tuple[str, str]]:
        return sorted((row["rule"], row["subject_key"]) for row in self._read(self.context.findings(scope, day)))

    def _read(self, partition: Partition, name: str = "data") -> list[dict[str, Any]]:
        files = self.context.lake.files(partition, name)
        return [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]

    def everything(self) -> dict[str, Any]:
        """What the lake holds: canonical rows, findings and differences of every partition."""
        state: dict[str, Any] = {}
        lake = self.context.lake
        for layer, parts in (
            ("canonical", ("payment", "bao")), ("canonical", ("payment", "zhong")), ("findings", ("batch:bao",)),
            ("findings", ("batch:zhong",)), ("findings", ("paid",)), ("raw", ("bao", "_changes")), ("raw", ("bao", "payment")),
        ):  # fmt: skip
            for day in lake.dates(layer, *parts):  # type: ignore[arg-type]
                partition = Partition(layer=layer, parts=parts, date=day)  # type: ignore[arg-type]
                state[partition.path] = sorted(str(sorted(row.items())) for row in self._read(partition))
        return state


def without_papers(context: Context, day: dt.date) -> None:
    """A night without checks and workbook, which have tests of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "report", lambda context, date: None)
        for source in ("bao", "zhong"):
            steps.extract(context, source, day)
        steps.restate(context, day)
        steps.compare(context, "paid", day)
        steps.record(context, day)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(folder=tmp_path, ledger="")


@pytest.fixture
def make_world(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> Iterator[Callable[[], World]]:
    def make() -> World:
        ledger = new_database()
        upgrade(ledger)
        return World(folder=tmp_path_factory.mktemp("batches"), ledger=ledger)

    return make
