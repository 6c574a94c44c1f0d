"""Takes drafts into the ledger: what is new or has changed becomes a further version, what is known as it is stays untouched.

One transaction for the whole delivery: a killed run has taken nothing, and the same delivery taken again changes nothing. A delivery of an
older date than one that was taken from the same source brings only numbers that are not known: what it says of others is outdated.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Final

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from hedui.ledger.database import begin, bulk
from hedui.padis.fields import Kind
from hedui.padis.model import Draft
from hedui.padis.office import LOCK_COLLECT, Office

CHUNK: Final = 5_000
ANALYZE_FROM: Final = 10_000
COLUMNS: Final = "position, business_key, intent, event_date, period, region, content, content_digest, reason"

COPY: Final = f"COPY padis_staged ({COLUMNS}) FROM STDIN (FORMAT csv, FORCE_NOT_NULL (period, region, reason))"

STAGE: Final = """
CREATE TEMP TABLE padis_staged (
  position bigint, business_key text, intent text, event_date date, period text, region text, content jsonb, content_digest text,
  reason text
) ON COMMIT DROP
"""

CONFLICTS: Final = """
CREATE TEMP TABLE padis_conflict ON COMMIT DROP AS
SELECT business_key FROM padis_staged GROUP BY business_key HAVING count(DISTINCT (content_digest, intent)) > 1
"""

FRESH: Final = """
CREATE TEMP TABLE padis_fresh ON COMMIT DROP AS
WITH one AS (
  SELECT DISTINCT ON (business_key) * FROM padis_staged AS s
  WHERE NOT EXISTS (SELECT 1 FROM padis_conflict AS c WHERE c.business_key = s.business_key)
  ORDER BY business_key, position
), latest AS (
  SELECT DISTINCT ON (business_key) business_key, version, intent, content_digest FROM hedui.padis_record
  WHERE sender = :sender AND kind = :kind ORDER BY business_key, version DESC
)
SELECT one.*, coalesce(latest.version, 0) + 1 AS version
FROM one LEFT JOIN latest USING (business_key)
WHERE CASE WHEN latest.business_key IS NULL THEN one.intent = 'report'
           WHEN :outdated THEN false
           WHEN one.intent = 'withdraw' THEN latest.intent = 'report'
           ELSE latest.intent = 'withdraw' OR latest.content_digest <> one.content_digest END
"""

SUPERSEDE: Final = """
UPDATE hedui.padis_record AS r SET state = 'SUPERSEDED', state_at = :now FROM padis_fresh AS f
WHERE r.sender = :sender AND r.kind = :kind AND r.business_key = f.business_key AND r.version < f.version
  AND r.state IN ('READY', 'VALIDATED', 'FIXING', 'REJECTED')
"""

INSERT: Final = """
INSERT INTO hedui.padis_record (key, sender, kind, business_key, version, intent, event_date, period, region, content, content_digest,
                                reason, state, state_at, problems, collected_on)
SELECT encode(sha256(convert_to(CAST(:sender AS text) || '|' || CAST(:kind AS text) || '|' || business_key || '|' || version,
                                'UTF8')), 'hex'),
       :sender, :kind, business_key, version, intent, event_date, period, region, content, content_digest, reason, 'READY', :now, '[]',
       :date
FROM padis_fresh ORDER BY position
"""

NEWER: Final = """
SELECT EXISTS (SELECT 1 FROM hedui.padis_collection WHERE sender = :sender AND kind = :kind AND source = :source AND business_date > :date)
"""

TAKEN: Final = text("""
INSERT INTO hedui.padis_collection (sender, kind, source, business_date, taken_at, facts)
VALUES (:sender, :kind, :source, :date, :now, :facts)
ON CONFLICT (sender, kind, source, business_date) DO UPDATE SET taken_at = excluded.taken_at, facts = excluded.facts
""").bindparams(bindparam("facts", type_=JSONB))

COUNTS: Final = """
SELECT (SELECT count(*) FROM padis_staged) AS rows, (SELECT count(*) FROM padis_conflict) AS conflicting,
       count(*) FILTER (WHERE intent = 'report' AND version = 1) AS new,
       count(*) FILTER (WHERE intent = 'report' AND version > 1) AS changed,
       count(*) FILTER (WHERE intent = 'withdraw') AS withdrawn
FROM padis_fresh
"""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a delivery brought.

    Attributes:
        rows: Drafts.
        new: Records that were not known.
        changed: New versions of known records.
        withdrawn: Records to be withdrawn.
        conflicting: Business keys that the delivery has with different content: none of them was taken (rule F02 tells which).
    """

    rows: int
    new: int
    changed: int
    withdrawn: int
    conflicting: int


def collect(office: Office, kind: Kind, drafts: Iterable[Draft], *, date: dt.date, source: str = "") -> Taken:
    """Takes drafts into the ledger; an earlier version that has not gone out yet is superseded.

    Args:
        office: Who reports.
        kind: Kind of all drafts.
        drafts: What the canonical data say.
        date: Business date of the data.
        source: Who delivered them.

    Raises:
        LedgerError: The ledger refuses; nothing was taken.
    """
    own = {"sender": office.settings.sender, "kind": kind}
    delivery = {**own, "source": source, "date": date}
    with begin(office.ledger, lock=LOCK_COLLECT) as connection:
        bulk(connection)
        connection.execute(text(STAGE))
        _copy(connection, drafts, office)
        connection.execute(text("ANALYZE padis_staged"))
        connection.execute(text(CONFLICTS))
        outdated = connection.execute(text(NEWER), delivery).scalar_one()
        connection.execute(text(FRESH), {**own, "outdated": outdated})
        connection.execute(text("ANALYZE padis_fresh"))
        connection.execute(text(SUPERSEDE), {**own, "now": office.clock()})
        connection.execute(text(INSERT), {**own, "now": office.clock(), "date": date})
        counts = connection.execute(text(COUNTS)).mappings().one()
        if counts["new"] + counts["changed"] > ANALYZE_FROM:
            connection.execute(text("ANALYZE hedui.padis_record"))
        taken = Taken(**{name: int(value) for name, value in counts.items()})
        connection.execute(TAKEN, {**delivery, "now": office.clock(), "facts": asdict(taken)})
    return taken


def _copy(connection: Connection, drafts: Iterable[Draft], office: Office) -> None:
    every, position = iter(drafts), 0
    with closing(connection.connection.cursor()) as cursor:
        while chunk := list(islice(every, CHUNK)):
            buffer = io.StringIO()
            csv.writer(buffer).writerows(_row(draft, position + at) for at, draft in enumerate(chunk))
            buffer.seek(0)
            cursor.copy_expert(COPY, buffer)
            position += len(chunk)
            office.context.progress("采集", position, None)


def _row(draft: Draft, position: int) -> tuple[object, ...]:
    content = json.dumps(draft.content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    event = draft.event_date.isoformat() if draft.event_date else ""
    digest = hashlib.sha256(content.encode()).hexdigest()
    return (
        *(position, draft.business_key, draft.intent, event, event[:7].replace("-", ""), draft.region, content, digest),
        draft.reason,
    )
