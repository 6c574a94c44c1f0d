-- 缴费: units, persons, bases and amounts by region and type of unit; payments without a unit are of the type ''.
-- Relations: unit; kept: paid, paid_amounts. Every level is counted anew; * stands for all. See heads.jinja.
{% import 'statistics/heads.jinja' as by with context %}
{% import 'statistics/unit_types.jinja' as kind with context %}
WITH {{ kind.unit_types() }},
{% set sheets = 'SELECT sheet_key, bit FROM unit_types' %}
payers AS (
    SELECT coalesce(p.region, '') AS row_key, p.unit_no, p.person_no, coalesce(t.bit, 1) AS bit
    FROM paid AS p LEFT JOIN types AS t ON t.unit_no = p.unit_no
    WHERE p.paid <> 0
),
{{ by.heads('people', 'SELECT * FROM payers', 'person_no', {'persons': 'bit'}, sheets) }},
{{ by.heads('firms', 'SELECT * FROM payers', 'unit_no', {'units': 'bit'}, sheets) }},
amounts AS (
    SELECT coalesce(row_key, '*') AS row_key, coalesce(sheet_key, '*') AS sheet_key,
        sum(details) AS details,
        sum(base_fen) AS base_fen,
        sum(unit_paid_fen) AS unit_paid_fen,
        sum(person_paid_fen) AS person_paid_fen,
        sum(unit_paid_fen + person_paid_fen) AS paid_fen,
        sum(extra_fen) AS extra_fen,
        sum(subsidy_fen) AS subsidy_fen
    FROM (
        SELECT coalesce(p.region, '') AS row_key, coalesce(t.sheet_key, '') AS sheet_key, p.*
        FROM paid_amounts AS p LEFT JOIN types AS t ON t.unit_no = p.unit_no
        WHERE p.details > 0
    ) AS d GROUP BY CUBE (row_key, sheet_key)
)
SELECT row_key, sheet_key, coalesce(units, 0) AS units, coalesce(persons, 0) AS persons, details, base_fen, unit_paid_fen, person_paid_fen,
    paid_fen, extra_fen, subsidy_fen
FROM amounts LEFT JOIN people USING (row_key, sheet_key) LEFT JOIN firms USING (row_key, sheet_key)
ORDER BY row_key, sheet_key;
