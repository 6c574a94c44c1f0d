-- 欠费: notices of the period that are not paid in full at its end, per notice, person and insurance; what one is overpaid settles no other.
-- Parameters: residents; relations: levy, payment (the period's business dates). Kept for the period.
-- Result: payer, levy_no, person_no, insurance, unit_no, region, period, due_fen, paid_fen, open_fen.
{% import 'statistics/payer.jinja' as payer with context %}
WITH lines AS (
    SELECT levy_no, person_no, insurance, unit_no, pool_region, period,
        coalesce(unit_due_fen, 0) + coalesce(person_due_fen, 0) AS due_fen, 0 AS paid_fen, 1 AS noticed
    FROM levy
    UNION ALL
    SELECT levy_no, person_no, insurance, NULL, NULL, NULL, 0, coalesce(unit_paid_fen, 0) + coalesce(person_paid_fen, 0), 0
    FROM payment WHERE payment_flag = 'pay'
),
owed AS (
    SELECT levy_no, person_no, insurance, max(unit_no) AS unit_no, max(pool_region) AS region, max(period) AS period,
        CAST(sum(due_fen) AS BIGINT) AS due_fen, CAST(sum(paid_fen) AS BIGINT) AS paid_fen,
        CAST(sum(due_fen) - sum(paid_fen) AS BIGINT) AS open_fen
    FROM lines
    GROUP BY levy_no, person_no, insurance
    HAVING sum(noticed) > 0 AND sum(due_fen) > sum(paid_fen)
)
SELECT {{ payer.paying('o') }} AS payer, o.*
FROM owed AS o
ORDER BY levy_no, person_no, insurance;
