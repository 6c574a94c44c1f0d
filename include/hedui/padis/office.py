"""Who reports: a site's settings and profile with the surroundings, as every step of the upload takes it."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from hedui.context import Context
from hedui.ledger.database import engine
from hedui.padis.errors import PadisError
from hedui.padis.fields import Kind, kinds
from hedui.padis.mapping import Mapper
from hedui.padis.regions import RegionCodes
from hedui.padis.transports import Transport, open_transport
from hedui.padis.validation import Validator
from hedui.site.padis import FILE, PadisSettings, load_padis
from hedui.site.padis_profile import Profile, Regions

LOCK_COLLECT: Final = 0x7061646901
LOCK_PACK: Final = 0x7061646902
_LOCK_BATCH: Final = 0x70616469


def now() -> dt.datetime:
    """The time, in UTC."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, kw_only=True)
class Office:
    """Who reports.

    Attributes:
        context: The step's surroundings.
        folder: The site's folder.
        settings: ``padis.yaml``.
        profile: What the receiver prescribes.
        operator: Who acts: a person's name, or a task.
        clock: The time.
    """

    context: Context
    folder: Path
    settings: PadisSettings
    profile: Profile
    operator: str = "hedui"
    clock: Callable[[], dt.datetime] = now

    @property
    def ledger(self) -> str:
        """URL of the ledger."""
        return self.context.ledger_url

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.context.site.timezone)

    def today(self) -> dt.date:
        """The day, in the site's time zone."""
        return self.clock().astimezone(self.zone).date()

    def sources(self, kind: Kind) -> list[str]:
        """Sources of the site whose rows are reported."""
        named = self.settings.sources.get(kind)
        dataset = kinds()[kind].dataset
        return [
            source.id
            for source in self.context.site.sources
            if dataset in source.datasets and (named is None or source.id in named)
        ]

    def mapper(self, kind: Kind, *, report: dt.date) -> Mapper:
        """Maps records of a kind.

        Raises:
            PadisError: The profile does not have that kind.
        """
        if kind not in self.profile.records:
            raise PadisError(f'The profile {self.profile.id} has no records "{kind}"; add them, or do not report them.')
        regions = _regions(self.profile.regions, self.folder)
        return Mapper(self.profile, kind, sender=self.settings.sender, regions=regions, report=report)

    def validator(self, *, report: dt.date) -> Validator:
        """Looks at records."""
        return Validator(self.profile, workdays=self.context.workdays, report=report)

    def transport(self) -> Transport:
        """The way to the receiver."""
        return open_transport(self.context, self.profile)

    @contextmanager
    def holding(self, batch: str) -> Iterator[bool]:
        """Whether this process alone has the batch in hand; PostgreSQL lets go of it when the process dies."""
        number = zlib.crc32(batch.encode()) - 0x80000000
        arguments: dict[str, Any] = {"space": _LOCK_BATCH, "number": number}
        with engine(self.ledger).connect() as connection:
            held = bool(connection.execute(text("SELECT pg_try_advisory_lock(:space, :number)"), arguments).scalar_one())
            connection.commit()
            try:
                yield held
            finally:
                if held:
                    _let_go(connection, arguments)


def _let_go(connection: Connection, arguments: dict[str, Any]) -> None:
    connection.rollback()
    connection.execute(text("SELECT pg_advisory_unlock(:space, :number)"), arguments)
    connection.commit()


@lru_cache(maxsize=4)
def _regions(wanted: Regions, folder: Path) -> RegionCodes:
    return RegionCodes(wanted, folder)


def open_office(context: Context, folder: Path, *, operator: str = "hedui") -> Office:
    """The office of a site.

    Raises:
        PadisError: The site has no ``padis.yaml``. SiteError: it has mistakes.
    """
    found = load_padis(folder, context.site)
    if found is None:
        raise PadisError(f"The site {folder.name} has no {FILE}: it says who reports and by which profile; see docs/padis.md.")
    return Office(context=context, folder=folder, settings=found.settings, profile=found.profile, operator=operator)
