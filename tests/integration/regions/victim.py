"""Runs the batches of an approved migration and kills itself, as ``kill -9`` would, at a point inside the work."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from hedui.lake import Lake
from hedui.regions.migrate.batches import Surroundings
from hedui.regions.migrate.lake import LakeTarget
from hedui.regions.migrate.postgres import PostgresTarget
from hedui.regions.migrate.run import Migration

Batch = Callable[..., int]


def deadly(owner: type[Any], name: str, number: int, batch_of: Batch, *, before: bool) -> None:
    """Makes a method end the process when it comes to a batch: before its work, or after it."""
    method = getattr(owner, name)

    def dying(self: Any, *arguments: Any, **named: Any) -> Any:
        fatal = batch_of(*arguments) == number
        if fatal and before:
            os.kill(os.getpid(), signal.SIGKILL)
        result = method(self, *arguments, **named)
        if fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, dying)


def prepare(point: str, number: int) -> None:
    """Puts the end where it is wanted: ``logged``, ``before`` or ``after`` a batch, or ``inside`` it before it is committed."""
    if point == "logged":
        deadly(PostgresTarget, "log", 0, lambda *_: 0, before=False)
    elif point == "inside":
        written = count()
        deadly(PostgresTarget, "_update", number, lambda batch, *_: batch, before=False)
        deadly(
            Lake, "put_manifest", number, lambda partition, _: next(written) if partition.layer == "canonical" else -1, before=True
        )
    else:
        for owner in (PostgresTarget, LakeTarget):
            deadly(owner, "move", number, lambda batch, _: batch, before=point == "before")


def main() -> None:
    """Arguments: the pickled plan, the URLs of the database and the ledger, the lake's root or nothing, the point, the batch."""
    plan_file, url, ledger, lake, step, number = sys.argv[1:]
    point = step.removeprefix("undo ")
    prepare(point, int(number))
    plan = pickle.loads(Path(plan_file).read_bytes())
    around = Surroundings(ledger_url=ledger, connection=lambda name: url, lake=Lake(lake) if lake else None)
    migration = Migration(plan, around)
    if step != point:
        migration.roll_back()
    else:
        migration.migrate()


if __name__ == "__main__":
    main()
