"""What goes out names what comes in: whether a site's source delivers a dataset and its fields, and whether its agencies are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from hedui.site.problems import choose
from hedui.site.site import Site

Path: TypeAlias = tuple[str | int, ...]


def source_problems(
    site: Site, *, dataset: str, source: str, fields: Iterable[tuple[Path, str]] = (), at: Path = ("source",)
) -> Iterator[tuple[Path, str]]:
    """What is wrong with rows that are taken from a source.

    Args:
        site: The site.
        dataset: A canonical dataset.
        source: Who must deliver it.
        fields: Fields of the dataset that are needed, with their places in the file; those that the dataset does not have are left alone.
        at: The source's place in the file.
    """
    able = [one.id for one in site.sources_of(dataset)]
    if source not in able:
        yield at, f'"{source}" does not deliver {dataset}; {choose(source, able)}'
        return
    mapped = site.source(source).datasets[dataset].columns
    for path, field in fields:
        if field not in mapped:
            yield path, f'the source {source} does not deliver "{field}" of {dataset}; {choose(field, mapped)}'


def agency_problems(site: Site, agency: str) -> Iterator[tuple[Path, str]]:
    """Whether an agency that is to act is the site's."""
    known = [one.id for one in site.agencies]
    if agency not in known:
        yield ("agency",), f'there is no agency "{agency}"; {choose(agency, known)}'
