"""Whole nights of the example site for tests of faults: six carriers of one list that do not quite agree, and the state that is left."""

from __future__ import annotations

import json
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hedui import steps
from hedui.context import Context, Progress, no_progress
from hedui.demo.carriers import DATE, Person, deliver
from hedui.lake import Lake
from hedui.site import load_site

SITE = Path(__file__).parents[3] / "include" / "sites" / "carriers"
LOCAL = ("gz", "zip", "xml", "fixed", "xlsx", "txt")


def deliver_differing(persons: list[Person], inbox: Path) -> None:
    """The list by every carrier; the fixed width file spells three names otherwise, the workbook lacks two persons."""
    deliver(persons, inbox)
    others = [replace(person, name=f"{person.name[:1]}某") if at in (3, 5, 8) else person for at, person in enumerate(persons)]
    _take("fixed", others, inbox)
    _take("xlsx", [*persons[:20], *persons[22:]], inbox)


def _take(folder: str, persons: list[Person], inbox: Path) -> None:
    """Replaces what one carrier delivers."""
    other = inbox.parent / f"other-{folder}"
    deliver(persons, other)
    for file in (other / folder).iterdir():
        file.replace(inbox / folder / file.name)


@dataclass(frozen=True)
class Nights:
    """A lake and a ledger of their own over an inbox."""

    lake: Path
    inbox: Path
    ledger: str
    connections: dict[str, str]

    def context(self, progress: Progress = no_progress) -> Context:
        """The site's context."""
        return Context(
            site=load_site(SITE),
            lake=Lake(str(self.lake)),
            reports=self.lake.parent / "reports",
            inbox=str(self.inbox),
            ledger_url=self.ledger,
            connection=self.connections.__getitem__,
            progress=progress,
            memory_limit="1GB",
        )

    def run(self, *more: str, progress: Progress = no_progress) -> None:
        """One night: reads, ``more`` first, compares and records."""
        context = self.context(progress)
        for source in dict.fromkeys((*more, *LOCAL)):
            steps.extract(context, source, DATE)
        steps.compare(context, "carriers", DATE)
        steps.record(context, DATE)

    def state(self) -> dict[str, Any]:
        """What is left: every partition's rows, rejects, totals and digest, and every case; no names that chance gives."""
        partitions = {}
        for path in sorted(self.lake.rglob("manifest.json")):
            body = json.loads(path.read_text("utf-8"))
            figures = {name: body[name] for name in ("rows", "rejected", "control_totals", "digest")}
            partitions[path.parent.relative_to(self.lake).as_posix()] = figures
        engine = sa.create_engine(self.ledger)
        try:
            with engine.connect() as connection:
                tables = "hedui.reconciliation_case AS c JOIN hedui.scope AS s ON s.id = c.scope_id"
                found = connection.execute(sa.text(f"SELECT s.name AS scope, c.* FROM {tables} ORDER BY fingerprint")).mappings()
                given = {"id", "scope_id", "created_at", "updated_at"}
                cases = [{name: value for name, value in row.items() if name not in given} for row in found]
        finally:
            engine.dispose()
        return {"partitions": partitions, "cases": cases}


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Callable[[int], None]]:
    """A disk of so many bytes at a folder; yields what makes it larger.

    Where mounting is not allowed, no file may grow beyond a tenth of the size: that is not a full disk, but fails alike.
    """
    folder.mkdir(parents=True)
    mounted = (
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True).returncode == 0
    )
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def grow(bytes_: int) -> None:
        if mounted:
            subprocess.run(["mount", "-o", f"remount,size={bytes_}", str(folder)], check=True)
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_ // 10, hard))

    grow(size)
    try:
        yield grow
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
