"""What a site says of its outbound pushes in ``pushes.yaml``: to whom, which rows, which columns, masked how, and by which way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from hedui.canonical.schemas import datasets
from hedui.security.masking import PERSON_FIELDS
from hedui.site.base import Identifier, Model
from hedui.site.check_deliveries import source_problems
from hedui.site.check_transports import transport_problems
from hedui.site.documents import Document
from hedui.site.padis_profile import Delimited
from hedui.site.padis_transport import FolderTransport
from hedui.site.problems import Problems, choose
from hedui.site.settings import read_settings
from hedui.site.site import Site

FILE: Final = "pushes.yaml"
Mask = Literal["name", "id_number", "certificate", "address", "birth_date", "key", "phone", "pseudonym"]
PERSONAL: Final = frozenset({*PERSON_FIELDS, "mother_id_number", "father_id_number", "mother_name", "father_name", "child_name"})
"""Canonical fields that name or describe a person: they leave masked, or with the reason why not."""


class PushColumn(Model):
    """A column that leaves.

    Attributes:
        to: Its name in the file.
        source: The canonical field; in YAML ``from``.
        mask: How it is masked.
        clear: Why a personal field leaves in clear: the basis (agreement, letter).
        region: It is a region code and leaves in the receiver's version; a row whose code is not certain there waits.
    """

    to: Annotated[str, Field(pattern=r"^[^\x00-\x1f,\"]{1,60}$")]
    source: Identifier = Field(alias="from")
    mask: Mask | None = None
    clear: str = ""
    region: bool = False


class Statistics(Model):
    """Counts in place of rows: a line per group with at least ``threshold`` persons.

    Attributes:
        by: Fields that rows are counted by beside the region.
        threshold: Counts below it are not told, nor what they could be worked out from.
    """

    by: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=3)]
    threshold: int = Field(default=10, ge=3)


class Push(Model):
    """An outbound push.

    Attributes:
        id: Its name; part of file names.
        name: Chinese name.
        receiver: Who gets it.
        basis: Why it may leave: agreement, letter, law.
        dataset, source: The canonical rows.
        region: Field with the region that files are split by.
        regions: Only these regions (beginnings of codes); empty: all.
        codes: Receiver in ``regions.yaml`` whose version of region codes is asked for; empty: the version of the business date.
        only: Only rows whose fields have one of these values.
        columns: What leaves, in order; statistics have none.
        statistics: Counts in place of rows.
        envelope: How the file is written.
        transport: The folder it goes to, and where receipts come from.
    """

    id: Identifier
    name: str
    receiver: str
    basis: Annotated[str, Field(min_length=2)]
    dataset: Identifier
    source: Identifier
    region: Identifier = "region"
    regions: tuple[str, ...] = ()
    codes: str = ""
    only: dict[Identifier, tuple[str, ...]] = {}
    columns: tuple[PushColumn, ...] = ()
    statistics: Statistics | None = None
    envelope: Delimited = Delimited(type="delimited")
    transport: FolderTransport


class PushSettings(Model):
    """The whole of ``pushes.yaml``."""

    pushes: tuple[Push, ...] = ()


def load_pushes(folder: Path, site: Site | None = None) -> PushSettings | None:
    """Reads ``pushes.yaml`` of a site; None where the site has none.

    Args:
        folder: The site's folder.
        site: The site, whose sources and receivers of region codes must be those that are named; None: they are not looked at.

    Raises:
        SiteError: There are mistakes; all of them, with file, line, field, value and what is allowed.
    """
    return read_settings(PushSettings, folder, FILE, partial(_check, site))


def _check(site: Site | None, settings: PushSettings, document: Document, problems: Problems) -> None:
    twice = {name for name, count in Counter(push.id for push in settings.pushes).items() if count > 1}
    for number, push in enumerate(settings.pushes):
        for path, what in (*_problems(push, twice), *(_site_problems(site, push) if site else ())):
            full = ("pushes", number, *path)
            problems.add(FILE, document.line(full), full, what)


def _site_problems(site: Site, push: Push) -> Iterator[tuple[tuple[str | int, ...], str]]:
    known = datasets()[push.dataset].fields if push.dataset in datasets() else {}
    named = [(("region",), push.region), *((("columns", at, "from"), one.source) for at, one in enumerate(push.columns))]
    named += [(("only", name), name) for name in push.only]
    named += [(("statistics", "by"), name) for name in (push.statistics.by if push.statistics else ())]
    if known:
        needed = [(path, name) for path, name in named if name in known]
        yield from source_problems(site, dataset=push.dataset, source=push.source, fields=needed)
    receivers = [one.name for one in site.region_codes.receivers] if site.region_codes else []
    if push.codes and push.codes not in receivers:
        yield ("codes",), f'regions.yaml has no receiver "{push.codes}"; {choose(push.codes, receivers)}'


def _problems(push: Push, twice: set[str]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if push.id in twice:
        yield ("id",), f'"{push.id}" is there twice; give each push its own id'
    yield from ((("transport", *path), what) for path, what in transport_problems(push.transport, ("name",)))
    if push.dataset not in datasets():
        yield ("dataset",), f'there is no dataset "{push.dataset}"; {choose(push.dataset, datasets())}'
        return
    known = set(datasets()[push.dataset].fields)
    if push.region not in known:
        yield ("region",), f'there is no field "{push.region}"; {choose(push.region, known)}'
    if bool(push.columns) == (push.statistics is not None):
        yield ("columns",), "a push has either columns (rows leave) or statistics (counts leave)"
    for number, column in enumerate(push.columns):
        yield from ((("columns", number, at), what) for at, what in _column_problems(column, known))
    for name in (*push.only, *(push.statistics.by if push.statistics else ())):
        if name not in known:
            yield ("only" if name in push.only else "statistics",), f'there is no field "{name}"; {choose(name, known)}'


def _column_problems(column: PushColumn, known: set[str]) -> Iterator[tuple[str, str]]:
    if column.source not in known:
        yield "from", f'there is no field "{column.source}"; {choose(column.source, known)}'
    elif column.region and column.mask:
        yield "mask", "a region code leaves unmasked, in the receiver's version; drop mask or region"
    elif column.source in PERSONAL and column.mask is None and not column.clear:
        yield "from", f'"{column.source}" is personal: give mask, or clear with the reason why it leaves as it is'
