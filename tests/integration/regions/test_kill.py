"""Migrations and rollbacks that are killed at any point go on to the same content."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hedui.regions.migrate.run import Migration
from integration.regions.conftest import Database, approved, people
from integration.regions.test_postgres import H16, PlanOf

VICTIM = Path(__file__).with_name("victim.py")
SLOW = pytest.mark.slow
POINTS = [
    pytest.param("logged", 0, id="logged", marks=SLOW),
    pytest.param("inside", 0, id="inside-first", marks=SLOW),
    pytest.param("after", 0, id="after-first"),
    pytest.param("before", 2, id="before-third", marks=SLOW),
    pytest.param("inside", 2, id="inside-third"),
    pytest.param("inside", 4, id="inside-last", marks=SLOW),
    pytest.param("after", 4, id="after-last", marks=SLOW),
]
UNDO_POINTS = [
    pytest.param("undo before", 2, id="before", marks=SLOW),
    pytest.param("undo inside", 2, id="inside"),
    pytest.param("undo after", 2, id="after", marks=SLOW),
    pytest.param("undo after", 0, id="after-last", marks=SLOW),
]


def killed(folder: Path, migration: Migration, database: Database, point: str, batch: int, lake: str = "") -> None:
    """Runs the step in another process, which kills itself there."""
    plan = folder / "plan.pickle"
    plan.write_bytes(pickle.dumps(migration.plan))
    command = [sys.executable, str(VICTIM), str(plan), database.url, database.ledger, lake, point, str(batch)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize(("point", "batch"), POINTS)
def test_a_killed_migration_goes_on_to_the_same_content(
    tmp_path: Path, database: Database, plan_of: PlanOf, migration_of: Callable[..., Migration], point: str, batch: int
) -> None:
    codes = ["130428", "130429", "330204", "330283", "360721", "110101"]
    database.fill(people([(code, "130429104001" if code == "130429" else "") for code in codes], per_code=8))
    before = database.rows()
    migration = approved(migration_of(plan_of(*H16, settings={"batch_rows": 12})))
    killed(tmp_path, migration, database, point, batch)
    migration.migrate()
    assert migration.prove()["failed"] == 0
    expected = {
        "130428": "130407",
        "130429": "130403",
        "330204": "330212",
        "330283": "330213",
        "360721": "360704",
        "110101": "110101",
    }
    assert [row[2] for row in database.rows()] == [expected[row[2]] for row in before]
    migration.roll_back()
    assert database.rows() == before


@pytest.mark.parametrize(("point", "batch"), UNDO_POINTS)
def test_a_killed_rollback_goes_on_to_the_baseline(
    tmp_path: Path, database: Database, plan_of: PlanOf, migration_of: Callable[..., Migration], point: str, batch: int
) -> None:
    database.fill(people([("130428", ""), ("330204", "")], per_code=20))
    before = database.rows()
    migration = approved(migration_of(plan_of(*H16, settings={"batch_rows": 12})))
    migration.migrate()
    killed(tmp_path, migration, database, point, batch)
    migration.roll_back()
    assert database.rows() == before
