"""The parts of a site while it is being loaded: each model with the place it was read from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from hedui.site.documents import Document, PathKey
from hedui.site.models import Agency, Authority, CodeRow, Comparison, Limit, Region, RuleSetting, Source
from hedui.site.problems import Problems
from hedui.site.regions import RegionSettings
from hedui.site.site import Site

T = TypeVar("T", covariant=True)


@dataclass(frozen=True, kw_only=True)
class Part(Generic[T]):
    """A piece of a file.

    Attributes:
        value: The model; None where the piece has mistakes.
        document: The file it is from.
        path: Where in the file.
        problems: Where mistakes about it go.
    """

    value: T | None
    document: Document
    path: PathKey
    problems: Problems

    @property
    def id(self) -> str | None:
        """The piece's id, also where the rest of it has mistakes: references to it are no further mistakes."""
        data = self.document.data
        for part in self.path:
            data = data[part]
        found = data.get("id") if isinstance(data, dict) else None
        return found if isinstance(found, str) else None

    def problem(self, path: Iterable[str | int], what: str) -> None:
        """Notes a mistake at a path inside the piece."""
        full = (*self.path, *path)
        self.problems.add(self.document.file, self.document.line(full), full, what)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """All that a folder holds, as far as it could be read."""

    problems: Problems
    header: Part[Any] | None
    agencies: list[Part[Agency]]
    sources: list[Part[Source]]
    comparisons: list[Part[Comparison]]
    rules: dict[str, Part[RuleSetting]]
    authority: list[Part[Authority]]
    limits: list[Part[Limit]]
    regions: list[Part[Region]]
    codes: dict[str, list[Part[CodeRow]]]
    folder: Path
    region_codes: RegionSettings | None = None

    def site(self) -> Site:
        """The site; only to be asked for when there are no problems."""
        if self.header is None or self.header.value is None:
            raise ValueError("A site with mistakes in site.yaml cannot be assembled.")
        header = self.header.value
        return Site(
            **{name: getattr(header, name) for name in type(header).model_fields},
            agencies=values(self.agencies),
            sources=values(self.sources),
            comparisons=values(self.comparisons),
            authority=values(self.authority),
            codes={name: values(rows) for name, rows in self.codes.items()},
            limits=values(self.limits),
            rules={name: part.value for name, part in self.rules.items() if part.value is not None},
            regions=values(self.regions),
            region_codes=self.region_codes,
            folder=self.folder,
        )


def values(parts: Iterable[Part[T]]) -> tuple[T, ...]:
    """The models of those parts that have no mistakes."""
    return tuple(part.value for part in parts if part.value is not None)
