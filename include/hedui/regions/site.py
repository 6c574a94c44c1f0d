"""A site's migrations: from its folder and the surroundings of a command or a task to a :class:`~hedui.regions.migrate.run.Migration`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from hedui.context import Context
from hedui.regions.errors import RegionError
from hedui.regions.migrate.batches import Surroundings
from hedui.regions.migrate.plan import make_plan
from hedui.regions.migrate.run import Migration
from hedui.regions.store import SHIPPED, Store
from hedui.site.regions import FILE, RegionSettings, load_regions


def region_settings(folder: Path) -> RegionSettings:
    """The site's ``regions.yaml``.

    Raises:
        RegionError: The site has none. SiteError: it has mistakes.
    """
    settings = load_regions(folder)
    if settings is None:
        raise RegionError(
            f"The site {folder.name} has no {FILE}: it says which tables and columns follow region codes; see docs/regions.md."
        )
    return settings


def site_migration(
    context: Context, folder: Path, *, start: dt.date, end: dt.date, actor: str, run: str | None = None
) -> Migration:
    """The migration of a site between two tables.

    Raises:
        RegionError: The site, a table or a half-year is missing. RegionFileError: a region file has mistakes.
    """
    plan = make_plan(region_settings(folder), folder=folder, start=start, end=end, run=run)
    around = Surroundings(
        ledger_url=context.ledger_url,
        connection=context.connection,
        lake=context.lake,
        timezone=context.site.timezone,
        progress=context.progress,
        actor=actor,
    )
    return Migration(plan, around)


def half_years(folder: Path, *, due: dt.date) -> tuple[dt.date, dt.date]:
    """The tables that a half-yearly run is about: the last one before ``due`` and the one before it.

    Raises:
        RegionError: There is no table of the half-year that ended before ``due``.
    """
    settings = region_settings(folder)
    store = Store((SHIPPED, folder / settings.folder))
    end = dt.date(due.year, 6, 30) if due.month >= 7 else dt.date(due.year - 1, 12, 31)
    if end not in store.dates:
        raise RegionError(
            f"There is no region table of {end}; import it with `hedui regions import` into {settings.folder}, then run this again."
        )
    return max(day for day in store.dates if day < end), end
