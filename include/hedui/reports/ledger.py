"""The ledger as of the night: state and age of every open case, what was cleared, the trend, the exemptions in force."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, text

from hedui.cases.exemptions import EXEMPTED_SQL, list_exemptions
from hedui.cases.nights import AS_OF_SQL, night_counts, recorded_digests
from hedui.context import Context
from hedui.errors import LedgerError
from hedui.ledger import schema
from hedui.ledger.database import begin
from hedui.reports.night import ExemptionLine, TrendPoint
from hedui.reports.partitions import NightPartitions
from hedui.rules import rules

TREND_NIGHTS = 30
BATCH = 50_000


@dataclass(frozen=True, kw_only=True)
class LedgerNight:
    """What the ledger knows of a night."""

    cleared: int
    trend: tuple[TrendPoint, ...]
    exemptions: tuple[ExemptionLine, ...]


def read_ledger(context: Context, duck: duckdb.DuckDBPyConnection, partitions: NightPartitions) -> LedgerNight:
    """Fills DuckDB's table ``cases`` and returns the rest.

    Raises:
        LedgerError: The ledger has not recorded the findings that the lake holds: the report would not fit them.
    """
    schema.check(context.ledger_url)
    date = partitions.date
    with begin(context.ledger_url) as connection:
        _check_recorded(connection, partitions)
        _copy_cases(connection, duck, date)
        _copy_ages(context, duck, date)
        cleared = night_counts(connection, date)["cleared"]
        trend = _trend(connection, date)
        exempted = _exempted(connection, date)
    return LedgerNight(cleared=cleared, trend=trend, exemptions=_exemptions(context, date, exempted))


def _check_recorded(connection: Connection, partitions: NightPartitions) -> None:
    recorded = recorded_digests(connection, since=partitions.date)
    stale = [scope for scope, manifest in partitions.tonight.items() if recorded.get((scope, partitions.date)) != manifest.digest]
    if stale:
        raise LedgerError(
            f"The ledger has not recorded the findings of {partitions.date} in {len(stale)} scopes ({', '.join(sorted(stale)[:3])} …); "
            "run the step record of that date first."
        )


def _copy_cases(connection: Connection, duck: duckdb.DuckDBPyConnection, date: dt.date) -> None:
    """Streams the open cases into DuckDB's table ``cases``: fingerprint, first_seen, state, exempt."""
    query = f"""
        WITH {AS_OF_SQL}, {EXEMPTED_SQL}
        SELECT replace(CAST(c.fingerprint AS text), '-', ''), r.first_seen,
               CASE WHEN r.first_seen < :d THEN 'still'
                    WHEN EXISTS (SELECT FROM hedui.spell AS e WHERE e.case_id = c.id AND e.first_seen < :d) THEN 'reopened'
                    ELSE 'new' END,
               x.case_id IS NOT NULL
        FROM run AS r
        JOIN hedui.reconciliation_case AS c ON c.id = r.case_id
        LEFT JOIN exempted AS x ON x.case_id = c.id
        WHERE r.open
    """
    types = {"fingerprint": pa.string(), "first_seen": pa.date32(), "state": pa.string(), "exempt": pa.bool_()}
    duck.execute("CREATE OR REPLACE TEMP TABLE cases (fingerprint VARCHAR, first_seen DATE, state VARCHAR, exempt BOOLEAN)")
    rows = connection.execute(text(query).execution_options(stream_results=True, yield_per=BATCH), {"d": date})
    for batch in rows.partitions():
        columns = zip(types.items(), zip(*batch, strict=True), strict=True)
        arrow = pa.table({name: pa.array(values, type=kind) for (name, kind), values in columns})
        duck.register("incoming", arrow)
        duck.execute("INSERT INTO cases SELECT * FROM incoming")
        duck.unregister("incoming")


def _copy_ages(context: Context, duck: duckdb.DuckDBPyConnection, date: dt.date) -> None:
    """Working days from each day on which something began to the night, as DuckDB's table ``ages``."""
    begun = duck.execute(
        "SELECT first_seen FROM cases UNION SELECT origin_date FROM findings WHERE origin_date IS NOT NULL"
    ).fetchall()
    duck.execute("CREATE OR REPLACE TEMP TABLE ages (begun DATE, age BIGINT)")
    if begun:
        duck.executemany("INSERT INTO ages VALUES (?, ?)", [(day, context.workdays.age(day, date)) for (day,) in begun])


def _trend(connection: Connection, date: dt.date) -> tuple[TrendPoint, ...]:
    nights = connection.execute(
        text("SELECT DISTINCT business_date FROM hedui.recorded_night WHERE business_date <= :d ORDER BY 1 DESC LIMIT :n"),
        {"d": date, "n": TREND_NIGHTS},
    ).scalars()
    points = []
    for night in sorted(nights):
        counts = night_counts(connection, night)
        points.append(
            TrendPoint(
                date=night,
                open=counts["open_total"] - counts["exempt"],
                opened=counts["new"],
                cleared=counts["cleared"],
                reopened=counts["reopened"],
            )
        )
    return tuple(points)


def _exempted(connection: Connection, date: dt.date) -> Counter[tuple[str, dt.date]]:
    """Open exempt cases by reason and expiry."""
    rows = connection.execute(
        text(
            f"""
            WITH {AS_OF_SQL}, {EXEMPTED_SQL}
            SELECT e.reason, e.expires_on, count(*) FROM exempted AS e JOIN run AS r USING (case_id) WHERE r.open GROUP BY 1, 2
            """
        ),
        {"d": date},
    )
    return Counter({(reason, expires): int(cases) for reason, expires, cases in rows})


def _exemptions(context: Context, date: dt.date, exempted: Counter[tuple[str, dt.date]]) -> tuple[ExemptionLine, ...]:
    catalogue = rules()
    agencies = {agency.id: agency.name for agency in context.site.agencies}
    regions = {region.code: region.name for region in context.site.regions}
    lines = []
    for exemption in list_exemptions(context, at=date):
        scope = [
            "单个差异" if exemption.fingerprint else "",
            regions.get(exemption.region or "", exemption.region or ""),
            agencies.get(exemption.agency or "", exemption.agency or ""),
            "指定对象" if exemption.subject_key else "",
        ]
        name = catalogue[exemption.rule].name if exemption.rule in catalogue else ""
        lines.append(
            ExemptionLine(
                subject="，".join(part for part in scope if part) or "该规则全部差异",
                rule=f"{exemption.rule} {name}" if exemption.rule else "",
                reason=exemption.reason,
                approver=exemption.approver,
                valid_from=exemption.valid_from,
                expires_on=exemption.expires_on,
                cases=exempted[exemption.reason, exemption.expires_on],
            )
        )
    return tuple(lines)
