"""Migrations in PostgreSQL: half-years, splits by village, swaps, resuming, other writers, rollback."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
from collections.abc import Callable

from hedui.regions.migrate.plan import Plan
from hedui.regions.migrate.run import Migration
from hedui.regions.store import SHIPPED, Store
from integration.regions.conftest import Database, approved, people

PlanOf = Callable[..., Plan]
MigrationOf = Callable[..., Migration]
H16 = (dt.date(2016, 6, 30), dt.date(2016, 12, 31))


def villages(name: str) -> list[tuple[str, str]]:
    """(region, village) of a shipped village map, before."""
    with gzip.open(SHIPPED / f"village_map_{name}.csv.gz", "rt", encoding="utf-8") as handle:
        return [(row["old_code"][:6], row["old_code"]) for row in csv.DictReader(handle)]


def test_a_half_year_is_migrated_proved_and_rolled_back(
    database: Database, plan_of: PlanOf, migration_of: MigrationOf, store: Store
) -> None:
    database.fill(people([(code, "") for code in store.table(H16[0]).rows] + villages("handan_2016"), per_code=2))
    before = database.rows()
    migration = approved(migration_of(plan_of(*H16)))
    moved = migration.migrate()["moved"]
    assert moved == sum(1 for old, new in zip(before, database.rows(), strict=True) if old != new) > 0
    assert migration.prove()["failed"] == 0
    found = database.regions()
    assert set(found) - set(store.table(H16[1]).rows) <= {"130421", "130429", "140211"} | {old for old in found if old == "130427"}
    assert [row[:2] + row[3:] for row in database.rows()] == [row[:2] + row[3:] for row in before]
    migration.roll_back()
    assert database.rows() == before
    assert {item.verdict for _, item in migration.book.checks("rollback")} == {"pass"}
