"""What a site says about batches: who may send what, who must, what is sent on, which tables stage rows."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hedui.site.base import Model


class Sent(Model):
    """Batches that are sent to others, and the receipts that come back.

    Attributes:
        path: Packets sent for a date: a path below the source's inbox with ``{date:%Y%m%d}`` and ``*``.
        receipts: Receipts that came back by a date, likewise.
        reply_days: Working days within which a receipt has to come (B09).
        open_days: Working days for which a failure may stay open (B10).
    """

    path: str
    receipts: str
    reply_days: int = Field(default=1, ge=0)
    open_days: int = Field(default=1, ge=0)


class Business(Model):
    """Which differences go back to the sender as failures of business rows (YWJY101); the two sides agree on them.

    Attributes:
        rules: Rules whose findings are told.
        number: For each dataset the column as received that names a record (业务序号); a number of the transaction, never of a person.
    """

    rules: tuple[str, ...] = Field(min_length=1)
    number: dict[str, str]


class Batches(Model):
    """How the batches of a source are judged.

    Attributes:
        agencies: Agency codes (JGBS) that the source may send; empty: any (B16).
        regions: Codes, or beginnings of codes, that the records' pool region may have; empty: any (B16).
        expect: Agency codes that send every expected day, with a zero report where there is nothing (B13).
        sequence: File numbers of one type, agency and day run from 1 without a gap (B11).
        late: Whether a packet is late by the time of its file (B12).
        decisions: Path below the site's inbox of the list in which people confirm, cancel and close batches.
        receipts: Folder below the source's inbox, or a URL without password, in which receipts are written, with ``{date:%Y%m%d}``.
        business: Which differences are told the sender in receipts of business rows.
        sent: Batches that go the other way.
    """

    agencies: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    expect: tuple[str, ...] = ()
    sequence: bool = False
    late: Literal["never", "file_time"] = "never"
    decisions: str | None = None
    receipts: str | None = None
    business: Business | None = None
    sent: Sent | None = None


class Staging(Model):
    """The columns of a table in an intermediate database by which its rows are passed on.

    Attributes:
        key: Column that names a row.
        status: Column with the processing state.
        done: Its value when a row has been passed on.
        arrived_at: Column with the day, or the time, at which the row was put there.
        days: Days within which a row is to be passed on (B15).
        look_back: Days over which rows that are marked as passed on are looked for in what has been received (B17).
    """

    key: str
    status: str
    done: str
    arrived_at: str
    days: int = Field(default=1, ge=0)
    look_back: int = Field(default=31, ge=1)
