"""The truth of payments, worked out a second time: in PostgreSQL, over the tables as they were delivered."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.integration.demo.conftest import Built

AMOUNTS = ("aae080", "aae082", "aae056", "bac121", "aae239", "aic152")
READABLE = "SELECT * FROM shuiwu.jfxx102 WHERE aae080 ~ '^-?[0-9]+[.][0-9]+$'"
CODES = "CASE aae140 WHEN '1101' THEN '110' WHEN '1103' THEN '210' WHEN '1104' THEN '410' ELSE '?' || aae140 END"


def keys(frame: pd.DataFrame, *columns: str) -> set[tuple[str, ...]]:
    return {tuple(str(value) for value in row) for row in frame[list(columns)].itertuples(index=False)}


def answers(world: Built, query: str) -> set[tuple[str, ...]]:
    return {tuple(str(value) for value in row) for row in world.query(query)}


def test_due_is_base_times_rate_but_for_the_plants(world: Built) -> None:
    found = answers(
        world,
        """
        SELECT aae418, aaz288 || '/' || aac001, aae140 FROM shebao.ac43 WHERE aae036 ~ '^202606[0-9]{2}$' AND aae036 <> '20260631'
            AND (abs(aae021 - round(aae180 * aaa042, 2)) > 0.01 OR abs(aae022 - round(aae180 * aaa041, 2)) > 0.01)""",
    )
    assert found == keys(world.hits(rule="C08"), "business_date", "subject_key", "insurance")


def test_daily_totals_are_the_sums_of_payments_but_for_the_plants(world: Built) -> None:
    sums = ", ".join(f"sum({name}::numeric) AS {name}" for name in AMOUNTS)
    differ = " OR ".join(f"t.{name}::numeric <> coalesce(d.{name}, 0)" for name in AMOUNTS)
    found = answers(
        world,
        f"""
        SELECT t.aae418, t.aaa027 || '/' || t.aab034 || '/' || CASE t.aab165 WHEN '1' THEN 'pay' ELSE 'refund' END || '/' || t.aae310
        FROM shuiwu.dzxx101 t LEFT JOIN (
            SELECT aaa027, aab034, aae140, aab165, aae035, aae418, count(*) AS jls, {sums} FROM ({READABLE}) r
            GROUP BY aaa027, aab034, aae140, aab165, aae035, aae418) d
        ON (d.aaa027, d.aab034, d.aae140, d.aab165, d.aae035, d.aae418) = (t.aaa027, t.aab034, t.aae140, t.aab165, t.aae310, t.aae418)
        WHERE t.jls::bigint <> coalesce(d.jls, 0) OR {differ}""",
    )
    assert found == keys(world.hits(rule="B05", scope="rule:B05:shuiwu"), "business_date", "subject_key")


@pytest.mark.parametrize(
    ("rule", "condition"),
    [
        pytest.param("U09", "u.aab119::bigint <> d.heads", id="U09"),
        pytest.param("C09", " OR ".join(f"u.{name}::numeric <> d.{name}" for name in AMOUNTS), id="C09"),
    ],
)
def test_unit_rows_are_the_sums_of_their_persons_but_for_the_plants(world: Built, rule: str, condition: str) -> None:
    sums = ", ".join(f"coalesce(sum(r.{name}::numeric), 0) AS {name}" for name in AMOUNTS)
    found = answers(
        world,
        f"""
        SELECT u.aae418, u.aaz083 FROM shuiwu.jfxx101 u, LATERAL (
            SELECT count(DISTINCT aac001) AS heads, {sums} FROM ({READABLE}) r
            WHERE (r.aaz288, r.aae140, r.aae003, r.aab001, r.aae418) = (u.aaz288, u.aae140, u.aae003, u.aab001, u.aae418)) d
        WHERE {condition}""",
    )
    assert found == keys(world.hits(rule=rule), "business_date", "subject_key")


def test_payments_that_nobody_recorded_are_late_on_the_third_date(world: Built) -> None:
    found = answers(
        world,
        f"""
        SELECT t.aaz083, {CODES} FROM ({READABLE}) t WHERE t.aae418 = '2026-06-03' AND NOT EXISTS (
            SELECT 1 FROM shebao.ac44 s WHERE s.aaz083 = t.aaz083 AND s.aae035 ~ '^202606[0-9]+$')
        AND (SELECT count(*) FROM shuiwu.jfxx102 d WHERE d.aaz083 = t.aaz083) = 1""",
    )
    late = keys(world.hits(scope="tax_recorded", kind="LATE"), "subject_key", "insurance")
    duplicate = keys(world.hits(scope="tax_recorded", kind="DUP"), "subject_key", "insurance")
    assert found == late - duplicate


def test_double_payments_are_found_by_counting(world: Built) -> None:
    found = answers(
        world,
        f"""
        SELECT aae418, aac001, {CODES}, aae003 FROM ({READABLE}) t WHERE aab165 = '1'
        GROUP BY aae418, aac001, aae140, aae003, aaa115 HAVING count(*) > 1""",
    )
    hits = world.hits(rule="C11", source="shuiwu")
    assert found == keys(hits, "business_date", "subject_key", "insurance", "period")
