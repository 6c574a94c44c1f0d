"""Reads a site's folder: every file, every cross check, all mistakes in one error."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import create_model

from hedui.errors import SiteError
from hedui.site.crosschecks import check_site
from hedui.site.documents import Document, read_csv, read_yaml
from hedui.site.models import Agency, Authority, CodeRow, Comparison, Limit, Model, Region, RuleSetting, SiteModel, Source
from hedui.site.parts import Part, Parts
from hedui.site.problems import Problems, choose
from hedui.site.regions import read_regions
from hedui.site.site import Site
from hedui.site.validate import parse

__all__ = ["Site", "load_site"]

T = TypeVar("T", bound=Model)
HEADER_FIELDS = ("id", "name", "title", "timezone", "region", "calendar", "roles", "notify")
SiteHeader = create_model(  # type: ignore[call-overload]
    "SiteHeader",
    __base__=Model,
    **{name: (SiteModel.model_fields[name].annotation, SiteModel.model_fields[name]) for name in HEADER_FIELDS},
)


@dataclass(frozen=True, kw_only=True)
class _Loader:
    """One reading of a folder."""

    folder: Path
    problems: Problems = field(default_factory=Problems)

    def yaml_list(self, file: str, key: str, shape: Any) -> list[Part[Any]]:
        """The models below the only key of a YAML file, as a list of parts."""
        document = self._single(file, key, list, "a list")
        if document is None:
            return []
        return self._parts(document, [(key, index) for index in range(len(document.data[key]))], shape)

    def yaml_map(self, file: str, key: str, shape: type[T]) -> dict[str, Part[T]]:
        """The models below the only key of a YAML file, by name."""
        document = self._single(file, key, dict, "a mapping")
        if document is None:
            return {}
        names = list(document.data[key])
        return {name: part for name in names for part in self._parts(document, [(key, name)], shape) if part.value is not None}

    def csv_list(self, file: str, shape: type[T]) -> list[Part[T]]:
        """The rows of a CSV file; a missing file has none."""
        if not (self.folder / file).exists():
            return []
        document = read_csv(self.folder, file, list(shape.model_fields), self.problems)
        if document is None:
            return []
        return self._parts(document, [(index,) for index in range(len(document.data))], shape)

    def yaml_file(self, file: str, shape: Any) -> Part[Any] | None:
        """A YAML file that is one model."""
        document = read_yaml(self.folder, file, self.problems)
        return self._parts(document, [()], shape)[0] if document is not None else None

    def _single(self, file: str, key: str, kind: type, wanted: str) -> Document | None:
        document = read_yaml(self.folder, file, self.problems)
        if document is None:
            return None
        for name in document.data:
            if name != key:
                self.problems.add(file, document.line((name,)), name, f"unknown key; {choose(name, [key])}")
        if not isinstance(document.data.get(key), kind):
            found = self.problems.show(document.data.get(key))
            self.problems.add(file, document.line((key,)), key, f"must be {wanted}, found {found}")
            return None
        return document

    def _parts(self, document: Document, paths: list[tuple[str | int, ...]], shape: Any) -> list[Part[Any]]:
        return [
            Part(value=parse(shape, document, path, self.problems), document=document, path=path, problems=self.problems)
            for path in paths
        ]


def load_site(folder: Path, *, rules: bool = True) -> Site:
    """Reads and checks the site in ``folder``.

    Files: ``site.yaml``, ``agencies.yaml``, ``sources/*.yaml``, ``comparisons.yaml``; where the site has them ``rules.yaml``,
    ``authority.csv``, ``limits.csv``, ``regions.csv``, ``regions.yaml``, ``corrections.yaml`` and ``codes/*.csv``.

    Args:
        folder: The site's folder.
        rules: Whether the rules' parameters and ``corrections.yaml`` are checked, too; that reads the rules themselves, which is too much
            while a DAG is parsed.

    Raises:
        SiteError: Something is wrong in the files; all mistakes are listed, each with file, line, field, value and what is allowed.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise SiteError([f"{folder}: there is no such folder; a site is a folder with site.yaml, see docs/site-guide.md"])
    loader = _Loader(folder=folder)
    parts = _read(loader)
    check_site(parts, rules=rules)
    if len(loader.problems):
        raise SiteError(loader.problems.lines())
    site = parts.site()
    if rules:
        from hedui.site.check_corrections import load_corrections  # it needs the whole site

        load_corrections(folder, site)
    return site


def _read(loader: _Loader) -> Parts:
    source_files = sorted(path.relative_to(loader.folder).as_posix() for path in loader.folder.glob("sources/*.yaml"))
    if not source_files:
        loader.problems.add("sources", 1, "", "there is no file sources/<id>.yaml; a site needs at least one source")
    code_files = sorted(path.relative_to(loader.folder).as_posix() for path in loader.folder.glob("codes/*.csv"))
    return Parts(
        problems=loader.problems,
        header=loader.yaml_file("site.yaml", SiteHeader),
        agencies=loader.yaml_list("agencies.yaml", "agencies", Agency),
        sources=[part for file in source_files if (part := loader.yaml_file(file, Source)) is not None],
        comparisons=loader.yaml_list("comparisons.yaml", "comparisons", Comparison),
        rules=loader.yaml_map("rules.yaml", "rules", RuleSetting) if (loader.folder / "rules.yaml").exists() else {},
        authority=loader.csv_list("authority.csv", Authority),
        limits=loader.csv_list("limits.csv", Limit),
        regions=loader.csv_list("regions.csv", Region),
        codes={Path(file).stem: loader.csv_list(file, CodeRow) for file in code_files},
        folder=loader.folder,
        region_codes=read_regions(loader.folder, loader.problems),
    )
