"""What a site says of its region codes in ``regions.yaml``: which columns carry them, what splits are decided by, how migrations run."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from hedui.errors import SiteError
from hedui.site.base import Identifier, Model
from hedui.site.documents import Document, read_yaml
from hedui.site.problems import Problems
from hedui.site.validate import parse

FILE = "regions.yaml"
SqlName = Annotated[str, Field(pattern=r"^[^\x00-\x1f\"';\\]{1,63}(\.[^\x00-\x1f\"';\\.]{1,63})?$")]
ColumnName = Annotated[str, Field(pattern=r"^[^\x00-\x1f\"';\\.]{1,63}$")]


class Closed(Model):
    """Rows of periods that are closed: they keep the code that was in force. Text compares as text (``AAE003`` < ``201601``)."""

    column: ColumnName
    before: str


class Target(Model):
    """A column with region or institution codes that follows the region codes.

    Attributes:
        id: Name of the target; its key log is called by it.
        name: Chinese name, for pages and the report.
        connection: Named connection of a PostgreSQL or Oracle database; none for the lake.
        table: Table with its schema; for the lake the canonical dataset.
        source: For the lake: the source whose partitions are meant.
        dates: For the lake: the latest partition only, or all of them.
        key: Columns that name a row for good; for the lake ``source_row``.
        column: The column with the code.
        kind: ``region``, or ``institution`` for codes that change with their region by the site's list.
        person, unit: Columns whose distinct values must be conserved.
        amounts: Columns of money.
        money: What the amounts are in; they are summed in fen.
        date: Column whose least and greatest value is compared.
        village, township, address, institution: What splits are decided by, in this order.
        places_of: For the lake, whose datasets say nothing of places: the target whose rows of the same ``person`` and code say it.
        closed: Rows that are not migrated.
        frozen: The whole table is closed statistics: it is never migrated, and shown as it was and restated.
    """

    id: Identifier
    name: str = ""
    connection: Identifier | None = None
    table: SqlName
    source: Identifier | None = None
    dates: Literal["latest", "all"] = "latest"
    key: tuple[ColumnName, ...] = ("source_row",)
    column: ColumnName
    kind: Literal["region", "institution"] = "region"
    person: ColumnName | None = None
    unit: ColumnName | None = None
    amounts: tuple[ColumnName, ...] = ()
    money: Literal["fen", "yuan"] = "fen"
    date: ColumnName | None = None
    village: ColumnName | None = None
    township: ColumnName | None = None
    address: ColumnName | None = None
    institution: ColumnName | None = None
    places_of: Identifier | None = None
    closed: Closed | None = None
    frozen: bool = False

    @property
    def label(self) -> str:
        """What pages call it."""
        return self.name or f"{self.table}.{self.column}"

    @property
    def place_columns(self) -> dict[str, str]:
        """The columns that splits are decided by, by what they are."""
        named = (
            ("village", self.village),
            ("township", self.township),
            ("address", self.address),
            ("institution", self.institution),
        )
        return {what: column for what, column in named if column}


class Reference(Model):
    """A column whose codes must exist in another table (institutions, accounts, permissions, inboxes)."""

    name: str
    connection: Identifier
    table: SqlName
    column: ColumnName
    to_table: SqlName
    to_column: ColumnName


class Receiver(Model):
    """Someone we send codes to.

    Attributes:
        name: Who.
        codes: A file with the column ``code`` that lists what they accept.
        institutions: Likewise for codes of institutions (agencies, tax offices): where ``institution_changes`` leads must be in it.
        table: The region table whose codes they ask for; none: the one in use on the day.
    """

    name: str
    codes: str
    institutions: str | None = None
    table: dt.date | None = None


class Spoken(Model):
    """Which table's codes a source's rows carry from a business date on.

    A source that no row names carries the last table before the business date: that of 30 June from 1 July on.
    """

    source: Identifier
    table: dt.date
    since: dt.date


class Window(Model):
    """Hours of the day in which batches may start, in the site's time zone; may pass midnight."""

    begins: dt.time
    ends: dt.time

    def open_at(self, moment: dt.time) -> bool:
        """Whether a batch may start."""
        if self.begins <= self.ends:
            return self.begins <= moment < self.ends
        return moment >= self.begins or moment < self.ends


