"""What a report says, apart from how it looks: frozen blocks of tables, charts, figures and notes.

A renderer (today :mod:`hedui.reports.workbook`) turns the same content into a file. Money is integer fen, ids and codes are text, a
figure that does not exist is None. Nothing here knows of fonts, colours or cell addresses.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "wrap", "code", "int", "tally", "money", "diff", "percent", "date", "severity", "state", "link"]
"""How a column's values are to be read.

``text`` one line, ``wrap`` several lines, ``code`` ids and codes, ``int`` counts, ``tally`` counts where zero is of no
interest, ``money`` fen, ``diff`` fen where zero means
"nothing differs", ``percent`` a share between 0 and 1, ``date``, ``severity`` a Chinese severity name, ``state`` a short conclusion,
``link`` the name of another sheet of the report.
"""


@dataclass(frozen=True, kw_only=True)
class Formula:
    """A computed cell: the arithmetic, so that a reader can follow it, and its value, so that it shows everywhere.

    Attributes:
        text: Spreadsheet arithmetic without ``=``; ``{key}`` stands for the cell of that column in the same row.
        value: The result, in the column's unit (fen for money).
    """

    text: str
    value: int | float | str | None


Value = str | int | float | dt.date | Formula | None


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table.

    Attributes:
        key: Name that formulas and charts use; unique in its table.
        title: Heading.
        kind: How values are read.
        width: Wished width in characters of a Latin font (a Chinese character counts two).
        total: Whether the total row adds the column up.
        group: Heading above the heading; neighbours with the same group share it.
        span: How many columns of the sheet's grid it covers.
    """

    key: str
    title: str
    kind: Kind = "text"
    width: float = 12
    total: bool = False
    group: str = ""
    span: int = 1


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A native conditional format: the cells of a column (key) whose number lies beyond a bound, in the cells' unit."""

    column: str
    beyond: Literal["below", "above"]
    bound: float


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table with a heading.

    Attributes:
        title: Heading above it; empty for none.
        columns: Columns in order.
        rows: Values in column order.
        total: Label of the total row; empty for none.
        note: A sentence below it.
        empty: What stands there when it has no rows.
        filtered: Whether it gets the sheet's filter; at most one table of a sheet does.
        id: Name that charts refer to.
        footer: Lines below the rows that look like the total row. Their formulas may name ``{key_rows}``, the column's cells of all rows,
            and ``{key_up1}``, ``{key_up2}``, the cell one or two lines higher.
        marks: Cells that the program marks by itself when their number is below or above a bound.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    total: str = ""
    note: str = ""
    empty: str = "本期无数据"
    filtered: bool = False
    id: str = ""
    footer: tuple[tuple[Value, ...], ...] = ()
    marks: tuple[Mark, ...] = ()

    def column(self, key: str) -> int:
        """Position of the column called ``key``, from 0."""
        return next(index for index, column in enumerate(self.columns) if column.key == key)


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart of a table's columns.

    Attributes:
        title: Heading.
        kind: ``bar`` lying, ``column`` standing, ``stacked`` lying and added up, ``line``.
        table: ``id`` of a table of the same sheet.
        categories: Key of the column with the names.
        series: Keys of the columns with the values.
        rows: How many of the table's first rows to show; None: all.
    """

    title: str
    kind: Literal["bar", "column", "stacked", "line"]
    table: str
    categories: str
    series: tuple[str, ...]
    rows: int | None = None


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A headline figure: what it is, how much, and a few words about it."""

    label: str
    value: int | None
    kind: Literal["int", "money"] = "int"
    hint: str = ""
    alarming: bool = False


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Headline figures side by side."""

    title: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Names and values, two pairs on a line."""

    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Notes:
    """Paragraphs below a heading."""

    title: str
    lines: tuple[str, ...]
    numbered: bool = False


Block = Table | Chart | Figures | Facts | Notes


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A sheet of blocks, one below the other.

    Attributes:
        name: Name of the tab, at most 31 characters.
        title: Title row.
        lead: A sentence that says what the sheet shows and how to read it.
        blocks: Content from top to bottom.
        portrait: Whether it is printed upright.
        grid: For sheets whose tables differ in shape: widths of the columns that ``Column.span`` counts; empty: the tables' own widths.
        summary: A few words for the index on the cover.
    """

    name: str
    title: str
    blocks: tuple[Block, ...]
    lead: str = ""
    grid: tuple[float, ...] = ()
    portrait: bool = False
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class LongTable:
    """A table that may need several sheets, read as a stream.

    Attributes:
        name: Name of the first tab; further ones are ``name(2)`` …
        title: Title row.
        lead: A sentence below it; ``{first}``, ``{last}``, ``{sheet}`` and ``{sheets}`` are filled in.
        columns: Columns in order.
        count: Number of rows that :attr:`rows` yields.
        rows: Opens a new stream of the rows.
        xml: Writes rows as XML by itself, for tables too long to go through Python: takes the styles' numbers by role and kind, rows to
            pass over, rows to write and the number of the first one's row; :attr:`rows` is not used then.
        per_sheet: Rows per sheet.
        empty: What stands there when it has no rows.
        summary: A few words for the index on the cover.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    count: int
    rows: Callable[[], Iterator[tuple[Value, ...]]]
    per_sheet: int = 50_000
    lead: str = ""
    empty: str = "本期无差异"
    summary: str = ""
    xml: Callable[[Callable[[str, Kind], int], int, int, int], Iterator[bytes]] | None = None

    @property
    def sheets(self) -> int:
        """Number of sheets it needs, at least one."""
        return max(1, -(-self.count // self.per_sheet))

    def sheet_name(self, index: int) -> str:
        """Name of the tab with the given position, from 0."""
        return self.name if index == 0 else f"{self.name}({index + 1})"


@dataclass(frozen=True, kw_only=True)
class Report:
    """A whole report.

    Attributes:
        title: Its name.
        organisation: 编制单位.
        business_date: The night it is about; the file's own dates are set to it, so that equal content has equal bytes.
        sheets: Sheets in order; the first is the cover.
        protect: Whether sheets are protected against editing (without a password).
        period: 报表期 in words; empty: the business date.
    """

    title: str
    organisation: str
    business_date: dt.date
    sheets: tuple[Sheet | LongTable, ...]
    protect: bool = False
    period: str = ""

    @property
    def about(self) -> str:
        """What the line below every title says of the time."""
        return f"报表期：{self.period}" if self.period else f"业务日期：{self.business_date:%Y年%m月%d日}"
