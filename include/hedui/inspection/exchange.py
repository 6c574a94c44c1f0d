"""What is looked at of the exchange with others: rows that wait in intermediate databases, receipts overdue, batches missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator

from sqlalchemy import text

from hedui.batches.staging import waiting
from hedui.context import Context
from hedui.errors import HeduiError
from hedui.inspection.checks import CHECKS
from hedui.inspection.model import Item
from hedui.inspection.settings import Standards
from hedui.ledger.database import begin

OPEN_CASES = """
SELECT count(*) FROM hedui.reconciliation_case AS c JOIN hedui.spell AS s ON s.case_id = c.id AND s.last_seen IS NULL
WHERE c.rule = :rule AND c.source = :source
"""


def source_items(
    context: Context, source_id: str, standards: Standards, today: dt.date, *, checks: Collection[str]
) -> Iterator[Item]:
    """A source's backlog, and its open cases of receipts (B09) and batches (B12)."""
    if "backlog" in checks:
        yield from _backlog(context, source_id, standards, today)
    for code, rule in (("receipts", "B09"), ("batches", "B12")):
        check = CHECKS[code]
        limit = getattr(standards, check.limit)
        if limit is not None and code in checks:
            with begin(context.ledger_url) as connection:
                count = connection.execute(text(OPEN_CASES), {"rule": rule, "source": source_id}).scalar_one()
            yield check.item(part=source_id, target="", value=int(count), limit=limit)


def _backlog(context: Context, source_id: str, standards: Standards, today: dt.date) -> Iterator[Item]:
    source, check, limit = context.site.source(source_id), CHECKS["backlog"], standards.backlog_rows
    if limit is None or not any(spec.staging for spec in source.datasets.values()):
        return
    try:
        found = waiting(context, source, today)
    except HeduiError as error:
        yield check.unmeasured(part=source_id, limit=limit, why=f"无法查询（{type(error).__name__}）")
        return
    for dataset, days in sorted(found.items()):
        rows = sum(days.values())
        note = f"，最早 {min(days):%Y-%m-%d}" if days else ""
        yield check.item(part=source_id, target=dataset, value=rows, limit=limit, note=note)
