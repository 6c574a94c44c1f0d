"""The ordinary flows: levies of fee period 202605 on the three dates, each paid at the tax bureau and recorded by 社保 the same day.

``base_flow`` has one row per levy notice × person × insurance, ``base_refund`` one per refund; both have the ideal columns of
:data:`FLOW_FIELDS` and a ``block`` (unit × insurance), by which plants take rows out.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from hedui.demo.planting import DATES
from hedui.demo.world import World

PERIOD: Final = "202605"
INSURANCES: Final = ("110", "210", "410")
UNIT_RATES: Final = (160000, 5000, 4000)
PERSON_RATES: Final = (80000, 5000, 0)
"""Parts per million of the base, in the order of :data:`INSURANCES`."""

ITEMS: Final = {"110": "102100100", "210": "102120100", "410": "102130100"}
"""征收品目 of each insurance."""

AMOUNTS: Final = ("unit_paid_fen", "person_paid_fen", "late_fee_fen", "unit_interest_fen", "person_interest_fen", "subsidy_fen")
MIN_UNITS_PER_DATE: Final = 110

PARTS: Final = {
    **dict.fromkeys(("unit_account_fen", "person_account_fen"), "BIGINT"),
    **dict.fromkeys(("central_subsidy_fen", "province_subsidy_fen", "city_subsidy_fen", "county_subsidy_fen"), "BIGINT"),
    "treasury_date": "DATE",
}
"""Columns that ordinary rows leave empty; a treasury date that is not there is the row's own date."""

FLOW_FIELDS: Final[dict[str, str]] = {
    "block": "BIGINT",
    "detail_no": "VARCHAR",
    "levy_no": "VARCHAR",
    "voucher_no": "VARCHAR",
    "pool_region": "VARCHAR",
    "agency_code": "VARCHAR",
    "insurance": "VARCHAR",
    "levy_item": "VARCHAR",
    "person_no": "VARCHAR",
    "id_number": "VARCHAR",
    "unit_no": "VARCHAR",
    "period": "VARCHAR",
    "payment_type": "VARCHAR",
    "payment_flag": "VARCHAR",
    "pay_base_fen": "BIGINT",
    "unit_rate": "BIGINT",
    "person_rate": "BIGINT",
    "unit_due_fen": "BIGINT",
    "person_due_fen": "BIGINT",
    **dict.fromkeys(AMOUNTS, "BIGINT"),
    "full_flag": "VARCHAR",
    "paid_status": "VARCHAR",
    "booked_flag": "VARCHAR",
    "own_date": "DATE",
    "entered": "DATE",
    "delivered": "DATE",
    "bad": "VARCHAR",
    **PARTS,
}
"""Columns of ideal flow rows with their types. ``own_date`` is the levy or payment date, ``entered`` the day of entry into the
treasury as 社保 has it (any value means the payment date), ``delivered`` the business date of the batch,
``bad`` a text that replaces one value which then cannot be converted."""

_NO_PARTS: Final = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in PARTS.items())


