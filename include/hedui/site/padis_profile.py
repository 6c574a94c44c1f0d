"""A profile of the upload: everything that the receiver prescribes, as YAML. See ``docs/padis.md`` for each part."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from hedui.site.base import Identifier, Model
from hedui.site.padis_transport import Transport

Action = Literal["new", "change", "withdraw"]
Policy = Literal["off", "warn", "block"]
Encoding = Literal["utf-8", "utf-8-sig", "gbk", "gb18030"]
WireName = Annotated[str, Field(pattern=r"^[^\x00-\x1f<>&\"']{1,60}$")]
Template = Annotated[str, Field(min_length=1)]


class DatedCode(Model):
    """What a code becomes within some time; the event's date decides."""

    to: str
    since: dt.date = dt.date.min
    until: dt.date = dt.date.max


Codes = dict[str, str | tuple[DatedCode, ...]]
"""Target codes by canonical code. ``"*"`` stands for every other code; the value ``=`` keeps the code as it is."""


class WireField(Model):
    """A field of the record on the wire.

    Attributes:
        to: Its name there.
        source: The canonical field, or a field of the report itself (``action``, ``version``, ``key``, ``line`` …); in YAML ``from``.
        value: A constant instead.
        required: Whether it must be filled: always, never, or for some actions.
        default: What is sent where the field is empty.
        length: Most characters.
        cut: Whether longer values are cut; otherwise they are refused.
        codes: Name of the code map.
        format: ``strftime`` format of dates and times.
    """

    to: WireName
    source: Identifier | None = Field(default=None, alias="from")
    value: str | None = None
    required: bool | tuple[Action, ...] = False
    default: str = ""
    length: int | None = Field(default=None, ge=1)
    cut: bool = False
    codes: Identifier | None = None
    format: str | None = None


class RecordProfile(Model):
    """A kind of record on the wire: its type in names and heads, its fields in order."""

    type: WireName
    fields: Annotated[tuple[WireField, ...], Field(min_length=1)]


class Delimited(Model):
    """Text with a separator: count line, header, a line per record."""

    type: Literal["delimited"]
    encoding: Encoding = "utf-8"
    separator: Annotated[str, Field(min_length=1, max_length=1)] = ","
    quote: Annotated[str, Field(max_length=1)] = '"'
    count_line: bool = True
    header: bool = True
    newline: Literal["crlf", "lf"] = "lf"


class Xml(Model):
    """``<Package><PackageHead/><Data><Record/>…``, with the site's own names."""

    type: Literal["xml"]
    encoding: Encoding = "utf-8"
    root: WireName = "Package"
    head: WireName = "PackageHead"
    body: WireName = "Data"
    record: WireName = "Record"
    head_fields: dict[WireName, str] = {}


class Json(Model):
    """An object with the head's fields and the list of records."""

    type: Literal["json"]
    records: WireName = "records"
    head: WireName = "head"
    head_fields: dict[WireName, str] = {}


class Xlsx(Model):
    """A workbook with a header row: the template of a web form."""

    type: Literal["xlsx"]
    sheet: str = "Sheet1"


Envelope = Annotated[Delimited | Xml | Json | Xlsx, Field(discriminator="type")]


class Digest(Model):
    """Which digest is told, and the ending of the file that tells it (``.sm3``); none: only in heads and headers."""

    algorithm: Literal["sha256", "sm3"] = "sm3"
    sidecar: str | None = None


class Signature(Model):
    """Who signs the finished file.

    Attributes:
        engine: ``hmac-sm3`` or ``hmac-sha256`` with a shared key, ``command`` (an external engine that reads the file and writes the
            signature), or the name of a plug-in (entry point group ``hedui.padis.signers``), for example for SM2.
        key: Name of the key; of a shared key ``HEDUI_DIGEST_KEY_<NAME>`` holds it.
        command: The engine's command line.
        sidecar: Ending of the file that holds the signature; none: only in heads and headers.
    """

    engine: str
    key: str = ""
    command: tuple[str, ...] = ()
    sidecar: str | None = None


class Encryption(Model):
    """Who encrypts the packed file: ``sm4-gcm`` or ``sm4-cbc`` with a key, ``command``, or a plug-in (``hedui.padis.ciphers``)."""

    engine: str
    key: str = ""
    command: tuple[str, ...] = ()
    suffix: str = ""