class RegionSettings(Model):
    """The whole of ``regions.yaml``.

    Attributes:
        folder: The site's own region files, below its folder.
        versions: Which version of the codes each source speaks, where it is not the one in use on the day.
        filters: The table whose codes the ``where:`` of comparisons name; none: each code the newest table that has it.
        targets: The columns that follow.
        references: What must stay whole.
        receivers: Whose code lists must know the new codes.
        addresses: CSV with ``pattern,county`` and optionally ``regex`` (0 or 1).
        institutions: CSV with ``institution,county``: where institutions are afterwards; decides splits.
        institution_changes: CSV with ``old_institution,new_institution``: codes that change with their region.
        weights: CSV with ``old_code,new_code,share,scheme``, for totals of closed periods.
        accept: Stops that the site has looked at and accepts, by their id (``swapped:220281,220282``), and codes in the data that no table
            ever had (``unknown:990188``).
        accept_queue: Whether a migration may start while rows still wait for a person; they keep their code and are listed.
        batch_rows: Rows of one UPDATE.
        pause_seconds: Rest between batches.
        window: When batches may start.
        approvers: Airflow user names who may approve; empty means anyone with the right in Airflow.
        report_key: Environment variable with the key that verification reports are signed with.
    """

    folder: str = "regions"
    versions: tuple[Spoken, ...] = ()
    filters: dt.date | None = None
    targets: tuple[Target, ...] = ()
    references: tuple[Reference, ...] = ()
    receivers: tuple[Receiver, ...] = ()
    addresses: str | None = None
    institutions: str | None = None
    institution_changes: str | None = None
    weights: str | None = None
    accept: tuple[str, ...] = ()
    accept_queue: bool = False
    batch_rows: int = Field(default=500_000, ge=1)
    pause_seconds: float = Field(default=0, ge=0)
    window: Window | None = None
    approvers: tuple[str, ...] = ()
    report_key: str = Field(default="HEDUI_REPORT_KEY", pattern=r"^[A-Z][A-Z0-9_]{0,62}$")


def load_regions(folder: Path) -> RegionSettings | None:
    """Reads ``regions.yaml`` of a site; None where the site has none.

    Raises:
        SiteError: It has mistakes; all of them, with file, line, field, value and what is allowed.
    """
    problems = Problems()
    settings = read_regions(folder, problems)
    if len(problems):
        raise SiteError(problems.lines())
    return settings


def read_regions(folder: Path, problems: Problems) -> RegionSettings | None:
    """As :func:`load_regions`, with the mistakes noted among those of the whole site."""
    if not (folder / FILE).exists():
        return None
    document = read_yaml(folder, FILE, problems)
    if document is None:
        return None
    settings: RegionSettings | None = parse(RegionSettings, document, (), problems)
    if settings is not None:
        _check(folder, settings, document, problems)
    return settings


def _target_problems(target: Target, settings: RegionSettings) -> list[tuple[str, str]]:
    """What is wrong with a target: the field, empty for the whole, and what."""
    found = [("places_of", what) for what in _places_of(target, settings)]
    if (target.connection is None) == (target.source is None):
        found.append(("", "needs either connection (a database) or source (the lake)"))
    if target.source and target.key != ("source_row",):
        found.append(("key", "rows of the lake are named by source_row; leave key out"))
    if target.column in target.key:
        found.append(("key", f'"{target.column}" changes in the migration; name rows by columns that stay'))
    if target.kind == "institution" and not settings.institution_changes:
        found.append(("kind", "institution codes need institution_changes, the list of old and new codes"))
    return found


def _places_of(target: Target, settings: RegionSettings) -> list[str]:
    """What is wrong with a target's ``places_of``."""
    if target.places_of is None:
        return []
    other = next((item for item in settings.targets if item.id == target.places_of and item.id != target.id), None)
    if other is None:
        return [f'there is no other target "{target.places_of}"; name one whose rows are of the same persons']
    found = []
    if other.source is not None:
        found.append(f'"{other.id}" is in the lake itself; name a target of a database')
    if target.source is None or target.place_columns:
        found.append("is for targets in the lake without place columns of their own; name their columns instead")
    if target.person is None or other.person is None or not other.place_columns:
        found.append(f'needs person here and in "{other.id}", and there a village, township, address or institution')
    return found


def _check(folder: Path, settings: RegionSettings, document: Document, problems: Problems) -> None:
    def problem(path: tuple[str | int, ...], what: str) -> None:
        problems.add(FILE, document.line(path), path, what)

    twice = {name for name, count in Counter(target.id for target in settings.targets).items() if count > 1}
    for number, target in enumerate(settings.targets):
        if target.id in twice:
            problem(("targets", number, "id"), f'"{target.id}" is there twice; give each target its own id')
        for field, what in _target_problems(target, settings):
            problem(("targets", number, *([field] if field else [])), what)
    files = [(("receivers", number, "codes"), item.codes) for number, item in enumerate(settings.receivers)]
    files += [
        (("receivers", number, "institutions"), item.institutions)
        for number, item in enumerate(settings.receivers)
        if item.institutions
    ]
    named = (getattr(settings, name) for name in ("addresses", "institutions", "institution_changes", "weights"))
    keys = ("addresses", "institutions", "institution_changes", "weights")
    for path, file in [*files, *(((key,), value) for key, value in zip(keys, named, strict=True) if value)]:
        if not (folder / file).is_file():
            problem(path, f'there is no file "{file}" in the site\'s folder')
