"""The monthly table of births of a monitored place: issued only where details, table and acknowledged upload are the same, cell by cell.

Details are counted from the canonical rows, acknowledgements from the ledger's records that the receiver has accepted: two ways that meet
in no query. A table that was refused says in which cells they differ.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from hedui import audit, engine
from hedui.canonical.schemas import datasets
from hedui.ledger.database import begin
from hedui.padis.errors import PadisError
from hedui.padis.office import Office
from hedui.padis.windows import month_days

Key = tuple[str, str, str, str]
"""County, sex, kind of place, order of birth: canonical codes, empty where the data have none."""

ACKNOWLEDGED: Final = """
SELECT left(region, 6), coalesce(content ->> 'sex', ''), coalesce(content ->> 'place_type', ''), coalesce(content ->> 'birth_order', ''),
       count(*)
FROM hedui.padis_record
WHERE sender = :sender AND kind = 'birth' AND state = 'ACCEPTED' AND action <> 'withdraw' AND period = :period
  AND starts_with(region, :region)
GROUP BY 1, 2, 3, 4
"""

REVISION: Final = """
SELECT coalesce(max(revision), 0) + 1 FROM hedui.padis_monthly WHERE sender = :sender AND region = :region AND period = :period
"""

LATEST: Final = """
SELECT state, digest, revision FROM hedui.padis_monthly
WHERE sender = :sender AND region = :region AND period = :period ORDER BY revision DESC LIMIT 1
"""

ISSUE: Final = text("""
INSERT INTO hedui.padis_monthly (sender, region, period, revision, state, details, acknowledged, cells, digest, made_at, made_by)
VALUES (:sender, :region, :period, :revision, :state, :details, :acknowledged, :cells, :digest, :now, :by)
""").bindparams(bindparam("cells", type_=JSONB))


@dataclass(frozen=True, kw_only=True, order=True)
class Cell:
    """A cell of the table: how many births by the details, and how many of them the receiver has acknowledged."""

    region: str
    sex: str
    place_type: str
    birth_order: str
    details: int
    acknowledged: int


@dataclass(frozen=True, kw_only=True)
class MonthlyTable:
    """A monthly table.

    Attributes:
        region: The monitored place: the beginning of its region codes.
        period: Month.
        cells: All cells that are not empty.
        revision: How often it was made; the same cells are the same revision.
    """

    region: str
    period: str
    cells: tuple[Cell, ...]
    revision: int = 0

    @property
    def details(self) -> int:
        """Births by the details."""
        return sum(cell.details for cell in self.cells)

    @property
    def acknowledged(self) -> int:
        """Births that the receiver has acknowledged."""
        return sum(cell.acknowledged for cell in self.cells)

    @property
    def differences(self) -> tuple[Cell, ...]:
        """Cells in which the two are not the same."""
        return tuple(cell for cell in self.cells if cell.details != cell.acknowledged)

    @property
    def state(self) -> str:
        """``issued``, or ``refused`` where details and acknowledgements differ anywhere."""
        return "refused" if self.differences else "issued"

    @property
    def digest(self) -> str:
        """SHA-256 over the cells."""
        return hashlib.sha256(json.dumps([asdict(cell) for cell in self.cells], sort_keys=True).encode()).hexdigest()


def count_table(office: Office, *, region: str, period: str, date: dt.date) -> MonthlyTable:
    """Counts a month both ways.

    Args:
        office: Who reports.
        region: The monitored place.
        period: Month, ``YYYYMM``.
        date: Business date up to which the data count.

    Raises:
        PadisError: The lake has no births up to that date.
    """
    told = details(office, region=region, period=period, date=date)
    taken = acknowledged(office, region=region, period=period)
    cells = (
        Cell(
            region=key[0],
            sex=key[1],
            place_type=key[2],
            birth_order=key[3],
            details=told.get(key, 0),
            acknowledged=taken.get(key, 0),
        )
        for key in told.keys() | taken.keys()
    )
    return MonthlyTable(region=region, period=period, cells=tuple(sorted(cells)))


def details(office: Office, *, region: str, period: str, date: dt.date) -> Mapping[Key, int]:
    """Births by cell from the canonical rows."""
    first, last = month_days(period)
    files = birth_files(office, date)
    if not files:
        raise PadisError(f"The lake has no births up to {date}: nothing can be counted. Run the nights first.")
    births = " UNION ALL ".join(
        f"SELECT *, {engine.literal(day)} AS as_of FROM {engine.parquet(paths)}" for day, paths in sorted(files.items())
    )
    query = engine.render("padis/monthly_details.sql", births=f"({births})", first=first, last=last, region=region)
    context = office.context
    with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as connection:
        rows = connection.execute(query).fetchall()
    return {(row[0], row[1], row[2], row[3]): int(row[4]) for row in rows}


def birth_files(office: Office, date: dt.date) -> dict[dt.date, list[str]]:
    """The births' Parquet files by business date: of a snapshot the latest up to ``date``, of a flow all up to it."""
    context, found = office.context, dict[dt.date, list[str]]()
    for source in office.sources("birth"):
        days = [day for day in context.lake.dates("canonical", "birth", source) if day <= date]
        for day in days[-1:] if datasets()["birth"].kind == "snapshot" else days:
            found.setdefault(day, []).extend(context.lake.files(context.canonical("birth", source, day)))
    return found


def acknowledged(office: Office, *, region: str, period: str) -> Mapping[Key, int]:
    """Births by cell from what the receiver has accepted."""
    own = {"sender": office.settings.sender, "region": region, "period": period}
    with begin(office.ledger) as connection:
        rows = connection.execute(text(ACKNOWLEDGED), own).all()
    return {(row[0], row[1], row[2], row[3]): int(row[4]) for row in rows}


def keep(office: Office, table: MonthlyTable) -> int:
    """Keeps the table in the ledger and its audit chain; the same cells again are the same revision.

    Returns:
        Its revision.
    """
    own = {"sender": office.settings.sender, "region": table.region, "period": table.period}
    with begin(office.ledger) as connection:
        known = connection.execute(text(LATEST), own).one_or_none()
        if known is not None and known.digest == table.digest:
            return int(known.revision)
        revision = int(connection.execute(text(REVISION), own).scalar_one())
        values: dict[str, Any] = {
            "revision": revision,
            "state": table.state,
            "details": table.details,
            "acknowledged": table.acknowledged,
            "digest": table.digest,
        }
        cells = [asdict(cell) for cell in table.cells]
        connection.execute(ISSUE, {**own, **values, "cells": cells, "now": office.clock(), "by": office.operator})
        audit.append(
            connection,
            actor=office.operator,
            action="padis.table",
            subject=f"出生月报表 {table.region} {table.period}",
            details=values,
        )
    return revision


def make_table(office: Office, *, region: str, period: str, date: dt.date) -> MonthlyTable:
    """Counts a month and keeps the table, issued or refused."""
    table = count_table(office, region=region, period=period, date=date)
    return replace(table, revision=keep(office, table))
