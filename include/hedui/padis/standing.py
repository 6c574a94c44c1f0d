"""Where the upload stands: counts, batches, what was acknowledged record by record, and refused records for people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text

from hedui.ledger.database import begin, engine
from hedui.padis.office import Office

COUNTS: Final = """
SELECT kind, period, state, count(*) AS rows FROM hedui.padis_record_view WHERE sender = :sender GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""

STANDING: Final = """
SELECT kind, key, business_key, version, action, wire_digest FROM hedui.padis_record
WHERE sender = :sender AND state = 'ACCEPTED' ORDER BY kind, business_key, version
"""

REFUSED: Final = """
SELECT id, kind, business_key, version, period, region, event_date, state, problems, batch_id, line, collected_on, state_at
FROM hedui.padis_record WHERE sender = :sender AND state IN ('REJECTED', 'FIXING') ORDER BY kind, business_key, version
"""


@dataclass(frozen=True, kw_only=True)
class Acknowledged:
    """A record that stands at the receiver, by our ledger.

    Attributes:
        kind: Kind of record.
        key: Idempotency key.
        business_key: Its number (personal).
        version, action: What was reported.
        wire_digest: Digest of its values on the wire.
    """

    kind: str
    key: str
    business_key: str
    version: int
    action: str
    wire_digest: str


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A record that waits for a correction: refused by the receiver, or not in order by our own checks.

    Attributes:
        id: Number in the ledger.
        business_key: Its number (personal; mask it at every exit).
        by: ``receiver`` or ``check``.
        reasons: Why, in Chinese, without values.
        since: Since when.
    """

    id: int
    kind: str
    business_key: str
    version: int
    period: str
    region: str
    event_date: dt.date | None
    by: str
    code: str
    reasons: tuple[str, ...]
    fields: tuple[str, ...]
    batch: str | None
    line: int | None
    since: dt.datetime


def counts(office: Office) -> list[dict[str, Any]]:
    """Records by kind, period and state."""
    with begin(office.ledger) as connection:
        return [dict(row) for row in connection.execute(text(COUNTS), {"sender": office.settings.sender}).mappings()]


def standing(office: Office) -> Iterator[Acknowledged]:
    """What stands at the receiver by our ledger, the latest acknowledged version of every record; withdrawals included."""
    with engine(office.ledger).connect() as connection:
        rows = connection.execution_options(yield_per=5000).execute(text(STANDING), {"sender": office.settings.sender})
        for row in rows.mappings():
            yield Acknowledged(**row)


def refused(office: Office) -> Iterator[Refused]:
    """Records that wait for a correction: the material of cases."""
    with engine(office.ledger).connect() as connection:
        rows = connection.execution_options(yield_per=5000).execute(text(REFUSED), {"sender": office.settings.sender})
        for row in rows.mappings():
            problems = [problem for problem in row["problems"] if problem["blocks"]]
            yield Refused(
                **{name: row[name] for name in ("id", "kind", "business_key", "version", "period", "region", "event_date", "line")},
                by="receiver" if any("code" in problem for problem in problems) else "check",
                code=next((problem["code"] for problem in problems if problem.get("code")), ""),
                reasons=tuple(f"{problem['label']}：{problem['reason']}" for problem in problems),
                fields=tuple(problem["field"] for problem in problems if problem["field"]),
                batch=row["batch_id"],
                since=row["state_at"],
            )
