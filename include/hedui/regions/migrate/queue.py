"""Forms for the rows that wait for a person: written for all targets, taken back in and remembered as decisions."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from hedui.regions.errors import RegionError
from hedui.regions.migrate.book import Deed
from hedui.regions.migrate.queue_form import read_form, write_form
from hedui.regions.migrate.records import Waiting
from hedui.regions.migrate.run import Migration
from hedui.site.regions import Target


def forms_out(migration: Migration, folder: Path, *, unmasked: bool = False) -> dict[str, int]:
    """Writes a form per target with waiting rows: ``待判定_<target>.xlsx``. The rows are those of the latest rehearsal's mapping.

    Returns:
        Rows per file.
    """
    found = {}
    for target in migration.moving:
        waiting = _waiting(migration, target)
        if waiting:
            path = folder / f"待判定_{target.id}.xlsx"
            found[str(path)] = write_form(path, plan=migration.plan, target=target, waiting=waiting, unmasked=unmasked)
    return found


def form_in(migration: Migration, path: Path, target_id: str, *, actor: str) -> int:
    """Takes a filled form: decisions are remembered, the next rehearsal uses them.

    Raises:
        RegionError: There is no such target. RegionFileError: the form has mistakes; nothing of it is taken.
    """
    target = next((item for item in migration.moving if item.id == target_id), None)
    if target is None:
        raise RegionError(f"There is no target {target_id!r}; choose one of {', '.join(item.id for item in migration.moving)}.")
    rows = read_form(path, plan=migration.plan, target=target, waiting=_waiting(migration, target))
    migration.book.put_decisions(target.id, rows)
    deed = Deed(actor=actor, action="regions.decide", details={"target": target.id, "rows": len(rows)})
    migration.book.update(facts={}, deed=deed, state="measured")
    return len(rows)


def _waiting(migration: Migration, target: Target) -> list[Waiting]:
    """The rows that wait now: a key log of another name is made and removed, so that it is never taken for the migration's own."""
    with closing(migration.open(target, suffix="q")) as store:
        store.decide(migration.book.decisions(target.id))
        store.log(migration.map_rows(store), batch_rows=migration.plan.settings.batch_rows)
        try:
            return store.waiting()
        finally:
            store.drop()
