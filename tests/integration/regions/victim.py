"""Runs the batches of an approved migration and kills itself, as ``kill -9`` would, at a point inside the work."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from pathlib import Path
from typing import Any

from hedui.regions.migrate.batches import Surroundings
from hedui.regions.migrate.postgres import PostgresTarget
from hedui.regions.migrate.run import Migration

_move, _log, _update = PostgresTarget.move, PostgresTarget.log, PostgresTarget._update


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Arguments: the pickled plan, the URLs of the database and the ledger, the point, the batch."""
    plan_file, url, ledger, step, number = sys.argv[1:]
    point = step.removeprefix("undo ")

    def move(self: PostgresTarget, batch: int, action: Any) -> int:
        if point == "before" and batch == int(number):
            die()
        moved = _move(self, batch, action)
        if point == "after" and batch == int(number):
            die()
        return moved

    def update(self: PostgresTarget, batch: int, start: str, end: str, *, by_place: bool) -> int:
        moved = _update(self, batch, start, end, by_place=by_place)
        if point == "inside" and batch == int(number):
            die()
        return moved

    def log(self: PostgresTarget, *arguments: Any, **named: Any) -> Any:
        logged = _log(self, *arguments, **named)
        if point == "logged":
            die()
        return logged

    PostgresTarget.move, PostgresTarget._update, PostgresTarget.log = move, update, log  # type: ignore[method-assign]
    plan = pickle.loads(Path(plan_file).read_bytes())
    migration = Migration(plan, Surroundings(ledger_url=ledger, connection=lambda name: url))
    if step != point:
        migration.roll_back()
    else:
        migration.migrate()


if __name__ == "__main__":
    main()