class ReceiptFormat(Model):
    """How a receipt is read: its envelope and the names in it.

    A row with line 0 or without a line speaks of the whole batch. Names are looked for in the row, then in the head.

    Attributes:
        envelope: What it is packed in.
        batch: Name of the field with the batch's number.
        name: Regular expression with a group ``batch`` over the file's name, where no field has the number.
        status: Name of the field with the batch's result.
        line, key, business_key: Names of the fields that say which record a row is about; one is enough.
        line_status: Name of the field with the record's result.
        code, reason: Names of the fields that say why.
    """

    envelope: Envelope
    batch: WireName = "batch"
    name: str | None = None
    status: WireName | None = None
    line: WireName | None = None
    key: WireName | None = None
    business_key: WireName | None = None
    line_status: WireName | None = None
    code: WireName | None = None
    reason: WireName | None = None


BatchStatus = Literal["accepted", "rejected", "partial", "pending", "unknown", "duplicate", "resend"]
LineStatus = Literal["accepted", "rejected", "pending", "duplicate"]


class Receipts(Model):
    """What receipts mean.

    Attributes:
        format: How one is read.
        batch: What the batch's result codes mean. ``duplicate`` counts as accepted; ``resend``: it could not be read, pack again.
        lines: What the records' result codes mean.
        unlisted: What records are that a partial receipt does not name.
    """

    format: ReceiptFormat
    batch: dict[str, BatchStatus]
    lines: dict[str, LineStatus] = {}
    unlisted: Literal["accepted", "pending"] = "accepted"


class Retry(Model):
    """How often and when a batch goes again, or is asked for.

    Attributes:
        tries: Sends of one batch; then it is parked for a person.
        pause_seconds, factor, most_seconds: The pause, which grows by the factor up to the most.
        query_after_seconds: Rest after an unanswered send before the receiver is asked; only then its "not known" is believed.
        receipt_hours: From when on a batch without receipt is asked for.
    """

    tries: int = Field(default=5, ge=1)
    pause_seconds: float = Field(default=60, ge=0)
    factor: float = Field(default=2, ge=1)
    most_seconds: float = Field(default=3600, ge=0)
    query_after_seconds: float = Field(default=60, ge=0)
    receipt_hours: float = Field(default=24, ge=0)


class Hours(Model):
    """When batches may be sent, in the site's time zone."""

    begins: dt.time = dt.time(0)
    ends: dt.time = dt.time(23, 59, 59)
    workdays: bool = False


class Calendar(Model):
    """The receiver's dates.

    Attributes:
        month_day: Last month's events are due by this day.
        card_days: A birth is reported within so many days.
        corrections: Last year's supplements and corrections are due by this month and day (``02-20``).
        shift: A date that is no working day: kept, or the next or previous working day.
        overrides: Other due dates by period (``"202602": 2026-03-09``).
    """

    month_day: int = Field(default=5, ge=1, le=28)
    card_days: int = Field(default=10, ge=1)
    corrections: Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")] = "02-20"
    shift: Literal["none", "next", "previous"] = "none"
    overrides: dict[Annotated[str, Field(pattern=r"^[0-9]{6}$")], dt.date] = {}


class Regions(Model):
    """Which version of region codes goes out (in force on the event's or the report's date), in how many digits."""

    version: Literal["event", "report"] = "event"
    digits: Literal[6, 9, 12, 15] = 12


class Validation(Model):
    """What happens with a record that is not in order: nothing, a note, or it stays until it is corrected."""

    id_number: Policy = "warn"
    placeholder: Policy = "warn"
    region: Policy = "block"
    future: Policy = "block"
    over_window: Policy = "warn"


class Profile(Model):
    """Everything that the receiver prescribes.

    Attributes:
        id: Name of the profile.
        title: What people call it.
        official: Whether the receiver has published or given it; ours is not.
        records: By kind.
        codes: Code maps by name.
        envelope: How records are written.
        archive: What is around the file.
        name, member: Templates of the file's name, and of the name inside a ZIP.
        rows: Most records of a file.
        group: Whether files are split by the records' region.
    """

    id: Identifier
    title: str
    official: bool = False
    records: dict[Literal["birth", "registration"], RecordProfile]
    codes: dict[Identifier, Codes] = {}
    envelope: Envelope
    archive: Literal["zip", "gz", "none"] = "zip"
    name: Template
    member: Template = "{stem}.txt"
    rows: int = Field(default=10_000, ge=1, le=100_000)
    group: Literal["sender", "prefecture", "county"] = "sender"
    digest: Digest = Digest()
    signature: Signature | None = None
    encryption: Encryption | None = None
    transport: Transport
    receipts: Receipts
    retry: Retry = Retry()
    per_minute: int | None = Field(default=None, ge=1)
    hours: Hours = Hours()
    calendar: Calendar = Calendar()
    regions: Regions = Regions()
    validation: Validation = Validation()
    zero_report: bool = True
