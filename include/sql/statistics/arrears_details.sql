-- 欠费明细: notices that are not paid in full at the end of the period, per notice, person and insurance; persons are masked.
-- Parameters: masks (hedui.security.masking_sql.SqlMasks), residents; relations: levy, payment, unit.
-- Result: position counts from 1, the greatest arrears first; money is fen.
WITH units AS (SELECT unit_no, min(name) AS name FROM unit GROUP BY unit_no),
lines AS (
    SELECT levy_no, person_no, coalesce(insurance, '') AS insurance, unit_no, pool_region, period,
        coalesce(unit_due_fen, 0) + coalesce(person_due_fen, 0) AS due_fen, 0 AS paid_fen, 1 AS noticed
    FROM levy
    WHERE unit_no IS NOT NULL AND NOT coalesce(insurance, '') IN {{ residents | literal }}
    UNION ALL
    SELECT levy_no, person_no, coalesce(insurance, ''), NULL, NULL, NULL,
        0, coalesce(unit_paid_fen, 0) + coalesce(person_paid_fen, 0), 0
    FROM payment
    WHERE payment_flag = 'pay' AND unit_no IS NOT NULL AND NOT coalesce(insurance, '') IN {{ residents | literal }}
),
owed AS (
    SELECT levy_no, person_no, insurance, max(unit_no) AS unit_no, max(pool_region) AS region, max(period) AS period,
        sum(due_fen) AS due_fen, sum(paid_fen) AS paid_fen, sum(due_fen) - sum(paid_fen) AS open_fen
    FROM lines GROUP BY levy_no, person_no, insurance
    HAVING sum(noticed) > 0 AND sum(due_fen) > sum(paid_fen)
)
SELECT row_number() OVER (ORDER BY o.open_fen DESC, o.region, o.unit_no, o.insurance, o.person_no, o.levy_no) AS position,
    o.region, o.unit_no, u.name AS unit_name, {{ masks.key('o.person_no') }} AS person, o.insurance, o.period, o.levy_no,
    CAST(o.due_fen AS BIGINT) AS due_fen, CAST(o.paid_fen AS BIGINT) AS paid_fen, CAST(o.open_fen AS BIGINT) AS open_fen
FROM owed AS o LEFT JOIN units AS u ON u.unit_no = o.unit_no;
