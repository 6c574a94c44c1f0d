"""What follows from a source having been read, or not: its packets are judged and what is wrong with its batches becomes findings."""

from __future__ import annotations

import datetime as dt

from hedui.batches.changes import write_changes
from hedui.batches.exchange import Exchange, read_decisions, recorded_exchange, write_exchange
from hedui.batches.findings import write_findings
from hedui.batches.receipts import read_receipts, read_sent, write_receipts
from hedui.batches.settle import settle
from hedui.batches.staging import staged_rows
from hedui.context import Context
from hedui.site.batches import Batches
from hedui.site.models import Source, SqlReader


def in_packets(source: Source) -> bool:
    """Whether each delivery of the source is any number of packets."""
    return not isinstance(source.reader, SqlReader) and source.reader.packets


def is_followed(source: Source) -> bool:
    """Whether anything is known of the source's batches beyond their rows."""
    return in_packets(source) or source.batches != Batches() or any(spec.staging for spec in source.datasets.values())


def follow(context: Context, source: Source, date: dt.date) -> dict[str, int]:
    """Notes what is known beside the rows, settles what counts and writes the findings ``batch:<source>`` of the date and of later ones.

    Returns:
        Figures for the step's summary; none for a source of which nothing is known but its rows.
    """
    if not is_followed(source):
        return {}
    found = look(context, source, date)
    if found != recorded_exchange(context.lake, source).get(date):
        write_exchange(context, source, date, found)
    counts: dict[str, int] = {}
    if in_packets(source):
        settled = settle(context, source, date)
        write_changes(context, source, settled.verdicts)
        mine = [verdict for verdict in settled.verdicts if verdict.fact.date == date]
        counts = {
            "packets": len(mine),
            "packets_set_aside": sum(verdict.state != "accepted" for verdict in mine),
            "restated_dates": len(settled.restated),
            "receipts_written": write_receipts(context, source, date, settled.verdicts),
        }
    counts["batch_problems"] = write_findings(context, source, date)
    return counts


def look(context: Context, source: Source, date: dt.date) -> Exchange:
    """What can be seen today beside the rows."""
    return Exchange(
        decisions=read_decisions(context, source, date),
        sent=tuple(read_sent(context, source, date)),
        receipts=tuple(read_receipts(context, source, date)),
        staged=tuple(staged_rows(context, source, date)),
    )
