"""What is looked at on this machine: disks, and log files that have grown old."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hedui.audit import append
from hedui.context import Context
from hedui.digests.files import file_digest
from hedui.inspection.checks import CHECKS
from hedui.inspection.model import Item
from hedui.inspection.settings import Disk, Logs, Standards
from hedui.ledger.database import begin


@dataclass(frozen=True, kw_only=True)
class OldLogs:
    """A folder's log files.

    Attributes:
        files: How many there are.
        oldest: Age of the oldest in days; None: there is none.
        over: Those over the site's time, which a rule deletes.
    """

    files: int
    oldest: int | None
    over: tuple[Path, ...]


def disk_items(context: Context, disk: Disk, standards: Standards) -> Iterator[Item]:
    """A disk's used share."""
    check, limit = CHECKS["disk"], standards.disk_percent
    if limit is None:
        return
    own = {"lake": context.lake.root, "reports": str(context.reports)}
    path = own.get(disk.path, disk.path)
    if "://" in path:
        return  # an object store has no disk to fill
    folder = Path(path).resolve()
    while not folder.exists():
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    used = 100 * (1 - usage.free / usage.total)  # what root keeps for itself is not free either
    yield check.item(part=disk.name, target="", value=round(used, 1), limit=limit, note=f"，可用 {usage.free / 1024**3:.1f} GB")


def look_at(logs: Logs, now: dt.datetime) -> OldLogs:
    """The log files of a folder by age; links are left alone.

    Raises:
        OSError: The folder cannot be read.
    """
    root = Path(logs.path)
    if not root.is_dir():
        raise NotADirectoryError(logs.path)
    ages = {
        path: int((now.timestamp() - path.stat().st_mtime) // 86400)
        for path in sorted(root.rglob(logs.pattern))
        if path.is_file() and not path.is_symlink()
    }
    over = tuple(path for path, age in ages.items() if logs.delete_after is not None and age > logs.delete_after)
    return OldLogs(files=len(ages), oldest=max(ages.values(), default=None), over=over)


def log_items(logs: Logs, standards: Standards, now: dt.datetime) -> Iterator[Item]:
    """A folder's oldest log file."""
    check, limit = CHECKS["logs"], standards.log_days
    if limit is None:
        return
    try:
        found = look_at(logs, now)
    except OSError as error:
        yield check.unmeasured(part=logs.name, limit=limit, why=f"目录无法读取（{type(error).__name__}）")
        return
    if found.oldest is None:
        yield check.none_found(part=logs.name, limit=limit)
        return
    yield check.item(part=logs.name, target="", value=found.oldest, limit=limit, note=f"，共 {found.files:,} 个文件")


def delete_old_logs(context: Context, logs: Logs, *, now: dt.datetime, actor: str) -> int:
    """Deletes the log files that are over the site's time; name, size and digest of each are in the audit chain before it goes.

    Returns:
        How many were deleted; none where the site gives no time.
    """
    if logs.delete_after is None or not Path(logs.path).is_dir():
        return 0
    over = look_at(logs, now).over
    if not over:
        return 0
    gone = {str(path.relative_to(logs.path)): {"bytes": path.stat().st_size, "sha256": file_digest(path)} for path in over}
    details = {"folder": logs.path, "delete_after": logs.delete_after, "files": gone}
    with begin(context.ledger_url) as connection:
        append(connection, actor=actor, action="inspection.delete_logs", subject=logs.name, details=details)
        for path in over:
            path.unlink()
    return len(over)
