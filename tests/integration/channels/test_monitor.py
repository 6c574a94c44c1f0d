"""The channel monitor over partitions and a ledger: figures by a second computation, told once, told when it is over."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from hedui.alerts import tell
from hedui.canonical.schemas import dataset
from hedui.channels.monitor import look, watch_channels
from hedui.context import Context
from hedui.lake import Lake, Manifest
from hedui.ledger.database import begin
from hedui.ledger.schema import upgrade
from hedui.notify import Notice
from hedui.site import load_site

ROOT = Path(__file__).resolve().parents[3]
MON, TUE, WED = dt.date(2026, 6, 1), dt.date(2026, 6, 2), dt.date(2026, 6, 3)
ARROW = {"DATE": pa.date32(), "BIGINT": pa.int64(), "VARCHAR": pa.string()}
SETTINGS = """
look_back: 10
floors: {silent_minutes: 60, refused_percent: 20, treasury_days: 1, fund_days: 2}
channels:
  - {id: daikou, name: 代扣, payments: {source: shuiwu}, returns: yinhang, treasury: guoku, fund: shebao}
"""


@pytest.fixture
def context(tmp_path: Path, new_database: Callable[[], str]) -> Context:
    shutil.copytree(ROOT / "include" / "sites" / "demo", tmp_path / "site")
    (tmp_path / "site" / "channels.yaml").write_text(SETTINGS, "utf-8")
    ledger = new_database()
    upgrade(ledger)
    return Context(
        site=load_site(tmp_path / "site"),
        lake=Lake(str(tmp_path / "lake")),
        reports=tmp_path / "reports",
        inbox=str(tmp_path),
        ledger_url=ledger,
        connection={"hedui_ledger": ledger}.__getitem__,
        memory_limit="256MB",
        threads=1,
    )


def deliver(context: Context, name: str, source: str, date: dt.date, rows: list[dict[str, Any]]) -> None:
    schema = pa.schema([(key, ARROW.get(field.sql_type, pa.string())) for key, field in dataset(name).fields.items()])
    with context.lake.writer(context.canonical(name, source, date)) as writer:
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), writer.new_file())
        writer.commit(Manifest(rows=len(rows)))


def payment(number: str, day: dt.date, fen: int, flag: str = "pay") -> dict[str, Any]:
    return {"detail_no": number, "paid_date": day, "unit_paid_fen": fen, "payment_flag": flag}


def at(day: dt.date, clock: str) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.fromisoformat(clock), tzinfo=ZoneInfo("Asia/Shanghai"))


def test_figures_are_those_counted_by_hand_and_each_is_told_once(context: Context) -> None:
    deliver(
        context, "payment_unit", "shuiwu", MON, [payment("A", MON, 100), payment("B", MON, 200), payment("X", MON, -50, "refund")]
    )
    deliver(context, "payment_unit", "shuiwu", TUE, [payment("C", TUE, 300)])
    bank = [
        {"bank_serial": str(n), "bank_date": TUE, "paid_status": status, "paid_fen": fen, "reversal_flag": flag}
        for n, (status, fen, flag) in enumerate([("1", 100, "0"), ("1", 200, None), ("2", 0, "0"), ("1", 999, "1")])
    ]
    deliver(context, "bank_return", "yinhang", TUE, bank)
    deliver(context, "treasury_receipt", "guoku", TUE, [{"receipt_no": "T1", "detail_no": "A", "treasury_date": TUE}])
    deliver(context, "fund_receipt", "shebao", WED, [{"receipt_no": "T1", "detail_no": "A", "received_date": WED}])
    [seen] = look(context, at(WED, "09:00"))
    reading = seen.reading
    # Two of three declarations were deducted, the reversal counts nowhere; A took 1 day, B has waited 2, C 1.
    assert (reading.day, reading.rows, reading.amount_fen, reading.refused) == (TUE, 3, 300, 1)
    treasury, fund = reading.delays["treasury"], reading.delays["fund"]
    assert (treasury.arrived, treasury.median, treasury.p95, treasury.waiting, treasury.oldest) == (1, 1, 1, 2, 2)
    assert (fund.arrived, fund.median, fund.p95, fund.waiting, fund.oldest) == (1, 2, 2, 2, 2)
    assert set(seen.amiss) == {"refused_percent", "treasury_oldest"}
    told: list[Notice] = []
    first = watch_channels(context, at(WED, "09:00"), send=told.append)
    again = watch_channels(context, at(WED, "09:15"), send=told.append)
    assert (first.amiss, first.raised, again.amiss, again.raised, len(told)) == (2, 2, 2, 0, 1)
    deliver(context, "treasury_receipt", "guoku", WED, [{"receipt_no": "T2", "detail_no": "B", "treasury_date": WED}])
    deliver(context, "bank_return", "yinhang", TUE, bank + [{**bank[0], "bank_serial": f"n{n}"} for n in range(4)])
    over = watch_channels(context, at(WED, "09:30"), send=told.append)
    # One of seven is refused; C has waited a day, which is allowed; but the slower half of what arrived took two days.
    assert (over.recovered, over.raised) == (2, 1)
    assert told[-1].lines == (
        "异常：代扣：缴费至入库 95% 分位 2 天（超过 1）",
        "已恢复：代扣：申报被拒 33.3%（超过 20）",
        "已恢复：代扣：最久一笔缴费已 2 天未入库（超过 1）",
    )
    # Nothing more comes: after an hour that is amiss.
    silent = watch_channels(context, at(WED, "10:45"), send=told.append)
    assert silent.raised == 1
    assert told[-1].lines == ("异常：代扣：已 75 分钟没有新的缴费数据（超过 60）",)
    with begin(context.ledger_url) as connection:
        assert connection.execute(text("SELECT count(*) FROM hedui.channel_sample")).scalar() == 4


def test_the_alerts_of_another_monitor_stay_as_they_are(context: Context) -> None:
    told: list[Notice] = []
    tell(context, "feed", {"missing:x": "x 未到"}, at(WED, "09:00"), send=told.append)
    watch_channels(context, at(WED, "09:00"), send=told.append)
    with begin(context.ledger_url) as connection:
        assert connection.execute(text("SELECT subject FROM hedui.feed_alert WHERE recovered_at IS NULL")).scalars().all() == [
            "missing:x"
        ]
