-- 缴费: units, persons, bases and amounts by region and type of unit; payments without a unit are of the type ''.
-- Relations: payment (the period's business dates), unit. Every level is counted anew (CUBE); * stands for all.
WITH types AS (SELECT unit_no, min(unit_type) AS unit_type FROM unit GROUP BY unit_no),
details AS (
    SELECT coalesce(p.pool_region, '') AS row_key, coalesce(t.unit_type, '') AS sheet_key, p.unit_no, p.person_no,
        coalesce(p.pay_base_fen, 0) AS base_fen, coalesce(p.unit_paid_fen, 0) AS unit_paid_fen,
        coalesce(p.person_paid_fen, 0) AS person_paid_fen,
        coalesce(p.late_fee_fen, 0) + coalesce(p.unit_interest_fen, 0) + coalesce(p.person_interest_fen, 0) AS extra_fen,
        coalesce(p.subsidy_fen, 0) AS subsidy_fen
    FROM payment AS p LEFT JOIN types AS t ON t.unit_no = p.unit_no
    WHERE p.payment_flag = 'pay'
)
SELECT coalesce(row_key, '*') AS row_key, coalesce(sheet_key, '*') AS sheet_key,
    count(DISTINCT unit_no) AS units,
    count(DISTINCT person_no) AS persons,
    count(*) AS details,
    sum(base_fen) AS base_fen,
    sum(unit_paid_fen) AS unit_paid_fen,
    sum(person_paid_fen) AS person_paid_fen,
    sum(unit_paid_fen + person_paid_fen) AS paid_fen,
    sum(extra_fen) AS extra_fen,
    sum(subsidy_fen) AS subsidy_fen
FROM details GROUP BY CUBE (row_key, sheet_key)
ORDER BY row_key, sheet_key;
