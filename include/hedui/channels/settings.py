"""What a site says of its bank channels in ``channels.yaml``: which sources show them, and the floors of the thresholds."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Literal

from pydantic import Field

from hedui.site import Site
from hedui.site.base import Identifier, Model
from hedui.site.documents import Document
from hedui.site.problems import Problems, choose
from hedui.site.settings import read_settings

FILE = "channels.yaml"


class Floors(Model):
    """Thresholds of the site, beside what past weeks teach: what is allowed in any case, and how many rows are wanted in any case.

    Attributes:
        rows: Rows that the newest day must have, even where fewer are usual. 0: only what was learned counts.
        silent_minutes: Minutes without anything new.
        refused_percent: Share of refused declarations.
        treasury_days: Days from payment to the treasury's entry: the 95th percentile, and the oldest that waits.
        fund_days: Days from payment to 社保's record, likewise.
    """

    rows: int = Field(default=0, ge=0)
    silent_minutes: int = Field(default=2880, ge=15)
    refused_percent: float = Field(default=20, ge=0, le=100)
    treasury_days: int = Field(default=3, ge=0)
    fund_days: int = Field(default=5, ge=0)


class Payments(Model):
    """Where the payments of a channel are."""

    source: Identifier
    dataset: Literal["payment", "payment_unit"] = "payment_unit"


class Channel(Model):
    """A channel that money comes through.

    Attributes:
        id: Name of its samples and alerts.
        name: Chinese name.
        payments: Its payments.
        returns: The source of the bank's answers (``bank_return``); none: volume and amount are the payments'.
        treasury: The source of the treasury's receipts.
        fund: The source of 社保's register of arrivals.
        floors: What differs from the site's floors.
    """

    id: Identifier
    name: str
    payments: Payments
    returns: Identifier | None = None
    treasury: Identifier | None = None
    fund: Identifier | None = None
    floors: Floors | None = None


class ChannelSettings(Model):
    """The whole of ``channels.yaml``.

    Attributes:
        look_back: Days of payments whose delays are measured.
        weeks: Past weeks that thresholds are learned from.
        floors: See :class:`Floors`.
        channels: The channels.
    """

    look_back: int = Field(default=14, ge=1, le=92)
    weeks: int = Field(default=6, ge=1, le=26)
    floors: Floors = Floors()
    channels: tuple[Channel, ...] = Field(min_length=1)

    def floors_of(self, channel: Channel) -> Floors:
        """A channel's floors: the site's, with what the channel says itself."""
        return self.floors.model_copy(update=channel.floors.model_dump(exclude_unset=True) if channel.floors else {})


def load_channels(site: Site) -> ChannelSettings | None:
    """The site's channels.yaml; None where it has none.

    Raises:
        SiteError: With all mistakes, each with file, line, field, value and what is allowed.
    """
    return read_settings(ChannelSettings, site.folder, FILE, partial(_check, site))


def _check(site: Site, settings: ChannelSettings, document: Document, problems: Problems) -> None:
    counts = Counter(channel.id for channel in settings.channels)
    for number, channel in enumerate(settings.channels):
        path = ("channels", number)
        if counts[channel.id] > 1:
            place: tuple[str | int, ...] = (*path, "id")
            problems.add(FILE, document.line(place), place, f'"{channel.id}" is there twice; give each channel its own id')
        needs = (
            (("payments", "source"), channel.payments.source, channel.payments.dataset),
            (("returns",), channel.returns, "bank_return"),
            (("treasury",), channel.treasury, "treasury_receipt"),
            (("fund",), channel.fund, "fund_receipt"),
        )
        for field, source, name in needs:
            able = [item.id for item in site.sources_of(name)]
            if source is not None and source not in able:
                place = (*path, *field)
                problems.add(FILE, document.line(place), place, f'"{source}" does not deliver {name}; {choose(source, able)}')
