"""Writes the events of batches and their receipts into the ledger: per source whole, in one transaction, and only where they changed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import delete, insert, text

from hedui.batches.events import events_of
from hedui.batches.exchange import recorded_exchange
from hedui.batches.follow import is_followed
from hedui.batches.judge import Verdict
from hedui.batches.settle import verdicts_of
from hedui.context import Context
from hedui.ledger.batches import BatchEvent, BatchSource, Receipt
from hedui.ledger.database import begin
from hedui.site.models import Source

LOCK_BATCHES: Final = 0x6865647505
"""Advisory lock: one recording of batches at a time."""


def record_batches(context: Context) -> int:
    """Brings the ledger's batches of every source in line with the lake.

    Returns:
        Sources whose batches changed.

    Raises:
        LedgerError: The ledger cannot be reached or its schema is old.
    """
    return sum(_record(context, source) for source in context.site.sources if is_followed(source))


def _record(context: Context, source: Source) -> bool:
    events = [
        {"source": source.id, "position": position, "business_date": line.pop("date"), **line}
        for life in events_of(context, source).values()
        for position, line in enumerate((asdict(event) for event in life), start=1)
    ]
    receipts = _receipts(context, source)
    body = json.dumps([events, receipts], default=str, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(body.encode()).hexdigest()
    with begin(context.ledger_url, lock=LOCK_BATCHES) as connection:
        known = connection.execute(text("SELECT digest FROM hedui.batch_source WHERE source = :source"), {"source": source.id})
        if known.scalar() == digest:
            return False
        for table in (BatchEvent, Receipt, BatchSource):
            connection.execute(delete(table).where(table.source == source.id))
        if events:
            connection.execute(insert(BatchEvent), events)
        if receipts:
            connection.execute(insert(Receipt), receipts)
        connection.execute(insert(BatchSource), [{"source": source.id, "digest": digest}])
    return True


def _receipts(context: Context, source: Source) -> list[dict[str, Any]]:
    """Receipts given for packets and received for batches that were sent on."""
    given = [_given(source, verdict) for verdict in verdicts_of(context, source)] if source.batches.receipts else []
    received = [
        {
            "source": source.id, "batch": receipt.key, "business_date": receipt.date, "direction": "received", "layer": receipt.layer,
            "record": receipt.record, "item": receipt.item, "ok": receipt.ok, "code": receipt.code, "reason": receipt.reason,
        }
        for exchange in recorded_exchange(context.lake, source).values()
        for receipt in exchange.receipts
    ]  # fmt: skip
    return [*given, *received]


def _given(source: Source, verdict: Verdict) -> dict[str, Any]:
    good = verdict.state not in ("rejected", "outdated")
    return {
        "source": source.id, "batch": verdict.fact.key, "business_date": verdict.fact.date, "direction": "given", "layer": "packet",
        "record": "", "item": "", "ok": good, "code": "0" if good else "1",
        "reason": "" if good else "；".join(f"{problem.rule} {problem.reason}" for problem in verdict.problems),
    }  # fmt: skip
