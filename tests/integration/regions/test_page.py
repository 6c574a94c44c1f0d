"""The page that an approver reads shows every mapping row, with data or without."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from hedui.regions.migrate import page as pages
from hedui.regions.migrate.plan import Plan
from hedui.regions.migrate.run import Migration
from hedui.regions.store import SHIPPED
from integration.regions.conftest import Database, people
from integration.regions.test_postgres import H16

PlanOf = Callable[..., Plan]
MigrationOf = Callable[..., Migration]


def page_of(migration: Migration) -> list[str]:
    for step in (migration.load, migration.baseline, migration.preflight, migration.rehearse):
        step()
    return migration.page().splitlines()


def test_every_mapping_row_is_on_the_page(database: Database, plan_of: PlanOf, migration_of: MigrationOf) -> None:
    """Only one county has data; each row of the change list is on one line with both codes, its kind and its document."""
    database.fill(people([("130428", "")], per_code=1))
    lines = page_of(migration_of(plan_of(*H16)))
    with gzip.open(SHIPPED / "changes.csv.gz", "rt", encoding="utf-8") as handle:
        changes = [row for row in csv.DictReader(handle) if row["from_date"] == H16[0].isoformat()]
    assert len(changes) > 20
    for row in changes:
        needed = [row[name] for name in ("old_code", "new_code", "doc_no") if row[name]]
        assert any(all(text in line for text in needed) for line in lines), needed
    (moving,) = [line for line in lines if line.startswith("| 130428 ")]
    assert moving.endswith("| 1 | 1 |")
    assert "- 610125 户县 → 610118 鄠邑区（改码·整建制；国函〔2016〕188号）" in lines


def test_every_row_below_the_counties_is_on_the_page(
    database: Database, plan_of: PlanOf, migration_of: MigrationOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines over the table's length follow in a paragraph."""
    monkeypatch.setattr(pages, "_MOST", 1)
    (tmp_path / "moved.csv").write_text("old_institution,new_institution\nJG1,JGA\nJG2,JGB\nJG3,JGC\n", "utf-8")
    database.fill(people([("JG1", ""), ("JG2", ""), ("JG3", "")], per_code=1))
    plan = plan_of(*H16, kind="institution", village=None, settings={"institution_changes": "moved.csv"})
    lines = page_of(migration_of(plan))
    assert "| JG1 | JGA | 1 |" in lines
    assert "其余 2 条：JG2→JGB 2 行；JG3→JGC 1 行。" in lines
