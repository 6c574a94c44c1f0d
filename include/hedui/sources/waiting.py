"""Whether a file has been written to its end. Nobody waits here: what is not complete is told, and a later run looks again."""

from __future__ import annotations

import datetime as dt
import posixpath
from collections.abc import Callable
from typing import Any

from hedui.site.readers import Complete


def modified_at(info: dict[str, Any]) -> dt.datetime | None:
    """When a file was last changed, as far as its place tells."""
    value = info.get("mtime") or info.get("LastModified") or info.get("last_modified")
    if isinstance(value, int | float):
        return dt.datetime.fromtimestamp(value, dt.UTC)
    if isinstance(value, dt.datetime):
        return value if value.tzinfo else value.replace(tzinfo=dt.UTC)
    return None


def marker_of(path: str, complete: Complete) -> str | None:
    """The marker file of a file, or None where completeness is told otherwise."""
    if complete.marker is None:
        return None
    if "{path}" in complete.marker:
        return complete.marker.replace("{path}", path)
    return posixpath.join(posixpath.dirname(path), complete.marker)


def incomplete(
    *, path: str, modified: dt.datetime | None, complete: Complete, exists: Callable[[str], bool], now: dt.datetime | None = None
) -> str | None:
    """Why a file is not complete yet; None where it is.

    Args:
        path: The file's path below the inbox.
        modified: When it was last changed.
        complete: How completeness is told.
        exists: Whether there is a file at a path below the inbox.
        now: The present; the clock's if not given.
    """
    marker = marker_of(path, complete)
    if marker is not None:
        return None if exists(marker) else f"its marker {marker} is not there"
    if complete.stable_seconds is None or modified is None:
        return None
    age = ((now or dt.datetime.now(dt.UTC)) - modified).total_seconds()
    if age >= complete.stable_seconds:
        return None
    if age < -complete.stable_seconds:
        return f"it was changed {-age:.0f} seconds from now; the clocks of this machine and of the inbox differ"
    return f"it was changed {max(age, 0):.0f} seconds ago, and must be left alone for {complete.stable_seconds}"
