"""Which findings partitions the lake holds."""

from __future__ import annotations

import datetime as dt

from hedui.context import Context
from hedui.lake import Manifest


def findings_scopes(context: Context) -> list[str]:
    """Every scope that has or had a findings partition, in order."""
    probe = context.findings("-", dt.date.min)
    folder = context.lake.full_path(probe).rsplit("/", 2)[0]
    return sorted(name.replace("=", ":") for name in _names(context, folder))


def findings_manifests(context: Context, *, since: dt.date) -> dict[tuple[str, dt.date], Manifest]:
    """Manifests of all findings partitions from ``since`` on that may be recorded, by scope and business date."""
    found: dict[tuple[str, dt.date], Manifest] = {}
    for scope in findings_scopes(context):
        folder = context.lake.full_path(context.findings(scope, dt.date.min)).rsplit("/", 1)[0]
        for name in sorted(_names(context, folder)):
            if len(name) != 10 or not name[:4].isdigit() or name < since.isoformat():
                continue
            date = dt.date.fromisoformat(name)
            manifest = recordable(context, scope, date)
            if manifest is not None:
                found[scope, date] = manifest
    return found


def recordable(context: Context, scope: str, date: dt.date) -> Manifest | None:
    """The partition's manifest; None where there is none, or where a rule broke in it.

    A broken rule found nothing because it did not run: recording its partition would clear its cases.
    """
    manifest = context.lake.manifest(context.findings(scope, date))
    return None if manifest is None or manifest.meta.get("broken") else manifest


def _names(context: Context, folder: str) -> list[str]:
    try:
        return [entry.rstrip("/").rsplit("/", 1)[-1] for entry in context.lake.fs.ls(folder, detail=False)]
    except FileNotFoundError:
        return []
