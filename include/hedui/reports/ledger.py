"""The ledger as of the night: state and age of every open case, what was cleared, the trend, the exemptions in force."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass

import duckdb

from hedui.cases.exemptions import list_exemptions
from hedui.cases.nights import recorded_digests
from hedui.cases.query import CaseFilter, cases_as_of, trend
from hedui.context import Context
from hedui.errors import LedgerError
from hedui.findings import KINDS
from hedui.ledger import schema
from hedui.ledger.database import begin
from hedui.reports.night import ExemptionLine, TrendPoint
from hedui.reports.partitions import NightPartitions
from hedui.rules import rules

TREND_NIGHTS = 30
DIFFERENCES = CaseFilter(kind=tuple(kind for kind in KINDS if kind not in ("IN_TRANSIT", "CUTOFF")))
CASE_COLUMNS = [
    "fingerprint",
    "kind",
    "opened_on",
    "cleared_on",
    "reopened_count",
    "state",
    "exempt",
    "exempt_reason",
    "exempt_until",
    "age",
]


@dataclass(frozen=True, kw_only=True)
class LedgerNight:
    """What the ledger knows of a night."""

    cleared: int
    trend: tuple[TrendPoint, ...]
    exemptions: tuple[ExemptionLine, ...]


def read_ledger(context: Context, duck: duckdb.DuckDBPyConnection, partitions: NightPartitions) -> LedgerNight:
    """Fills DuckDB's table ``cases`` (the open ones) and returns the rest.

    Raises:
        LedgerError: The ledger has not recorded the findings that the lake holds: the report would not fit them.
    """
    schema.check(context.ledger_url)
    date = partitions.date
    _check_recorded(context, partitions)
    duck.register("incoming", cases_as_of(context, date).select(CASE_COLUMNS))
    duck.execute(
        """
        CREATE OR REPLACE TEMP TABLE cases AS
        SELECT fingerprint, exempt, age,
          CASE WHEN opened_on < ? THEN 'still' WHEN reopened_count > 0 THEN 'reopened' ELSE 'new' END AS state
        FROM incoming WHERE state = 'open'
        """,
        [date],
    )
    exempted = duck.execute(
        "SELECT exempt_reason, exempt_until, count(*) FROM incoming WHERE state = 'open' AND exempt GROUP BY 1, 2"
    ).fetchall()
    cleared = duck.execute(
        "SELECT count(*) FROM incoming WHERE cleared_on = ? AND kind NOT IN ('IN_TRANSIT', 'CUTOFF')", [date]
    ).fetchone() or (0,)
    duck.unregister("incoming")
    counts = Counter({(reason, until): int(cases) for reason, until, cases in exempted})
    return LedgerNight(cleared=int(cleared[0]), trend=_trend(context, date), exemptions=_exemptions(context, date, counts))


def _check_recorded(context: Context, partitions: NightPartitions) -> None:
    with begin(context.ledger_url) as connection:
        recorded = recorded_digests(connection, since=partitions.date)
    recordable = {scope: manifest for scope, manifest in partitions.tonight.items() if not manifest.meta.get("broken")}
    stale = [scope for scope, manifest in recordable.items() if recorded.get((scope, partitions.date)) != manifest.digest]
    if stale:
        raise LedgerError(
            f"The ledger has not recorded the findings of {partitions.date} in {len(stale)} scopes ({', '.join(sorted(stale)[:3])} …); "
            "run the step record of that date first."
        )


def _trend(context: Context, date: dt.date) -> tuple[TrendPoint, ...]:
    points = trend(context, date, where=DIFFERENCES).to_pylist()[-TREND_NIGHTS:]
    return tuple(
        TrendPoint(date=p["business_date"], open=p["open"], opened=p["new"], cleared=p["cleared"], reopened=p["reopened"])
        for p in points
    )


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
