"""What a site says of requests for help (协查) and notices (通报) in ``assist.yaml``: who we are, matters, terms, folders, pairing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path as Folder
from typing import Annotated, Final, Literal

from pydantic import Field

from hedui.canonical.schemas import datasets
from hedui.site.base import Identifier, Model
from hedui.site.check_deliveries import Path, agency_problems, source_problems
from hedui.site.check_transports import transport_problems
from hedui.site.documents import Document
from hedui.site.padis_profile import Delimited
from hedui.site.padis_transport import FolderTransport
from hedui.site.problems import Problems, choose
from hedui.site.settings import read_settings
from hedui.site.site import Site

FILE: Final = "assist.yaml"


class Topic(Model):
    """A matter.

    Attributes:
        code: On the wire.
        name: Chinese name.
        form: ``request`` (an answer is due) or ``notice`` (to be read).
        days: Working days until the answer, or until it is read.
    """

    code: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,10}$")]
    name: str
    form: Literal["request", "notice"] = "request"
    days: int = Field(ge=1)


class Pairing(Model):
    """Where the person of a request that has come is looked for: the id numbers of a source's canonical rows."""

    dataset: Identifier
    source: Identifier
    field: Identifier = "id_number"


class AssistSettings(Model):
    """The whole of ``assist.yaml``.

    Attributes:
        region: Our region code; requests to it are ours.
        topics: Matters.
        pairing: Where persons are looked for, in this order.
        remind_days: Working days before the term from which on is reminded.
        agency, source: Who acts on overdue ones, and what their findings name as the source.
        envelope: How files are written; ours, see docs/padis.md.
        transport: The folder that files go to and come from.
    """

    region: Annotated[str, Field(pattern=r"^[1-9][0-9]{5}([0-9]{3}){0,2}$")]
    topics: Annotated[tuple[Topic, ...], Field(min_length=1)]
    pairing: tuple[Pairing, ...] = ()
    remind_days: int = Field(default=2, ge=0)
    agency: Identifier
    source: str = "assist"
    envelope: Delimited = Delimited(type="delimited")
    transport: FolderTransport

    def topic(self, code: str) -> Topic | None:
        """The matter of a code."""
        return next((topic for topic in self.topics if topic.code == code), None)


def load_assist(folder: Folder, site: Site | None = None) -> AssistSettings | None:
    """Reads ``assist.yaml`` of a site; None where the site has none.

    Args:
        folder: The site's folder.
        site: The site, whose sources and agency must be those that are named; None: they are not looked at.

    Raises:
        SiteError: There are mistakes; all of them, with file, line, field, value and what is allowed.
    """
    return read_settings(AssistSettings, folder, FILE, partial(_check, site))


def _check(site: Site | None, settings: AssistSettings, document: Document, problems: Problems) -> None:
    found = [*_topics(settings), *_pairing(site, settings)]
    found += [(("transport", *path), what) for path, what in transport_problems(settings.transport, ("name",))]
    found += agency_problems(site, settings.agency) if site is not None else ()
    for path, what in found:
        problems.add(FILE, document.line(path), path, what)


def _topics(settings: AssistSettings) -> Iterator[tuple[Path, str]]:
    counted = Counter(topic.code for topic in settings.topics)
    for number, topic in enumerate(settings.topics):
        if counted[topic.code] > 1:
            yield ("topics", number, "code"), f'"{topic.code}" is there twice; give each topic its own code'


def _pairing(site: Site | None, settings: AssistSettings) -> Iterator[tuple[Path, str]]:
    for number, place in enumerate(settings.pairing):
        at = ("pairing", number)
        if place.dataset not in datasets():
            yield (*at, "dataset"), f'there is no dataset "{place.dataset}"; {choose(place.dataset, datasets())}'
            continue
        known = datasets()[place.dataset].fields
        if place.field not in known:
            yield (*at, "field"), f'there is no field "{place.field}"; {choose(place.field, known)}'
        needed = [((*at, "field"), place.field)] if place.field in known else []
        if site is not None:
            yield from source_problems(site, dataset=place.dataset, source=place.source, fields=needed, at=(*at, "source"))
