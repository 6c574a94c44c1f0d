"""The verification report: what it says is what the tables hold, and the same run gives the same bytes."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path

from openpyxl import load_workbook

from hedui.audit import entries, verify
from hedui.regions.migrate.plan import Plan
from hedui.regions.migrate.report import write_report
from hedui.regions.migrate.run import Migration
from integration.regions.conftest import TARGET, Database, approved, people
from integration.regions.test_postgres import H16, villages


def test_the_report_tells_every_check_mapping_queue_and_who_approved(
    database: Database, plan_of: Callable[..., Plan], migration_of: Callable[..., Migration], tmp_path: Path
) -> None:
    database.fill(people([*villages("handan_2016")[::7], ("130421", ""), ("110101", "")], per_code=2))
    frozen = {**TARGET, "id": "statistics", "name": "月度统计", "frozen": True, "table": "insured_2015"}
    with database.connect() as connection:
        connection.execute("DROP TABLE IF EXISTS insured_2015")
        connection.execute("CREATE TABLE insured_2015 AS SELECT * FROM insured")
    (tmp_path / "weights.csv").write_text(
        "old_code,new_code,share,scheme\n130421,130402,0.6,2010 普查\n130421,130403,0.4,2010 普查\n130429,130408,0.9,2010 普查\n"
    )
    settings = {"targets": (TARGET, frozen), "weights": "weights.csv"}
    migration = approved(migration_of(plan_of(*H16, settings=settings), now=lambda: dt.datetime(2026, 7, 1, 9, tzinfo=dt.UTC)))
    migration.migrate()
    migration.prove()
    migration_rows = database.rows()
    report = write_report(migration.plan, migration.book, tmp_path / "out", actor="chen")
    first = report.path.read_bytes()
    assert write_report(migration.plan, migration.book, tmp_path / "out", actor="chen").path.read_bytes() == first
    if folder := os.environ.get("HEDUI_SCREENSHOTS"):
        (Path(folder) / report.path.name).write_bytes(first)

    book = load_workbook(report.path)
    cover = {row[0].value: row[1].value for row in book["结论"].iter_rows(min_row=4)}
    assert (cover["结论"], cover["批准人"], cover["状态"]) == ("通过", "chen", "已核验")
    assert cover["本报告内容摘要（SHA-256）"] == report.digest == migration.book.read().report_digest
    waiting = sum(1 for row in migration_rows if row[2] == "130421")
    assert waiting
    assert cover["待人工判定行数"] == f"{waiting:,}"
    assert cover["批准时间（北京时间）"] == "2026-07-01 17:00:00"
    checks = list(book["核验项目"].iter_rows(min_row=3, values_only=True))
    assert {row[0] for row in checks} >= {1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 14}
    assert {row[7] for row in checks} <= {"通过", "提示"}
    mapping = {(row[0], row[3]): row for row in book["映射"].iter_rows(min_row=3, values_only=True)}
    moved = mapping[("130428", "130407")]
    assert moved[6] == "国函〔2016〕157号"
    assert moved[9] == sum(1 for row in migration_rows if row[2] == "130407")
    restated = [row for row in book["已结账统计"].iter_rows(min_row=4, values_only=True) if row[2] == "合计"]
    assert restated
    assert all(was == now + left for _, _, _, was, now, left, _ in restated)
    assert any(left for _, _, _, _, _, left, _ in restated)  # a tenth of 130429 has no weight
    assert verify(database.ledger).broken is None
    assert [entry.action for entry in entries(database.ledger)][:2] == ["regions.approve", "regions.migrate"]
