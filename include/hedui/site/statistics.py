"""What a site says of its statistics in ``statistics.yaml``: whose data counts, who gets the files, how long they are kept."""

from __future__ import annotations

from functools import partial
from typing import Literal

from pydantic import Field, model_validator

from hedui.canonical.schemas import datasets
from hedui.site.base import Identifier, Model
from hedui.site.documents import Document
from hedui.site.problems import Problems, choose
from hedui.site.settings import read_settings
from hedui.site.site import Site

FILE = "statistics.yaml"
Cycle = Literal["day", "week", "month", "quarter", "year"]


class Receiver(Model):
    """Someone who gets the files of reports.

    Attributes:
        id: Name in the audit chain and in messages.
        name: Chinese name.
        way: ``email`` (summary in the body, files attached), ``dingtalk`` and ``wecom`` (summary in the group), ``sftp`` (files).
        connection: Named connection of the robot or the server; e-mail goes through ``hedui_smtp``.
        to: e-mail: addresses.
        folder: sftp: folder on the server.
        reports: Which reports; none: all.
        cycles: Which periods.
        outside: Whether they are outside of the agency: their files have small cells suppressed and no lists.
    """

    id: Identifier
    name: str
    way: Literal["email", "dingtalk", "wecom", "sftp"]
    connection: Identifier | None = None
    to: tuple[str, ...] = ()
    folder: str = ""
    reports: tuple[Identifier, ...] = ()
    cycles: tuple[Cycle, ...] = ("month", "quarter", "year")
    outside: bool = False

    @model_validator(mode="after")
    def _reachable(self) -> Receiver:
        if self.way == "email" and not self.to:
            raise ValueError("a receiver by email needs addresses in to")
        if self.way != "email" and self.connection is None:
            raise ValueError(f"a receiver by {self.way} needs a connection")
        return self


class StatisticsSettings(Model):
    """A site's statistics.

    Attributes:
        sources: Per canonical dataset the sources whose rows count; rows of several sources are added, so that no two may hold the same.
        residents: Insurances of 城乡居民.
        flexible: Person categories of 灵活就业人员.
        tax_offices: Names of tax offices by code.
        receivers: Who gets the files.
        keep_days: How long files of a kind of period are kept; none: for ever.
    """

    sources: dict[Identifier, tuple[Identifier, ...]]
    residents: tuple[str, ...] = ("150", "390")
    flexible: tuple[str, ...] = ("13",)
    tax_offices: dict[str, str] = {}
    receivers: tuple[Receiver, ...] = ()
    keep_days: dict[Cycle, int] = Field(default={})


def load_statistics(site: Site) -> StatisticsSettings | None:
    """The site's statistics.yaml; None where it has none.

    Raises:
        SiteError: With all mistakes, each with file, line, field, value and what is allowed.
    """
    return read_settings(StatisticsSettings, site.folder, FILE, partial(_check, site))


def _check(site: Site, settings: StatisticsSettings, document: Document, problems: Problems) -> None:
    for name, sources in settings.sources.items():
        path = ("sources", name)
        if name not in datasets():
            problems.add(FILE, document.line(path), path, f'"{name}" is no canonical dataset; {choose(name, datasets())}')
            continue
        able = [source.id for source in site.sources_of(name)]
        for source in sources:
            if source not in able:
                problems.add(FILE, document.line(path), path, f'"{source}" does not deliver {name}; {choose(source, able)}')
    ids = [receiver.id for receiver in settings.receivers]
    for number, receiver in enumerate(settings.receivers):
        path_of = ("receivers", number, "id")
        if ids.count(receiver.id) > 1:
            problems.add(FILE, document.line(path_of), path_of, f'"{receiver.id}" is there twice; give each receiver its own id')
    for cycle, days in settings.keep_days.items():
        if days < 1:
            problems.add(
                FILE, document.line(("keep_days", cycle)), ("keep_days", cycle), f"{days} is not allowed; keep 1 day or more"
            )
