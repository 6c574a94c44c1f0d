"""Packs what is in order into files: records, file, numbers and log of one batch in one transaction.

A version goes into a file only when no earlier version of the same record is under way: what it means to the receiver (new or change)
is known only then.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from hedui.ledger.database import begin
from hedui.padis.fields import Kind
from hedui.padis.mapping import Mapper, Problem
from hedui.padis.model import Item
from hedui.padis.office import LOCK_PACK, Office
from hedui.padis.packing import Address, Parcel, pack, wire_digest
from hedui.padis.ready import ITEM_COLUMNS, JUDGE, arrays, item_of

LETTERS: Final = {"birth": "B", "registration": "R"}
GROUP_DIGITS: Final = {"sender": 0, "prefecture": 4, "county": 6}

GROUPS: Final = """
SELECT DISTINCT period, left(region, :digits) AS region FROM hedui.padis_record
WHERE sender = :sender AND kind = :kind AND state = 'VALIDATED' AND (period = :period OR :period = '') ORDER BY 1, 2
"""

PACKABLE: Final = f"""
SELECT {ITEM_COLUMNS} FROM hedui.padis_record AS r
WHERE r.sender = :sender AND r.kind = :kind AND r.state = 'VALIDATED' AND r.period = :period
  AND left(r.region, :digits) = :region AND r.id > :after
  AND (r.version = 1 OR NOT EXISTS (
    SELECT 1 FROM hedui.padis_record AS p
    WHERE p.sender = r.sender AND p.kind = r.kind AND p.business_key = r.business_key AND p.version < r.version
      AND p.state || '' = 'PACKED'))
ORDER BY r.id LIMIT :most FOR UPDATE OF r
"""

PACKED: Final = """
UPDATE hedui.padis_record AS r
SET state = 'PACKED', state_at = :now, batch_id = :batch, action = f.action, line = f.line, wire_digest = f.wire
FROM unnest(CAST(:ids AS bigint[]), CAST(:actions AS text[]), CAST(:lines AS bigint[]), CAST(:wires AS text[]))
     AS f (id, action, line, wire)
WHERE r.id = f.id
"""

NOTHING: Final = "UPDATE hedui.padis_record SET state = 'SUPERSEDED', state_at = :now WHERE id = ANY(CAST(:ids AS bigint[]))"

SEQ: Final = "SELECT coalesce(max(seq), 0) + 1 FROM hedui.padis_batch WHERE sender = :sender AND kind = :kind AND period = :period"

BATCH: Final = """
INSERT INTO hedui.padis_batch (id, sender, kind, period, seq, region, purpose, profile, rows, name, bytes, sha256, sm3, state, state_at,
                               tries, asks, created_at, created_by)
VALUES (:id, :sender, :kind, :period, :seq, :region, :purpose, :profile, :rows, :name, :bytes, :sha256, :sm3, 'PACKED', :now, 0, 0, :now,
        :operator)
