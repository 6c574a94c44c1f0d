"""What a site says of its upload in ``padis.yaml``: who sends, by which profile, to whom; and the profile itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from hedui.errors import SiteError
from hedui.padis.fields import META, kinds
from hedui.site.base import Identifier, Model
from hedui.site.check_deliveries import agency_problems, source_problems
from hedui.site.check_transports import template_problems, transport_problems
from hedui.site.documents import Document, read_yaml
from hedui.site.padis_profile import Calendar, Profile, Retry, WireField
from hedui.site.padis_transport import Transport
from hedui.site.problems import Problems, choose
from hedui.site.site import Site
from hedui.site.validate import parse

FILE: Final = "padis.yaml"
SHIPPED: Final = Path(__file__).resolve().parents[1] / "padis" / "profiles"
PLACES: Final = (
    *("type", "kind", "sender", "region", "period", "batch", "seq", "yyyymmdd", "count", "name", "stem"),
    *("digest", "sha256", "sm3", "signature"),
)
"""What templates may name. Digests and the signature exist once the file is finished: in headers and arguments, not in names."""
REPLACED: Final = ("transport", "calendar", "retry", "per_minute", "rows")
"""What a site may say in place of its profile."""
EARLY: Final = tuple(place for place in PLACES if place not in ("digest", "sha256", "sm3", "signature", "name", "stem"))
"""What is known before the file has its name."""


class PadisSettings(Model):
    """The whole of ``padis.yaml``.

    Attributes:
        sender: Region code of who reports; part of every record's key.
        sender_name: Its name.
        profile: ``reference``, which is ours and no official format, or a YAML file below the site's folder.
        transport, calendar, retry, per_minute, rows: In place of the profile's.
        monitored: Region codes (whole or their beginning) of the places that a monthly table of births is made for.
        sources: Sources of the site whose rows are reported, by kind of record; a kind that is not named takes every source that has its
            dataset.
        agency: Agency of the site that corrects refused records.
        source: What refused records' findings name as their source.
    """

    sender: Annotated[str, Field(pattern=r"^[1-9][0-9]{5}([0-9]{3}){0,3}$")]
    sender_name: str = ""
    profile: str = "reference"
    transport: Transport | None = None
    calendar: Calendar | None = None
    retry: Retry | None = None
    per_minute: Annotated[int, Field(ge=1)] | None = None
    rows: Annotated[int, Field(ge=1, le=100_000)] | None = None
    monitored: tuple[Annotated[str, Field(pattern=r"^[1-9][0-9]{1,14}$")], ...] = ()
    sources: dict[Literal["birth", "registration"], tuple[Identifier, ...]] = {}
    agency: str = ""
    source: str = "padis"


class PadisSite(Model):
    """Settings with their profile."""

    settings: PadisSettings
    profile: Profile


def load_padis(folder: Path, site: Site | None = None) -> PadisSite | None:
    """Reads ``padis.yaml`` of a site and the profile that it names; None where the site has none.

    Args:
        folder: The site's folder.
        site: The site, whose sources and agency must be those that are named; None: they are not looked at.

    Raises:
        SiteError: There are mistakes; all of them, with file, line, field, value and what is allowed.
    """
    if not (folder / FILE).exists():
        return None
    problems = Problems()
    document = read_yaml(folder, FILE, problems)
    settings: PadisSettings | None = parse(PadisSettings, document, (), problems) if document is not None else None
    profile = None
    if settings is not None and document is not None:
        place, file = (SHIPPED, f"{settings.profile}.yaml") if settings.profile.isidentifier() else (folder, settings.profile)
        if (place / file).is_file():
            profile = read_profile(place, file, problems)
        else:
            shipped = [path.stem for path in SHIPPED.glob("*.yaml")]
            problems.add(
                FILE, document.line(("profile",)), "profile", f'there is no "{file}"; name a file of the site or {shipped}'
            )
        for path, what in _own_problems(site, settings):
            problems.add(FILE, document.line(path), path, what)
    if len(problems):
        raise SiteError(problems.lines())
    assert settings is not None
    assert profile is not None
    replaced = {name: value for name in REPLACED if (value := getattr(settings, name)) is not None}
    return PadisSite(settings=settings, profile=profile.model_copy(update=replaced))


def _own_problems(site: Site | None, settings: PadisSettings) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong with the site's own words."""
    if settings.transport is not None:
        yield from ((("transport", *path), what) for path, what in transport_problems(settings.transport, PLACES))
    if site is None:
        return
    if settings.agency:
        yield from agency_problems(site, settings.agency)
    for kind, named in settings.sources.items():
        spec = kinds()[kind]
        for number, source in enumerate(named):
            at = ("sources", kind, number)
            needed = [(at, name) for name in (spec.key, spec.event, spec.region)]
            yield from source_problems(site, dataset=spec.dataset, source=source, fields=needed, at=at)


def load_profile(path: Path) -> Profile:
    """Reads one profile.

    Raises:
        SiteError: It has mistakes.
    """
    problems = Problems()
    profile = read_profile(path.parent, path.name, problems)
    if len(problems):
        raise SiteError(problems.lines())
    assert profile is not None
    return profile


def read_profile(folder: Path, file: str, problems: Problems) -> Profile | None:
    """A profile's YAML; None, and problems, where it does not fit."""
    document = read_yaml(folder, file, problems)
    if document is None:
        return None
    profile: Profile | None = parse(Profile, document, (), problems)
    if profile is not None:
        _check(profile, document, problems)
    return profile


def _check(profile: Profile, document: Document, problems: Problems) -> None:
    def problem(path: tuple[str | int, ...], what: str) -> None:
        problems.add(document.file, document.line(path), path, what)

    for kind, record in profile.records.items():
        known = {*kinds()[kind].fields, *META}
        twice = {name for name, count in Counter(field.to for field in record.fields).items() if count > 1}
        for number, field in enumerate(record.fields):
            path: tuple[str | int, ...] = ("records", kind, "fields", number)
            if field.to in twice:
                problem((*path, "to"), f'"{field.to}" is there twice')
            for key, what in _field_problems(field, known, profile):
                problem((*path, key), what)
    for path, what in _rest(profile):
        problem(path, what)


def _rest(profile: Profile) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong with names, templates and receipts."""
    for key in ("name", "member"):
        for what in template_problems(getattr(profile, key), PLACES if key == "member" else EARLY):
            yield (key,), what
    yield from ((("transport", *path), what) for path, what in transport_problems(profile.transport, PLACES))
    if "{seq" not in profile.name and "{batch" not in profile.name:
        yield ("name",), "needs {seq} or {batch}: two files of a month must not have one name"
    receipt = profile.receipts.format
    if not receipt.status and not receipt.line_status:
        yield ("receipts", "format"), "needs status (the batch's result) or line_status (the records')"
    if receipt.line_status and not (receipt.line or receipt.key or receipt.business_key):
        yield ("receipts", "format"), "needs line, key or business_key: which record a row is about"


def _field_problems(field: WireField, known: set[str], profile: Profile) -> list[tuple[str, str]]:
    found = []
    if (field.source is None) == (field.value is None):
        found.append(("to", f'"{field.to}" needs either from (a field) or value (a constant)'))
    if field.source is not None and field.source not in known:
        found.append(("from", f'there is no field "{field.source}"; {choose(field.source, known)}'))
    if field.codes is not None and field.codes not in profile.codes:
        found.append(("codes", f'there is no code map "{field.codes}"; {choose(field.codes, profile.codes)}'))
    return found
