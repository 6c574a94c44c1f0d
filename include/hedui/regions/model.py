"""What is known of regions: rows of a table of one date, change rows with their documents, townships and villages that moved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["recode", "rename", "merge", "split", "new", "abolish"]
Scope = Literal["whole", "part", "remain"]
KINDS: Final[dict[str, str]] = {
    "recode": "改码",
    "rename": "更名",
    "merge": "并入",
    "split": "拆分",
    "new": "新设",
    "abolish": "撤销",
}
SCOPES: Final[dict[str, str]] = {"whole": "整建制", "part": "部分划出", "remain": "其余保留"}
BASES: Final[dict[str, str]] = {"decision": "批复", "document": "变更清单", "map": "统计对照"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Region:
    """A row of a code table."""

    code: str
    name: str
    level: str
    parent: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A code table as it stood on a day.

    Attributes:
        date: The day.
        rows: Regions by code.
        published: True for a table as it was published, with its delays and mistakes; False for the table in force.
        origin: File or source, for messages.
        duplicates: Codes that the file had more than once, with all their names.
    """

    date: dt.date
    rows: Mapping[str, Region]
    published: bool = False
    origin: str = ""
    duplicates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def name(self, code: str) -> str:
        """The name of a code, empty where the table has none."""
        row = self.rows.get(code)
        return row.name if row else ""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One old code → new code between two tables.

    ``scope``: ``whole`` = the whole area of the old code; ``part`` = a part of it, who moves needs an allocation; ``remain`` = the part
    that keeps the old code. ``old_code`` is empty for ``new``, ``new_code`` for ``abolish``.
    """

    from_date: dt.date
    to_date: dt.date
    old_code: str
    old_name: str
    new_code: str
    new_name: str
    kind: Kind
    scope: Scope
    level: str
    effective_date: dt.date | None = None
    date_basis: str = ""
    first_published: str = ""
    basis: str = ""
    confidence: str = ""
    event: str = ""
    doc_no: str = ""
    title: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Event:
    """The operative sentences of an approval: who gets which township."""

    event: str
    to_date: dt.date
    effective_date: dt.date | None
    doc_no: str
    title: str
    source: str
    text: str


@dataclass(frozen=True, kw_only=True)
class SubChange:
    """A township or village that got another code: the material of allocation.

    Attributes:
        new_code: Its code afterwards; may lie under a development zone that is no region code.
        county: The county that it belongs to afterwards where a document says so; it decides before the digits of ``new_code``.
        basis: ``decision`` (a document names the county), ``document`` (a yearly or change list) or ``map`` (statistical tables).
    """

    from_date: dt.date
    to_date: dt.date
    old_code: str
    old_name: str
    new_code: str
    new_name: str = ""
    county: str = ""
    basis: str = "map"
    doc_no: str = ""


def table(date: dt.date, rows: Iterable[Region], *, published: bool = False, origin: str = "") -> Table:
    """A table of rows; codes that occur twice are kept once and noted."""
    kept: dict[str, Region] = {}
    names: dict[str, list[str]] = {}
    for row in rows:
        names.setdefault(row.code, []).append(row.name)
        kept.setdefault(row.code, row)
    duplicates = {code: tuple(found) for code, found in names.items() if len(found) > 1}
    return Table(date=date, rows=kept, published=published, origin=origin, duplicates=duplicates)