"""

PARCEL: Final = text("INSERT INTO hedui.padis_parcel (batch_id, content, facts) VALUES (:id, :content, :facts)").bindparams(
    bindparam("facts", type_=JSONB)
)

EVENT: Final = text(
    "INSERT INTO hedui.padis_event (batch_id, at, operator, event, state, sha256, detail) "
    "VALUES (:batch, :at, :operator, :event, :state, :sha256, :detail)"
).bindparams(bindparam("detail", type_=JSONB))


def pack_records(office: Office, kind: Kind, *, period: str = "", report: dt.date | None = None) -> tuple[str, ...]:
    """Packs all records of a kind that are in order.

    Args:
        office: Who reports.
        kind: Which records.
        period: Only this month's (``YYYYMM``); empty: all.
        report: Day of the report; today where it is left out.

    Returns:
        The new batches' numbers. Called again it packs only what has come since.

    Raises:
        PackageError: A file does not read back as it was meant; that batch is not there.
    """
    day = report or office.today()
    mapper = office.mapper(kind, report=day)
    own: dict[str, Any] = {"sender": office.settings.sender, "kind": kind, "digits": GROUP_DIGITS[office.profile.group]}
    with begin(office.ledger) as connection:
        groups = connection.execute(text(GROUPS), {**own, "period": period}).all()
    made: list[str] = []
    for month, region in groups:
        after = 0
        while True:
            with begin(office.ledger, lock=LOCK_PACK) as connection:
                some = {**own, "period": month, "region": region, "after": after, "most": office.profile.rows}
                found = connection.execute(text(PACKABLE), some).mappings().all()
                if not found:
                    break
                after = found[-1]["id"]
                batch = _pack(connection, office, mapper, [item_of(row) for row in found], month, region, day)
            made += [batch] if batch else []
            office.context.progress("打包", len(made), None)
    return tuple(made)


def _pack(
    connection: Connection, office: Office, mapper: Mapper, items: Sequence[Item], period: str, region: str, day: dt.date
) -> str | None:
    now = office.clock()
    good: list[Item] = []
    rows: list[list[str]] = []
    wrong: list[tuple[int, list[Problem]]] = []
    empty = [item.id for item in items if item.action == "withdraw" and not item.original_key]
    for item in items:
        if item.action == "withdraw" and not item.original_key:
            continue
        values, problems = mapper.wire(item, line=len(rows) + 1)
        if any(problem.blocks for problem in problems):
            wrong.append((item.id, problems))
        else:
            good.append(item)
            rows.append(values)
    if empty:
        connection.execute(text(NOTHING), {"ids": empty, "now": now})
    if wrong:
        connection.execute(text(JUDGE), {"state": "FIXING", "now": now, **arrays(wrong)})
    if not good:
        return None
    kind = good[0].kind
    code = region.ljust(6, "0") if region else office.settings.sender
    address = _address(connection, office, kind, period, code, day)
    parcel = pack(office.profile, address, names=mapper.names, rows=rows)
    keep(connection, office, address, parcel, rows=len(rows), purpose="records")
    values_of: dict[str, Any] = {
        "ids": [item.id for item in good],
        "actions": [item.action for item in good],
        "lines": list(range(1, len(good) + 1)),
        "wires": [wire_digest(row) for row in rows],
    }
    connection.execute(text(PACKED), {"batch": address.batch, "now": now, **values_of})
    return address.batch


def _address(connection: Connection, office: Office, kind: Kind, period: str, region: str, day: dt.date) -> Address:
    sender = office.settings.sender
    seq = int(connection.execute(text(SEQ), {"sender": sender, "kind": kind, "period": period}).scalar_one())
    batch = f"{sender}{LETTERS[kind]}{period}{seq:04d}"
    return Address(kind=kind, sender=sender, region=region, period=period, batch=batch, seq=seq, date=day)


def keep(connection: Connection, office: Office, address: Address, parcel: Parcel, *, rows: int, purpose: str) -> None:
    """Writes a batch with its file and its first line in the log."""
    places = parcel.places
    values = {
        "id": address.batch, "sender": address.sender, "kind": address.kind, "period": address.period, "seq": address.seq,
        "region": address.region, "purpose": purpose, "profile": office.profile.id, "rows": rows, "name": parcel.name,
        "bytes": len(parcel.content), "sha256": places["sha256"], "sm3": places["sm3"], "now": office.clock(),
        "operator": office.operator,
    }  # fmt: skip
    connection.execute(text(BATCH), values)
    sidecars = {name: content.decode("ascii") for name, content in parcel.sidecars.items()}
    facts = {"places": dict(places), "sidecars": sidecars, "columns": list(parcel.columns)}
    connection.execute(PARCEL, {"id": address.batch, "content": parcel.content, "facts": facts})
    note(
        connection,
        office,
        address.batch,
        "packed",
        "PACKED",
        places["sha256"],
        rows=rows,
        sm3=places["sm3"],
        bytes=len(parcel.content),
    )


def note(connection: Connection, office: Office, batch: str, event: str, state: str, sha256: str, **detail: Any) -> None:
    """Adds a line to the log of a batch."""
    values = {"batch": batch, "at": office.clock(), "operator": office.operator, "event": event, "state": state, "sha256": sha256}
    connection.execute(EVENT, {**values, "detail": json.loads(json.dumps(detail, default=str))})


def pack_zero(office: Office, kind: Kind, *, period: str, report: dt.date | None = None) -> str | None:
    """The zero report of a month: a file without records; None where the month has records, has had a report, or needs none."""
    if not office.profile.zero_report:
        return None
    own = {"sender": office.settings.sender, "kind": kind, "period": period}
    day = report or office.today()
    mapper = office.mapper(kind, report=day)
    with begin(office.ledger, lock=LOCK_PACK) as connection:
        for table in ("padis_record", "padis_batch"):
            where = "sender = :sender AND kind = :kind AND period = :period"
            if connection.execute(text(f"SELECT 1 FROM hedui.{table} WHERE {where} LIMIT 1"), own).first():
                return None
        address = _address(connection, office, kind, period, office.settings.sender, day)
        parcel = pack(office.profile, address, names=mapper.names, rows=[])
        keep(connection, office, address, parcel, rows=0, purpose="zero")
    return address.batch
