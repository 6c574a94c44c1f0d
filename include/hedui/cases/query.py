"""Reads of the ledger for reports and pages: everything as of a business date, computed from the nights up to it only."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from hedui import engine
from hedui.cases.exemptions import EXEMPTED_SQL
from hedui.cases.staging import CASE_COLUMNS, digest_sql
from hedui.context import Context
from hedui.findings import FINDING_COLUMNS
from hedui.ledger.arrow import fetch_arrow
from hedui.workdays import Workdays

AGE_BUCKETS: Final[dict[str, tuple[int, int | None]]] = {
    "0-3": (0, 3),
    "4-7": (4, 7),
    "8-15": (8, 15),
    "16-30": (16, 30),
    ">30": (31, None),
}
"""Age buckets by label: working days from and to, both included."""


@dataclass(frozen=True, kw_only=True)
class CaseFilter:
    """Which cases to take; an attribute that is None takes all, a tuple takes its values."""

    scope: tuple[str, ...] | None = None
    rule: tuple[str, ...] | None = None
    kind: tuple[str, ...] | None = None
    severity: tuple[str, ...] | None = None
    source: tuple[str, ...] | None = None
    agency: tuple[str, ...] | None = None
    subject_type: tuple[str, ...] | None = None
    region: tuple[str, ...] | None = None
    insurance: tuple[str, ...] | None = None
    fingerprint: tuple[str, ...] | None = None

    def given(self) -> dict[str, tuple[str, ...]]:
        """The attributes that restrict."""
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None}


EVERYTHING: Final = CaseFilter()

_CASES_SQL = f"""
WITH night AS (
    SELECT scope_id, business_date, lead(business_date) OVER (PARTITION BY scope_id ORDER BY business_date) AS next_night
    FROM hedui.recorded_night WHERE business_date <= :d
), latest AS (
    SELECT n.scope_id, max(n.business_date) AS latest_night,
           max(n.business_date) < (SELECT max(a.business_date) FROM hedui.recorded_night AS a WHERE a.scope_id = n.scope_id) AS has_later
    FROM night AS n GROUP BY n.scope_id
), seen AS (
    SELECT s.case_id, s.scope_id, l.latest_night, l.has_later,
           min(s.first_seen) AS first_seen, max(s.first_seen) FILTER (WHERE s.first_seen <= :d) AS opened_on,
           count(*) FILTER (WHERE s.first_seen <= :d) - 1 AS reopened_count,
           max(CASE WHEN s.last_seen < l.latest_night THEN s.last_seen ELSE l.latest_night END)
             FILTER (WHERE s.first_seen <= :d) AS last_seen,
           bool_or(s.last_seen IS NULL OR s.last_seen > l.latest_night) AS seen_to_the_end_or_later
    FROM hedui.spell AS s JOIN latest AS l USING (scope_id)
    GROUP BY s.case_id, s.scope_id, l.latest_night, l.has_later
    HAVING min(s.first_seen) <= :d
), {EXEMPTED_SQL}
SELECT sc.name AS scope, replace(CAST(c.fingerprint AS text), '-', '') AS fingerprint, {", ".join(f"c.{c}" for c in CASE_COLUMNS[1:])},
       seen.first_seen, seen.opened_on, seen.last_seen,
       CASE WHEN seen.last_seen < seen.latest_night THEN night.next_night END AS cleared_on,
       seen.reopened_count, CASE WHEN seen.last_seen = seen.latest_night THEN 'open' ELSE 'cleared' END AS state,
       exempted.case_id IS NOT NULL AS exempt, exempted.reason AS exempt_reason, exempted.expires_on AS exempt_until,
       seen.has_later AND seen.seen_to_the_end_or_later AS restated
