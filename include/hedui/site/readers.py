"""How a source is read: what a site's YAML may say below ``reader``.

A file reader's ``path`` and ``member`` are templates. ``{dataset}``, ``{table}`` and ``{date:%Y%m%d}`` are filled in. ``*`` and the name
parts ``{type}``, ``{insurance}``, ``{region}``, ``{agency}``, ``{batch}``, ``{time}`` and ``{sequence}`` (``{agency:9}``: exactly nine
characters) stand for whatever the sender wrote; they need ``packets: true``, since then several files may fit one date.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hedui.site.base import Identifier, Model

Encoding = Literal["utf-8", "utf-8-sig", "gbk", "gb18030"]


class SqlReader(Model):
    """Tables of a database, read in one consistent snapshot."""

    type: Literal["sql"]
    connection: Identifier


class Complete(Model):
    """How a file tells that it has been written to its end; until then the source counts as not delivered.

    Attributes:
        marker: A file that stands beside it when it is complete: ``{path}.ok`` per file, or a name such as ``_SUCCESS`` per folder.
        stable_seconds: The file has not been changed for so long.
    """

    marker: str | None = Field(default=None, min_length=1)
    stable_seconds: int | None = Field(default=None, ge=1, le=86_400)

    @model_validator(mode="after")
    def _one(self) -> Complete:
        if (self.marker is None) == (self.stable_seconds is None):
            raise ValueError("complete needs either marker or stable_seconds, and not both")
        return self


class Total(Model):
    """A control total that the sender declares.

    Attributes:
        column: The field of the head, the trailer or the count line that holds it (``from`` in YAML).
        unit: The sender's unit.
    """

    column: str = Field(alias="from", min_length=1)
    unit: Literal["yuan", "fen"] = "yuan"


class FileReader(Model):
    """What all carriers of files share.

    Attributes:
        path: Template of the path below the inbox.
        inbox: Where the files are if not in the site's inbox: a connection's id, or an fsspec URL without user and password.
        packets: Each dataset's delivery of a date is any number of files, each judged by itself; without it, it is exactly one file,
            and what is wrong with the file refuses the source.
        archive: The file is a ZIP with the data files in it, or a gzip of one.
        member: Template of the data files' names in the archive.
        complete: How a file tells that it is complete; without it, it is when it is there.
        totals: Control totals that a packet declares, by canonical money field.
        may_be_absent: With ``packets``: a dataset without any packet is read as empty instead of as not delivered.
    """

    path: str
    inbox: str | None = Field(default=None, min_length=1)
    packets: bool = False
    archive: Literal["none", "zip", "gz"] = "none"
    member: str = "*"
    complete: Complete | None = None
    totals: dict[str, Total] = {}
    may_be_absent: bool = False


class DelimitedReader(FileReader):
    """Text files with a separator.

    ``count_line``: the first line declares the number of records, and after separators control totals, whose names are ``"2"``, ``"3"`` …
    """

    type: Literal["delimited"]
    encoding: Encoding
    separator: str = Field(min_length=1, max_length=1)
    quote: str = Field(default='"', max_length=1)
    header: bool = True
    count_line: bool = False


class XlsxReader(FileReader):
    """Excel workbooks; ``sheet`` by name (default: the first), ``header_row`` counts from 1."""

    type: Literal["xlsx"]
    sheet: str | None = None
    header_row: int = Field(default=1, ge=1)


class XmlReader(FileReader):
    """XML packets: ``Package`` with a ``PackageHead`` and ``Data`` of ``Record``.

    Attributes:
        encoding: What the bytes are: what the XML declaration says, or one encoding whatever it says.
        envelope: The shape of the packet.
        count: Head field that declares the number of records.
    """

    type: Literal["xml"]
    packets: Literal[True] = True
    encoding: Literal["declared", "utf-8", "gbk", "gb18030"] = "declared"
    envelope: Literal["package"] = "package"
    count: str = "JLS"


class FixedField(Model):
    """One column of a fixed width record.

    Attributes:
        name: The column's name.
        bytes: Its width in bytes of the file's encoding.
        pad: The character that fills it up; removed on the side where it stands.
        align: Where the value stands.
    """

    name: str = Field(min_length=1)
    bytes: int = Field(ge=1, le=65_536)
    pad: str = Field(default=" ", min_length=1, max_length=1)
    align: Literal["left", "right"] = "left"


class FixedMark(Model):
    """The header or trailer record of a fixed width file.

    Attributes:
        fields: Its layout.
        starts: What it begins with; checked.
        count: The field that declares the number of records.
    """

    fields: tuple[FixedField, ...] = Field(min_length=1)
    starts: str = ""
    count: str | None = None


class FixedReader(FileReader):
    """Text files whose columns have a fixed number of bytes.

    Attributes:
        line_ending: ``any``: LF or CRLF ends a record; ``none``: records follow one another without a line end.
        header: The first record, where there is one that is no data.
        trailer: The last record, likewise.
        layout: By dataset, the columns of a record.
    """

    type: Literal["fixed"]
    packets: Literal[True] = True
    encoding: Literal["utf-8", "gbk", "gb18030"]
    line_ending: Literal["any", "none"] = "any"
    header: FixedMark | None = None
    trailer: FixedMark | None = None
    layout: dict[str, tuple[FixedField, ...]]


Reader = Annotated[SqlReader | DelimitedReader | XlsxReader | XmlReader | FixedReader, Field(discriminator="type")]
AnyFileReader = DelimitedReader | XlsxReader | XmlReader | FixedReader
