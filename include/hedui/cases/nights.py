"""The nights: what is recorded, how many cases each has, and the log of them."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert

from hedui import __version__
from hedui.cases.exemptions import EXEMPTED_SQL
from hedui.context import Context
from hedui.lake import Manifest
from hedui.ledger.database import bulk
from hedui.ledger.models import Night

SourceState = Literal["arrived", "missing", "unknown"]

# Every run of every scope as of the night :d: what a later night has added is cut off.
AS_OF_SQL = """
    position AS (
        SELECT scope_id, max(business_date) AS latest, max(business_date) FILTER (WHERE business_date < :d) AS previous
        FROM hedui.recorded_night WHERE business_date <= :d GROUP BY scope_id
    ), run AS (
        SELECT s.case_id, s.first_seen, s.last_seen, p.latest, p.previous,
               s.last_seen IS NULL OR s.last_seen >= p.latest AS open
        FROM hedui.spell AS s JOIN position AS p USING (scope_id)
        WHERE s.first_seen <= :d
    )
"""


def recorded_digests(connection: Connection, *, since: dt.date) -> dict[tuple[str, dt.date], str]:
    """Digests of the recorded nights from ``since`` on by scope and business date."""
    rows = connection.execute(
        text(
            """
            SELECT s.name, n.business_date, n.digest FROM hedui.recorded_night AS n JOIN hedui.scope AS s ON s.id = n.scope_id
            WHERE n.business_date >= :since
            """
        ),
        {"since": since},
    )
    return {(name, date): digest for name, date, digest in rows}


def night_counts(connection: Connection, date: dt.date) -> dict[str, int]:
    """Cases of a night, computed from the nights up to it.

    ``new``, ``still``, ``reopened`` and ``cleared`` count the scopes that ran on the night; ``open_total`` and ``exempt`` (open and
    exempt) count all scopes as of the night.
    """
    bulk(connection)
    row = connection.execute(
        text(
            f"""
            WITH {AS_OF_SQL}, reopened AS (
                SELECT count(*) AS cases FROM hedui.spell AS s WHERE s.first_seen = :d
                AND EXISTS (SELECT FROM hedui.spell AS o WHERE o.case_id = s.case_id AND o.first_seen < :d)
            )
            SELECT count(*) FILTER (WHERE first_seen = :d) - (SELECT cases FROM reopened) AS new,
                   count(*) FILTER (WHERE open AND latest = :d AND first_seen < :d) AS still,
                   count(*) FILTER (WHERE last_seen = previous AND latest = :d) AS cleared,
                   (SELECT cases FROM reopened) AS reopened,
                   count(*) FILTER (WHERE open) AS open_total
            FROM run
            """
        ),
        {"d": date},
    ).one()
    counts = {name: int(value) for name, value in row._mapping.items()}
    counts["exempt"] = int(
        connection.execute(
            text(
                f"""
                WITH {AS_OF_SQL}, {EXEMPTED_SQL}
                SELECT count(*) FROM exempted JOIN run USING (case_id) WHERE run.open
                """
            ),
            {"d": date},
        ).scalar_one()
    )
    return counts


def source_states(context: Context, date: dt.date, manifests: dict[tuple[str, dt.date], Manifest]) -> dict[str, SourceState]:
    """Whether each source of the site delivered for the date: its scope ``arrival:<source>`` ran and found nothing, or found B12."""

    def state(source: str) -> SourceState:
        manifest = manifests.get((f"arrival:{source}", date))
        if manifest is None:
            return "unknown"
        return "missing" if manifest.rows else "arrived"

    return {source.id: state(source.id) for source in context.site.sources}


def log_night(
    context: Context, connection: Connection, date: dt.date, manifests: dict[tuple[str, dt.date], Manifest]
) -> dict[str, int]:
    """Counts a night and writes its row of the log."""
    counts = night_counts(connection, date)
    values = {"source_states": source_states(context, date, manifests), "summary": counts, "code_version": __version__}
    statement = insert(Night).values(business_date=date, **values)
    statement = statement.on_conflict_do_update(index_elements=[Night.business_date], set_={**values, "recorded_at": text("now()")})
    connection.execute(statement)
    return counts
