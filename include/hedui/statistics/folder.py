"""The folder of finished statistics: an index page over all periods, and what is removed when its time is over."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2

from hedui.audit import append
from hedui.context import Context
from hedui.digests.files import file_digest
from hedui.ledger.database import begin
from hedui.statistics.compute import settings_of
from hedui.statistics.definitions import awaits, definitions
from hedui.statistics.errors import StatisticsError
from hedui.statistics.make import FOLDER
from hedui.statistics.periods import CYCLES, NAMES, Cycle, Period, named


@dataclass(frozen=True, kw_only=True)
class PeriodFolder:
    """A period's files.

    Attributes:
        period: The period.
        path: Its folder.
    """

    period: Period
    path: Path

    @property
    def since(self) -> dt.date:
        """From when its time counts: the period's end, or the day on which its files were made, for a backfill makes old periods."""
        made = max((path.stat().st_mtime for path in self.files), default=0.0)
        return max(self.period.end, dt.datetime.fromtimestamp(made, dt.UTC).date())

    @property
    def files(self) -> list[Path]:
        """Its finished files by name; what is being written begins with a dot."""
        return sorted(path for path in self.path.iterdir() if path.is_file() and not path.name.startswith("."))


def period_folders(context: Context, cycle: Cycle) -> Iterator[PeriodFolder]:
    """The folders of a kind of period, the newest first; what is not called like a period is left alone."""
    root = context.reports / FOLDER / cycle
    for path in sorted(root.iterdir(), reverse=True) if root.is_dir() else ():
        try:
            period = named(cycle, path.name)
        except StatisticsError:
            continue
        if path.is_dir() and period.id == path.name:
            yield PeriodFolder(period=period, path=path)


@cache
def _template() -> jinja2.Template:
    loader = jinja2.PackageLoader("hedui.statistics")
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined).get_template("index.html")


def write_index(context: Context) -> Path:
    """Writes the index page; it appears whole.

    Returns:
        Its path.
    """
    root, keep = context.reports / FOLDER, settings_of(context).keep_days
    cycles = [
        {
            "id": cycle,
            "name": NAMES[cycle],
            "keep_days": keep.get(cycle),
            "periods": [
                {"label": folder.period.label, "files": [_file(root, path) for path in folder.files]}
                for folder in period_folders(context, cycle)
            ],
        }
        for cycle in CYCLES
    ]
    waiting = [{"title": item.title, "awaits": "、".join(awaits(item))} for item in definitions().values() if awaits(item)]
    page = _template().render(title=context.site.title, cycles=cycles, waiting=waiting)
    root.mkdir(parents=True, exist_ok=True)
    temporary, path = root / f".index.{os.getpid()}.tmp", root / "index.html"
    temporary.write_text(page, "utf-8")
    os.replace(temporary, path)
    return path


def _file(root: Path, path: Path) -> dict[str, Any]:
    return {
        "name": path.name,
        "link": quote(str(path.relative_to(root))),
        "size": f"{path.stat().st_size / 1024:,.0f} KB",
        "digest": file_digest(path)[:16],
    }


def remove_expired(context: Context, *, today: dt.date, actor: str) -> list[Period]:
    """Removes the folders whose time is over by the site's ``keep_days``; what went is in the audit chain.

    Args:
        context: The step's context.
        today: The day.
        actor: Who.
    """
    gone = []
    for cycle, days in settings_of(context).keep_days.items():
        for folder in period_folders(context, cycle):
            if (today - folder.since).days <= days:
                continue
            files = {path.name: file_digest(path) for path in folder.files}
            with begin(context.ledger_url) as connection:
                details = {"files": files, "keep_days": days}
                append(connection, actor=actor, action="statistics.expire", subject=f"{cycle}/{folder.period.id}", details=details)
                shutil.rmtree(folder.path)
            gone.append(folder.period)
    return gone