def build_flows(connection: duckdb.DuckDBPyConnection, world: World, *, planted: list[int], seed: int) -> None:
    """Makes ``base_flow`` and ``base_refund`` for all paying employees but the planted ones."""
    rng = np.random.Generator(np.random.PCG64([seed, world.persons, 7]))
    per_date = max(MIN_UNITS_PER_DATE, world.units // 10)
    day_of_unit = np.full(world.units, -1, dtype=np.int64)
    day_of_unit[rng.permutation(world.units)[: 3 * per_date]] = np.repeat(np.arange(3), per_date)
    usable = world.active[: world.employees].copy()
    usable[[number for number in planted if number < world.employees]] = False
    levied = np.flatnonzero(usable & (day_of_unit[world.unit_of] >= 0))
    levied = levied[np.argsort(world.unit_of[levied], kind="stable")]
    _materialise(connection, world, "arrow_flow", levied, day_of_unit[world.unit_of[levied]])
    connection.execute(f"CREATE TABLE base_flow AS {_flow_sql()}")
    others = np.flatnonzero(usable & (day_of_unit[world.unit_of] < 0))[: max(36, world.employees // 1000)]
    if len(others) < 36:  # small worlds: any paying employee may have something back
        others = levied[:36]
    _materialise(connection, world, "arrow_refund", others, np.arange(len(others)) % 3)
    connection.execute(f"CREATE TABLE base_refund AS {_refund_sql()}")


def _materialise(
    connection: duckdb.DuckDBPyConnection, world: World, name: str, persons: np.ndarray[tuple[int], np.dtype[np.int64]],
    days: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> None:  # fmt: skip
    columns = {"i": persons, "u": world.unit_of[persons], "d": days, "base_fen": world.base_fen[persons]}
    connection.register(name, pa.table({key: pa.array(value) for key, value in columns.items()}))


def _schemes() -> str:
    rows = zip(range(3), INSURANCES, UNIT_RATES, PERSON_RATES, strict=True)
    return ", ".join(f"({n}, '{insurance}', {unit}, {person}, '{ITEMS[insurance]}')" for n, insurance, unit, person in rows)


def _day_sql() -> str:
    return "CASE d " + " ".join(f"WHEN {n} THEN DATE '{day.isoformat()}'" for n, day in enumerate(DATES)) + " END"


def _flow_sql() -> str:
    return f"""
        WITH levied AS (
            SELECT f.i, f.u, f.base_fen, s.n, s.insurance, s.unit_rate, s.person_rate, s.item, {_day_sql()} AS day,
                (f.base_fen * s.unit_rate + 500000) // 1000000 AS unit_due, (f.base_fen * s.person_rate + 500000) // 1000000 AS person_due
            FROM arrow_flow f, (VALUES {_schemes()}) s (n, insurance, unit_rate, person_rate, item))
        SELECT u * 3 + n AS block,
            'MX' || day8(day) || lpad(CAST(l.i * 3 + n AS VARCHAR), 9, '0') AS detail_no,
            'ZJ' || day8(day) || lpad(CAST(u AS VARCHAR), 7, '0') AS levy_no,
            'SP' || day8(day) || lpad(CAST(u * 3 + n AS VARCHAR), 8, '0') AS voucher_no,
            region_of(p.district) AS pool_region, agency_of(p.district) AS agency_code, insurance, item AS levy_item,
            CAST(1000000000 + l.i AS VARCHAR) AS person_no, p.id_number, unit_no_of(u) AS unit_no, '{PERIOD}' AS period,
            '10' AS payment_type, 'pay' AS payment_flag, l.base_fen AS pay_base_fen, unit_rate, person_rate,
            unit_due AS unit_due_fen, person_due AS person_due_fen, unit_due AS unit_paid_fen, person_due AS person_paid_fen,
            CASE WHEN l.i % 97 = 0 THEN unit_due // 200 ELSE 0 END AS late_fee_fen,
            CASE WHEN l.i % 101 = 0 THEN unit_due // 400 ELSE 0 END AS unit_interest_fen,
            CASE WHEN l.i % 101 = 0 THEN person_due // 400 ELSE 0 END AS person_interest_fen,
            CASE WHEN l.i % 103 = 0 THEN 5000 ELSE 0 END AS subsidy_fen,
            '1' AS full_flag, '1' AS paid_status, '1' AS booked_flag, day AS own_date, day AS entered, day AS delivered,
            CAST(NULL AS VARCHAR) AS bad, {_NO_PARTS}
        FROM levied l JOIN base_person p USING (i, u)
        ORDER BY block, l.i"""


def _refund_sql() -> str:
    zeros = ", ".join(f"CAST(0 AS BIGINT) AS {name}" for name in AMOUNTS[2:])
    return f"""
        SELECT CAST(-1 - f.i AS BIGINT) AS block,
            'TK' || day8(day) || lpad(CAST(f.i AS VARCHAR), 9, '0') AS detail_no,
            'TF' || day8(day) || lpad(CAST(f.i AS VARCHAR), 9, '0') AS levy_no,
            'ST' || day8(day) || lpad(CAST(f.i AS VARCHAR), 9, '0') AS voucher_no,
            region_of(p.district) AS pool_region, agency_of(p.district) AS agency_code, '110' AS insurance,
            '{ITEMS["110"]}' AS levy_item, CAST(1000000000 + f.i AS VARCHAR) AS person_no, p.id_number, unit_no_of(f.u) AS unit_no,
            '202604' AS period, '10' AS payment_type, 'refund' AS payment_flag, f.base_fen AS pay_base_fen,
            CAST(160000 AS BIGINT) AS unit_rate, CAST(80000 AS BIGINT) AS person_rate,
            CAST(0 AS BIGINT) AS unit_due_fen, CAST(0 AS BIGINT) AS person_due_fen,
            -(f.base_fen * 4 // 100) AS unit_paid_fen, -(f.base_fen * 2 // 100) AS person_paid_fen, {zeros},
            CAST(NULL AS VARCHAR) AS full_flag, '1' AS paid_status, '1' AS booked_flag, day AS own_date, day AS entered, day AS delivered,
            CAST(NULL AS VARCHAR) AS bad, {_NO_PARTS}
        FROM (SELECT *, {_day_sql()} AS day FROM arrow_refund) f JOIN base_person p USING (i)
        ORDER BY f.i"""


def workday(day: dt.date, count: int) -> dt.date | None:
    """The business date ``count`` after ``day``, or None when the demo ends before."""
    index = DATES.index(day) + count
    return DATES[index] if index < len(DATES) else None
