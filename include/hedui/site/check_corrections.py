"""Reads ``corrections.yaml`` and checks that it fits together, and to the rest of the site."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from hedui.canonical.schemas import datasets
from hedui.findings import KINDS
from hedui.security.urls import is_plain
from hedui.site.corrections import FILE, CorrectionSettings, People, Target, TargetTable
from hedui.site.documents import Document
from hedui.site.models import SourceDataset
from hedui.site.problems import NOT_PLAIN, Problems, choose
from hedui.site.settings import read_settings
from hedui.site.site import Site


def load_corrections(folder: Path, site: Site) -> CorrectionSettings | None:
    """Reads ``corrections.yaml`` of a site; None where the site has none.

    Raises:
        SiteError: It has mistakes; all of them, with file, line, field, value and what is allowed.
    """

    def check(settings: CorrectionSettings, document: Document, problems: Problems) -> None:
        _Checks(site=site, document=document, problems=problems).settings(settings)

    return read_settings(CorrectionSettings, folder, FILE, check)


@dataclass(frozen=True, kw_only=True)
class _Checks:
    """What must fit together in ``corrections.yaml``, and with the rest of the site."""

    site: Site
    document: Document
    problems: Problems

    def _problem(self, path: tuple[str | int, ...], what: str) -> None:
        self.problems.add(FILE, self.document.line(path), path, what)

    def settings(self, settings: CorrectionSettings) -> None:
        """Looks at all of it."""
        twice = {name for name, count in Counter(target.id for target in settings.targets).items() if count > 1}
        for name, fields in settings.key_fields.items():
            self._fields(("key_fields", name), name, fields)
        for number, kind in enumerate(settings.explained):
            if kind not in KINDS:
                self._problem(("explained", number), f'"{kind}" is no kind of finding; {choose(kind, KINDS)}')
        for number, target in enumerate(settings.targets):
            path = ("targets", number)
            if target.id in twice:
                self._problem((*path, "id"), f'"{target.id}" is there twice; give each target its own id')
            self._target(path, target)

    def _target(self, path: tuple[str | int, ...], target: Target) -> None:
        if (target.connection is None) == (target.mode == "execute"):
            self._problem(path, "mode execute needs connection, mode dispatch has none: Hedui does not write there")
        if (target.outbox is None) == (target.mode == "dispatch"):
            self._problem(path, "mode dispatch needs outbox, mode execute has none")
        for name in ("url", "receipts") if target.outbox is not None else ():
            if not is_plain(getattr(target.outbox, name)):
                self._problem((*path, "outbox", name), NOT_PLAIN.replace("here", "into outbox.connection"))
        self._people((*path, "people"), target.people)
        sources = {source.id: source for source in self.site.sources}
        if target.source not in sources:
            self._problem((*path, "source"), f'"{target.source}" is no source of the site; {choose(target.source, sources)}')
            return
        source = sources[target.source]
        for number, table in enumerate(target.tables):
            place = (*path, "tables", number)
            if table.dataset not in source.datasets:
                self._problem(
                    (*place, "dataset"), f'source {source.id} has no "{table.dataset}"; {choose(table.dataset, source.datasets)}'
                )
                continue
            self._table(place, table, source.datasets[table.dataset])

    def _people(self, path: tuple[str | int, ...], people: People) -> None:
        """Nobody may be needed for two things of one bundle."""
        alone = {name: group[0] for name in ("approvers", "leaders", "reviewers") if len(group := getattr(people, name)) == 1}
        alone["executor"] = people.executor
        for name, person in alone.items():
            others = [other for other, who in alone.items() if other != name and who == person]
            if others:
                self._problem(
                    (*path, name), f'"{person}" alone is for {others[0]} too; 申请、审批、执行、复核 need different people'
                )

    def _table(self, path: tuple[str | int, ...], table: TargetTable, mapped: SourceDataset) -> None:
        columns = {column.column for column in mapped.columns.values() if column.column is not None}
        for number, name in enumerate(table.key):
            if name not in columns:
                self._problem((*path, "key", number), f'"{name}" is not read from {mapped.table}; {choose(name, columns)}')
            if name in table.live:
                self._problem((*path, "live", name), "is a column of the key; leave it out of one of them")
        for name, column in table.columns.items():
            if column.fixed and (column.kind != "text" or column.length is None):
                self._problem((*path, "columns", name, "fixed"), "is for text of CHAR(n); write kind text and its length too")
            # Rows are deleted only where all of their columns are known, also those that nobody reads.
            if not table.deletes and name not in columns | {
                *table.live,
                *table.writes,
                table.batch_column,
                mapped.as_of.valid_from,
            }:
                self._problem((*path, "columns", name), f"is not read from {mapped.table}; {choose(name, columns)}")
        self._fields((*path, "closed_fields"), table.dataset, table.closed_fields)

    def _fields(self, path: tuple[str | int, ...], dataset_name: str, fields: tuple[str, ...]) -> None:
        if dataset_name not in datasets():
            self._problem(path, f'"{dataset_name}" is no canonical dataset; {choose(dataset_name, datasets())}')
            return
        known = datasets()[dataset_name].fields
        for number, field in enumerate(fields):
            if field not in known:
                self._problem((*path, number), f'{dataset_name} has no field "{field}"; {choose(field, known)}')