FROM seen
JOIN hedui.reconciliation_case AS c ON c.id = seen.case_id
JOIN hedui.scope AS sc ON sc.id = seen.scope_id
LEFT JOIN night ON night.scope_id = seen.scope_id AND night.business_date = seen.last_seen
LEFT JOIN exempted ON exempted.case_id = c.id
WHERE seen.last_seen = seen.latest_night OR night.next_night >= :cleared_since
"""


def cases_as_of(
    context: Context, date: dt.date, *, cleared_since: dt.date | None = None, where: CaseFilter = EVERYTHING
) -> pa.Table:
    """Cases as they stood after the night ``date``, whatever later nights have added.

    Open cases, and those cleared from ``cleared_since`` on (default: on ``date`` itself). A scope that did not run on ``date`` keeps the
    state of its latest night before it. Attributes are those of the latest night up to ``date`` on which the case was seen; where a later
    night has seen it again they come from the lake's partition of that night, if the lake still has it.

    Returns:
        One row per case in the order of fingerprints: ``scope``, the finding's attributes (CASE_COLUMNS), ``first_seen``,
        ``opened_on`` (first night of the present spell), ``last_seen``, ``cleared_on``, ``reopened_count``, ``state`` (open or cleared),
        ``exempt``, ``exempt_reason``, ``exempt_until``, ``age_from`` (the earlier of origin date and opened_on), ``age`` (working days
        from age_from to ``date``, or to cleared_on), ``age_bucket`` (labels of AGE_BUCKETS).
    """
    table = fetch_arrow(context.ledger_url, _CASES_SQL, {"d": date, "cleared_since": cleared_since or date})
    table = _with_values_of_then(context, table)
    return _with_age(context.workdays, filtered(table, where), date)


def filtered(table: pa.Table, where: CaseFilter) -> pa.Table:
    """The rows of a table of cases that the filter takes."""
    for column, values in where.given().items():
        table = table.filter(pc.is_in(table[column], value_set=pa.array(values, pa.string())))
    return table


def trend(context: Context, date: dt.date, *, where: CaseFilter = EVERYTHING) -> pa.Table:
    """Cases per night up to ``date``, all scopes together.

    The filter uses the cases' present attributes.

    Returns:
        One row per recorded business date in order: ``business_date``, ``new`` (first seen), ``reopened``, ``cleared``, ``open`` (after the
        night; scopes that did not run keep their state).
    """
    given = where.given()
    columns = {"scope": "sc.name", "fingerprint": "replace(CAST(c.fingerprint AS text), '-', '')"}
    conditions = "".join(f" AND {columns.get(name, f'c.{name}')} IN :{name}" for name in given)
    table = fetch_arrow(context.ledger_url, _TREND_SQL.format(conditions=conditions), {"d": date, **given})
    opened = pc.cumulative_sum(pc.subtract(pc.add(table["new"], table["reopened"]), table["cleared"]))
    return table.append_column("open", opened)


_TREND_SQL = """
WITH night AS (
    SELECT scope_id, business_date, lead(business_date) OVER (PARTITION BY scope_id ORDER BY business_date) AS next_night
    FROM hedui.recorded_night WHERE business_date <= :d
), run AS (
    SELECT s.first_seen, night.next_night AS cleared_on, row_number() OVER (PARTITION BY s.case_id ORDER BY s.first_seen) AS nth
    FROM hedui.spell AS s
    JOIN hedui.reconciliation_case AS c ON c.id = s.case_id
    JOIN hedui.scope AS sc ON sc.id = s.scope_id
    LEFT JOIN night ON night.scope_id = s.scope_id AND night.business_date = s.last_seen
    WHERE s.first_seen <= :d{conditions}
), change AS (
    SELECT first_seen AS business_date, 1 AS opened, nth, 0 AS cleared FROM run
    UNION ALL
    SELECT cleared_on, 0, 0, 1 FROM run WHERE cleared_on IS NOT NULL
    UNION ALL
    SELECT DISTINCT business_date, 0, 0, 0 FROM night
)
SELECT business_date, count(*) FILTER (WHERE opened = 1 AND nth = 1) AS new, count(*) FILTER (WHERE opened = 1 AND nth > 1) AS reopened,
       count(*) FILTER (WHERE cleared = 1) AS cleared
FROM change GROUP BY business_date ORDER BY business_date
"""


def _with_values_of_then(context: Context, table: pa.Table) -> pa.Table:
    """Replaces the values of cases that a later night has seen by those of the night they were last seen on by then."""
    restated = table.filter(table["restated"])
    nights = {
        (row["scope"], row["last_seen"])
        for row in restated.select(["scope", "last_seen"]).group_by(["scope", "last_seen"]).aggregate([]).to_pylist()
    }
    paths: list[str] = []
    for scope, night in sorted(nights):
        manifest = context.lake.manifest(context.findings(scope, night))
        if manifest is not None:
            paths += [
                context.lake.full_path(context.findings(scope, night), relative) for relative in manifest.files.get("data", [])
            ]
    kept = [name for name in table.column_names if name not in (*CASE_COLUMNS, "restated")]
    if not paths:
        return table.drop_columns(["restated"]).sort_by("fingerprint")
    values = ", ".join(
        f'CASE WHEN t.fingerprint IS NULL THEN c."{name}" ELSE CAST(t."{name}" AS {FINDING_COLUMNS[name]}) END AS "{name}"'
        for name in CASE_COLUMNS[1:]
    )
    with engine.connect(memory_limit=context.memory_limit, threads=context.threads) as duck:
        duck.register("cases", table)
        duck.execute(
            f"""
            CREATE TEMP TABLE of_then AS
            SELECT business_date, {", ".join(CASE_COLUMNS)} FROM (SELECT *, {digest_sql()} AS values_digest FROM {engine.parquet(paths)})
            SEMI JOIN (SELECT fingerprint FROM cases WHERE restated) USING (fingerprint)
            QUALIFY row_number() OVER (PARTITION BY business_date, fingerprint ORDER BY values_digest) = 1
            """
        )
        return (
            duck.execute(
                f"""
            SELECT c.fingerprint, {values}, {", ".join(f"c.{name}" for name in kept)}
            FROM cases AS c LEFT JOIN of_then AS t
              ON t.fingerprint = c.fingerprint AND t.business_date = c.last_seen
            ORDER BY c.fingerprint
            """
            )
            .to_arrow_table()
            .select([name for name in table.column_names if name != "restated"])
        )


def _with_age(workdays: Workdays, table: pa.Table, date: dt.date) -> pa.Table:
    """Adds ``age_from``, ``age`` and ``age_bucket``; working days are looked up in one running count over the days that occur."""
    start = pc.min_element_wise(table["origin_date"], table["opened_on"])
    end = pc.fill_null(table["cleared_on"], date)
    first = pc.min(start).as_py() or date
    days = [first + dt.timedelta(days=i) for i in range((date - first).days + 1)]
    count, running = 0, []
    for day in days:
        count += workdays.is_workday(day)
        running.append(count)
    index, counts = pa.array(days, pa.date32()), pa.array(running, pa.int64())
    until, since = (
        counts.take(pc.index_in(column, value_set=index)) if len(column) else pa.array([], pa.int64())
        for column in (end.combine_chunks(), start.combine_chunks())
    )
    age = pc.subtract(until, since)
    bucket = pa.nulls(len(table), pa.string())
    for label, (low, _) in AGE_BUCKETS.items():
        bucket = pc.if_else(pc.greater_equal(age, low), label, bucket)
    return table.append_column("age_from", start).append_column("age", age).append_column("age_bucket", bucket)
