-- 缴费: units, persons, bases and amounts by region and type of unit; payments without a unit are of the type ''.
-- Relations: payment (the period's business dates), unit; kept: paid. Every level is counted anew; * stands for all. See heads.jinja.
{% import 'statistics/heads.jinja' as by with context %}
WITH types AS (SELECT unit_no, min(unit_type) AS unit_type FROM unit GROUP BY unit_no),
unit_types AS ({{ by.bits('unit_type', 'types') }}),
{% set sheets = 'SELECT sheet_key, bit FROM unit_types' %}
payers AS (
    SELECT coalesce(p.region, '') AS row_key, p.unit_no, p.person_no, s.bit
    FROM paid AS p
    LEFT JOIN types AS t ON t.unit_no = p.unit_no
    JOIN unit_types AS s ON s.sheet_key = coalesce(t.unit_type, '')
    WHERE p.paid <> 0
),
{{ by.heads('people', 'SELECT * FROM payers', 'person_no', {'persons': 'bit'}, sheets) }},
{{ by.heads('firms', 'SELECT * FROM payers', 'unit_no', {'units': 'bit'}, sheets) }},
amounts AS (
    SELECT coalesce(row_key, '*') AS row_key, coalesce(sheet_key, '*') AS sheet_key,
        count(*) AS details,
        sum(base_fen) AS base_fen,
        sum(unit_paid_fen) AS unit_paid_fen,
        sum(person_paid_fen) AS person_paid_fen,
        sum(unit_paid_fen + person_paid_fen) AS paid_fen,
        sum(extra_fen) AS extra_fen,
        sum(subsidy_fen) AS subsidy_fen
    FROM (
        SELECT coalesce(p.pool_region, '') AS row_key, coalesce(t.unit_type, '') AS sheet_key,
            coalesce(p.pay_base_fen, 0) AS base_fen, coalesce(p.unit_paid_fen, 0) AS unit_paid_fen,
            coalesce(p.person_paid_fen, 0) AS person_paid_fen, coalesce(p.subsidy_fen, 0) AS subsidy_fen,
            coalesce(p.late_fee_fen, 0) + coalesce(p.unit_interest_fen, 0) + coalesce(p.person_interest_fen, 0) AS extra_fen
        FROM payment AS p LEFT JOIN types AS t ON t.unit_no = p.unit_no
        WHERE p.payment_flag = 'pay'
    ) AS d GROUP BY CUBE (row_key, sheet_key)
)
SELECT row_key, sheet_key, coalesce(units, 0) AS units, coalesce(persons, 0) AS persons, details, base_fen, unit_paid_fen, person_paid_fen,
    paid_fen, extra_fen, subsidy_fen
FROM amounts LEFT JOIN people USING (row_key, sheet_key) LEFT JOIN firms USING (row_key, sheet_key)
ORDER BY row_key, sheet_key;
