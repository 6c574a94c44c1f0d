"""Looks at the records that wait: those in order may be packed, the others stay with what is wrong until they are corrected."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, text

from hedui.ledger.database import begin
from hedui.padis.fields import Kind
from hedui.padis.mapping import Mapper, Problem
from hedui.padis.model import Action, Item
from hedui.padis.office import Office

CHUNK: Final = 2_000

ITEM_COLUMNS: Final = """r.id, r.kind, r.key, r.business_key, r.version, r.intent, r.event_date, r.region, r.content, r.reason,
  CASE WHEN r.version > 1 THEN
    (SELECT p.key FROM hedui.padis_record AS p
     WHERE p.sender = r.sender AND p.kind = r.kind AND p.business_key = r.business_key AND p.version < r.version
       AND p.state || '' = 'ACCEPTED' AND p.action <> 'withdraw' ORDER BY p.version DESC LIMIT 1) END AS original_key"""
"""What makes an item; ``original_key`` is the version that stands at the receiver. Where earlier versions are looked for, ``state || ''``
keeps the planner to the business key's index: on tables that have just grown it would take the index of states for nearly empty."""

PERIODS: Final = """
SELECT DISTINCT period FROM hedui.padis_record WHERE sender = :sender AND kind = :kind AND state = :state ORDER BY period
"""

WAITING: Final = f"""
SELECT {ITEM_COLUMNS} FROM hedui.padis_record AS r
WHERE r.sender = :sender AND r.kind = :kind AND r.state = 'READY' AND r.period = :period AND r.id > :after
ORDER BY r.id LIMIT :most FOR UPDATE OF r SKIP LOCKED
"""

JUDGE: Final = """
UPDATE hedui.padis_record AS r SET state = :state, state_at = :now, problems = CAST(f.problems AS jsonb)
FROM unnest(CAST(:ids AS bigint[]), CAST(:problems AS text[])) AS f (id, problems) WHERE r.id = f.id
"""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """How many records may be packed, how many wait for a correction, and how many of the first carry a note."""

    valid: int = 0
    fixing: int = 0
    noted: int = 0


def item_of(row: RowMapping) -> Item:
    """An item from a row with :data:`ITEM_COLUMNS`. What a report means follows from what stands at the receiver."""
    original = row["original_key"] or ""
    action: Action = "withdraw" if row["intent"] == "withdraw" else "change" if original else "new"
    return Item(
        id=row["id"],
        kind=row["kind"],
        key=row["key"],
        business_key=row["business_key"],
        version=row["version"],
        action=action,
        original_key=original,
        event_date=row["event_date"],
        region=row["region"],
        content=row["content"],
        reason=row["reason"],
    )


def validate(office: Office, kind: Kind, *, report: dt.date | None = None) -> Judged:
    """Judges all records of a kind that wait, in transactions of bounded size.

    Args:
        office: Who reports.
        kind: Which records.
        report: Day of the report; today where it is left out.

    Raises:
        PadisError: The profile does not have that kind.
    """
    day = report or office.today()
    mapper, validator = office.mapper(kind, report=day), office.validator(report=day)
    own = {"sender": office.settings.sender, "kind": kind}
    total = Judged()
    with begin(office.ledger) as connection:
        periods = connection.execute(text(PERIODS), {**own, "state": "READY"}).scalars().all()
    for period in periods:
        after = 0
        while True:
            with begin(office.ledger) as connection:
                found = connection.execute(text(WAITING), {**own, "period": period, "after": after, "most": CHUNK}).mappings().all()
                if not found:
                    break
                after = found[-1]["id"]
                judged = [(item.id, _problems(mapper, validator.problems(item), item)) for item in map(item_of, found)]
                total = _write(connection, judged, office.clock(), total)
            office.context.progress("校验", total.valid + total.fixing, None)
    return total


def _problems(mapper: Mapper, own: list[Problem], item: Item) -> list[Problem]:
    if item.action == "withdraw" and not item.original_key:
        return own  # there is nothing to withdraw; packing leaves it out
    return [*mapper.wire(item, line=1)[1], *own]


def _write(connection: Connection, judged: Sequence[tuple[int, list[Problem]]], now: dt.datetime, total: Judged) -> Judged:
    stopped = [one for one in judged if any(problem.blocks for problem in one[1])]
    good = [one for one in judged if not any(problem.blocks for problem in one[1])]
    for state, part in (("VALIDATED", good), ("FIXING", stopped)):
        if part:
            connection.execute(text(JUDGE), {"state": state, "now": now, **arrays(part)})
    return Judged(
        valid=total.valid + len(good),
        fixing=total.fixing + len(stopped),
        noted=total.noted + sum(bool(problems) for _, problems in good),
    )


def arrays(judged: Sequence[tuple[int, list[Problem]]]) -> dict[str, list[Any]]:
    """Ids and problems as PostgreSQL's arrays."""
    texts = [json.dumps([problem.as_json() for problem in problems], ensure_ascii=False) for _, problems in judged]
    return {"ids": [number for number, _ in judged], "problems": texts}
