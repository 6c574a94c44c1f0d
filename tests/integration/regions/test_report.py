"""The verification report: what it says is what the tables hold, and the same run gives the same bytes."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook

from hedui.audit import entries, verify
from hedui.regions.migrate.plan import Plan
from hedui.regions.migrate.report import write_report
from hedui.regions.migrate.run import Migration
from hedui.regions.migrate.signature import verify_report
from hedui.security.signing import SigningKeyError
from integration.regions.conftest import TARGET, Database, approved, people
from integration.regions.test_postgres import H16, villages


def test_the_report_tells_every_check_mapping_queue_and_who_approved(
    database: Database, plan_of: Callable[..., Plan], migration_of: Callable[..., Migration], tmp_path: Path, report_key: bytes
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
    lines = {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}
    cover = [[cell for cell in row if cell is not None] for row in lines["结论"]]
    facts = {name: value for row in cover for name, value in zip(row[::2], row[1::2], strict=False)}
    assert (facts["结论"], facts["批准人"], facts["状态"]) == ("通过", "chen", "已核验")
    assert facts["批准时间"] == "2026-07-01 17:00:00（北京时间）"
    assert report.digest == migration.book.read().report_digest
    assert [f"本报告内容　{report.digest}"] in cover
    waiting = sum(1 for row in migration_rows if row[2] == "130421")
    assert waiting
    figures = cover.index(["更新行数", "待人工判定行数", "检查项数", "不通过项数"]) + 1
    assert cover[figures][1] == waiting
    assert cover[figures][3] == 0
    checks = [row for row in lines["核验项目"] if isinstance(row[0], int)]
    assert {row[0] for row in checks} >= {1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 14}
    assert {row[7] for row in checks} <= {"通过", "提示"}
    assert len(checks) == cover[figures][2]
    mapping = {(row[0], row[3]): row for row in lines["映射"]}
    moved = mapping[("130428", "130407")]
    assert moved[6] == "国函〔2016〕157号"
    assert moved[9] == sum(1 for row in migration_rows if row[2] == "130407")
    restated = [row[3:6] for row in lines["已结账统计"] if row[2] == "合计"]
    assert restated
    assert all(round(was - now - left, 2) == 0 for was, now, left in restated)
    assert any(left for _, _, left in restated)  # a tenth of 130429 has no weight
    assert verify_report(report.path, key=report_key).problems == ()
    assert verify_report(report.path, key=b"another key of the same length").problems
    assert verify(database.ledger).broken is None
    assert [entry.action for entry in entries(database.ledger)][:2] == ["regions.approve", "regions.migrate"]


def test_without_a_key_no_migration_begins_and_no_report_is_written(
    database: Database,
    plan_of: Callable[..., Plan],
    migration_of: Callable[..., Migration],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    database.fill(people([("130428", "")]))
    migration = migration_of(plan_of(*H16))
    migration.load()
    monkeypatch.delenv("HEDUI_REPORT_KEY")
    with pytest.raises(SigningKeyError, match=r"HEDUI_REPORT_KEY is not set.*Nothing is migrated"):
        migration.load()
    with pytest.raises(SigningKeyError, match="no report is written unsigned"):
        write_report(migration.plan, migration.book, tmp_path / "out", actor="chen")
    assert not (tmp_path / "out").exists()
