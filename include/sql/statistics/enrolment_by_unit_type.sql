-- 参保: units and persons by region and type of unit; persons without a unit are of the type ''.
-- Relations: enrolment (the state at the end of the period), unit, person. Every level is counted anew (CUBE); * stands for all.
-- Persons and units are brought together on each level once and then counted, however many figures count them.
{% macro level() -%}
coalesce(row_key, '*') AS row_key, coalesce(sheet_key, '*') AS sheet_key
{%- endmacro %}
WITH types AS (SELECT unit_no, min(unit_type) AS unit_type FROM unit GROUP BY unit_no),
women AS (SELECT DISTINCT person_no FROM person WHERE sex = '2'),
people AS (
    SELECT {{ level() }},
        count(person_no) AS persons,
        count(CASE WHEN woman = 1 THEN person_no END) AS women,
        count(CASE WHEN pays = 1 THEN person_no END) AS paying,
        count(CASE WHEN suspended = 1 THEN person_no END) AS suspended,
        sum(enrolments) AS enrolments
    FROM (
        SELECT row_key, sheet_key, person_no, max(woman) AS woman, max(pays) AS pays, max(suspended) AS suspended,
            count(*) AS enrolments
        FROM (
            SELECT coalesce(e.pool_region, '') AS row_key, coalesce(t.unit_type, '') AS sheet_key, e.person_no,
                CASE WHEN w.person_no IS NOT NULL THEN 1 ELSE 0 END AS woman,
                CASE WHEN e.pay_state = '1' THEN 1 ELSE 0 END AS pays,
                CASE WHEN e.pay_state = '2' THEN 1 ELSE 0 END AS suspended
            FROM enrolment AS e
            LEFT JOIN types AS t ON t.unit_no = e.unit_no
            LEFT JOIN women AS w ON w.person_no = e.person_no
            WHERE e.enrol_state IN ('1', '2')
        ) AS r
        GROUP BY CUBE (row_key, sheet_key), person_no
    ) AS a
    GROUP BY row_key, sheet_key
),
firms AS (
    SELECT {{ level() }}, count(DISTINCT unit_no) AS units
    FROM (
        SELECT coalesce(e.pool_region, '') AS row_key, coalesce(t.unit_type, '') AS sheet_key, e.unit_no
        FROM enrolment AS e LEFT JOIN types AS t ON t.unit_no = e.unit_no
        WHERE e.enrol_state IN ('1', '2')
    ) AS r
    GROUP BY CUBE (row_key, sheet_key)
)
SELECT row_key, sheet_key, units, persons, women, paying, suspended, enrolments
FROM people LEFT JOIN firms USING (row_key, sheet_key)
ORDER BY row_key, sheet_key;
