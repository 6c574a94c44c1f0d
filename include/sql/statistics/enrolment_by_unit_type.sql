-- 参保: units and persons by region and type of unit; persons without a unit are of the type ''.
-- Relations: unit, person; kept: registered. Every level is counted anew; * stands for all. See heads.jinja.
{% import 'statistics/heads.jinja' as by with context %}
{% import 'statistics/unit_types.jinja' as kind with context %}
WITH {{ kind.unit_types() }},
{% set sheets = 'SELECT sheet_key, bit FROM unit_types' %}
women AS (SELECT DISTINCT person_no FROM person WHERE sex = '2'),
enrolled AS (
    SELECT coalesce(r.region, '') AS row_key, coalesce(t.sheet_key, '') AS sheet_key, r.unit_no, r.person_no, r.enrolments,
        coalesce(t.bit, 1) AS there,
        CASE WHEN w.person_no IS NOT NULL THEN coalesce(t.bit, 1) ELSE 0 END AS women,
        CASE WHEN r.due <> 0 THEN coalesce(t.bit, 1) ELSE 0 END AS paying,
        CASE WHEN r.suspended <> 0 THEN coalesce(t.bit, 1) ELSE 0 END AS suspended
    FROM registered AS r
    LEFT JOIN types AS t ON t.unit_no = r.unit_no
    LEFT JOIN women AS w ON w.person_no = r.person_no
),
{{ by.heads('people', 'SELECT * FROM enrolled', 'person_no',
    {'persons': 'there', 'women': 'women', 'paying': 'paying', 'suspended': 'suspended'}, sheets) }},
{{ by.heads('firms', 'SELECT * FROM enrolled', 'unit_no', {'units': 'there'}, sheets) }},
lines AS (
    SELECT coalesce(row_key, '*') AS row_key, coalesce(sheet_key, '*') AS sheet_key, sum(enrolments) AS enrolments
    FROM enrolled GROUP BY CUBE (row_key, sheet_key)
)
SELECT row_key, sheet_key, coalesce(units, 0) AS units, coalesce(persons, 0) AS persons, coalesce(women, 0) AS women,
    coalesce(paying, 0) AS paying, coalesce(suspended, 0) AS suspended, coalesce(enrolments, 0) AS enrolments
FROM lines LEFT JOIN people USING (row_key, sheet_key) LEFT JOIN firms USING (row_key, sheet_key)
ORDER BY row_key, sheet_key;
