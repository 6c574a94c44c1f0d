"""What the upload's ledger shows to be wrong beside refused records: left out (F13), acknowledged twice (F14), late (F18), after the
window for corrections (F20), and monthly tables that do not agree (F19).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import text

from hedui import engine
from hedui.ledger.arrow import fetch_arrow
from hedui.ledger.database import begin
from hedui.padis.fields import Kind, kinds
from hedui.padis.office import Office
from hedui.padis.windows import month_due

OVER: Final = "超过补录订正期限"
"""What the validator says of a record that comes after the window; see :mod:`hedui.padis.validation`."""

TWICE: Final = """
SELECT r.business_key, r.region, r.period, r.event_date, count(DISTINCT l.batch_id) AS batches
FROM hedui.padis_receipt_line AS l JOIN hedui.padis_record AS r ON r.id = l.record_id
WHERE r.sender = :sender AND r.kind = :kind AND l.status = 'duplicate' GROUP BY 1, 2, 3, 4 ORDER BY 1
"""

PERIODS: Final = """
SELECT DISTINCT period FROM hedui.padis_record
WHERE sender = :sender AND kind = :kind AND period <> '' AND (state IN ('READY', 'VALIDATED', 'PACKED') OR collected_on = :date) ORDER BY 1
"""

LATE: Final = """
SELECT DISTINCT ON (business_key) business_key, region, period, event_date, state FROM hedui.padis_record_view
WHERE sender = :sender AND kind = :kind AND period = ANY(:periods)
  AND (state = ANY(:pending) OR (state = 'ACCEPTED' AND version = 1 AND collected_on = :date))
ORDER BY business_key, version DESC
"""
"""Records that wait though they are due, and those that came too late on the date itself, even where they have been accepted since."""
PENDING: Final = ["READY", "VALIDATED", "PACKED", "SENT", "UNKNOWN", "QUERY"]

AFTER: Final = """
SELECT DISTINCT ON (business_key) business_key, region, period, event_date FROM hedui.padis_record
WHERE sender = :sender AND kind = :kind AND state <> 'SUPERSEDED' AND (state <> 'ACCEPTED' OR collected_on = :date)
  AND jsonb_path_exists(problems, '$[*] ? (@.reason == $over)', jsonb_build_object('over', CAST(:over AS text)))
ORDER BY business_key, version DESC
"""
"""Records after the window: until they are accepted, and on the date on which they came."""

REFUSED_TABLES: Final = """
SELECT * FROM (
  SELECT DISTINCT ON (region, period) region, period, state, details, acknowledged FROM hedui.padis_monthly
  WHERE sender = :sender ORDER BY region, period, revision DESC) AS latest
WHERE state = 'refused' ORDER BY region, period
"""


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """Something that is wrong.

    Attributes:
        rule: The rule that it is a finding of.
        key: What it is about: a record's number, or place and month.
        region, period, event_date: Where it belongs.
        said: What is wrong, in Chinese, without personal data.
        evidence: Figures behind it.
    """

    rule: str
    key: str
    region: str
    period: str
    event_date: dt.date | None
    said: str
    evidence: dict[str, Any] = field(default_factory=dict)


def suspects(office: Office, kind: Kind, *, date: dt.date) -> Iterator[Suspect]:
    """What is wrong with a kind's records on a business date."""
    yield from _left_out(office, kind, date)
    own = {"sender": office.settings.sender, "kind": kind}
    calendar, workdays, today = office.profile.calendar, office.context.workdays, date + dt.timedelta(days=1)
    with begin(office.ledger) as connection:
        for row in connection.execute(text(TWICE), own):
            said = "对方称该记录此前已接收"
            yield _suspect("F14", row, said, batches=int(row.batches))
        periods = connection.execute(text(PERIODS), {**own, "date": date}).scalars()
        dues = {period: month_due(period, calendar=calendar, workdays=workdays) for period in periods}
        overdue = [period for period, due in dues.items() if due < today]
        for row in connection.execute(text(LATE), {**own, "periods": overdue, "pending": PENDING, "date": date}):
            done = "逾期报送" if row.state == "ACCEPTED" else "尚未被接收"
            yield _suspect("F18", row, f"期限 {dues[row.period]}，{done}", state=row.state)
        for row in connection.execute(text(AFTER), {**own, "over": OVER, "date": date}):
            yield _suspect("F20", row, OVER)


def refused_tables(office: Office) -> Iterator[Suspect]:
    """Monthly tables that do not agree with their details or with the acknowledged upload (F19)."""
    with begin(office.ledger) as connection:
        for row in connection.execute(text(REFUSED_TABLES), {"sender": office.settings.sender}):
            said = f"明细 {row.details:,}，已接收 {row.acknowledged:,}"
            figures = {"details": int(row.details), "acknowledged": int(row.acknowledged)}
            yield Suspect(
                rule="F19", key=f"{row.region}/{row.period}", region=row.region, period=row.period, event_date=None, said=said,
                evidence=figures,
            )  # fmt: skip


def _suspect(rule: str, row: Any, said: str, **evidence: Any) -> Suspect:
    return Suspect(
        rule=rule,
        key=row.business_key,
        region=row.region,
        period=row.period,
        event_date=row.event_date,
        said=said,
        evidence=evidence,
    )


def _left_out(office: Office, kind: Kind, date: dt.date) -> Iterator[Suspect]:
    """Numbers of the business date's rows that the ledger does not know."""
    spec, context = kinds()[kind], office.context
    places = [context.canonical(spec.dataset, source, date) for source in office.sources(kind)]
    files = [path for place in places if context.lake.manifest(place) is not None for path in context.lake.files(place)]
    if not files:
        return
    query = "SELECT DISTINCT business_key FROM hedui.padis_record WHERE sender = :sender AND kind = :kind"
    known = fetch_arrow(office.ledger, query, {"sender": office.settings.sender, "kind": kind})
    statement = engine.render(
        "padis/left_out.sql", rows=engine.parquet(files), known="known", key=spec.key, event=spec.event, region=spec.region,
        withdrawn=spec.withdrawn,
    )  # fmt: skip
    with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as duck:
        duck.register("known", known)
        rows = duck.execute(statement).fetchall()
    for key, region, event in rows:
        period = f"{event:%Y%m}" if event else ""
        said = "来源有此记录，上报台账没有"
        yield Suspect(rule="F13", key=key, region=region or "", period=period, event_date=event, said=said)
