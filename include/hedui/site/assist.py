"""What a site says of requests for help (协查) and notices (通报) in ``assist.yaml``: who we are, matters, terms, folders, pairing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from hedui.canonical.schemas import datasets
from hedui.site.base import Identifier, Model
from hedui.site.documents import Document
from hedui.site.padis_profile import Delimited
from hedui.site.padis_transport import FolderTransport
from hedui.site.problems import Problems, choose
from hedui.site.settings import read_settings

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


def load_assist(folder: Path) -> AssistSettings | None:
    """Reads ``assist.yaml`` of a site; None where the site has none.

    Raises:
        SiteError: There are mistakes; all of them, with file, line, field, value and what is allowed.
    """
    return read_settings(AssistSettings, folder, FILE, _check)


def _check(settings: AssistSettings, document: Document, problems: Problems) -> None:
    twice = [code for code, count in Counter(topic.code for topic in settings.topics).items() if count > 1]
    if twice:
        problems.add(FILE, document.line(("topics",)), "topics", f'"{twice[0]}" is there twice; give each topic its own code')
    for number, place in enumerate(settings.pairing):
        path = ("pairing", number)
        if place.dataset not in datasets():
            what = f'there is no dataset "{place.dataset}"; {choose(place.dataset, datasets())}'
            problems.add(FILE, document.line((*path, "dataset")), (*path, "dataset"), what)
        elif place.field not in datasets()[place.dataset].fields:
            what = f'there is no field "{place.field}"; {choose(place.field, datasets()[place.dataset].fields)}'
            problems.add(FILE, document.line((*path, "field")), (*path, "field"), what)
