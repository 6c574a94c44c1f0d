-- 参保: units and persons by region and type of unit; persons without a unit are of the type ''.
-- Relations: enrolment (the state at the end of the period), unit, person. Every level is counted anew (CUBE); * stands for all.
WITH types AS (SELECT unit_no, min(unit_type) AS unit_type FROM unit GROUP BY unit_no),
women AS (SELECT DISTINCT person_no FROM person WHERE sex = '2'),
enrolled AS (
    SELECT coalesce(e.pool_region, '') AS row_key, coalesce(t.unit_type, '') AS sheet_key, e.unit_no, e.person_no, e.pay_state,
        CASE WHEN w.person_no IS NOT NULL THEN e.person_no END AS woman
    FROM enrolment AS e
    LEFT JOIN types AS t ON t.unit_no = e.unit_no
    LEFT JOIN women AS w ON w.person_no = e.person_no
    WHERE e.enrol_state IN ('1', '2')
)
SELECT coalesce(row_key, '*') AS row_key, coalesce(sheet_key, '*') AS sheet_key,
    count(DISTINCT unit_no) AS units,
    count(DISTINCT person_no) AS persons,
    count(DISTINCT woman) AS women,
    count(DISTINCT CASE WHEN pay_state = '1' THEN person_no END) AS paying,
    count(DISTINCT CASE WHEN pay_state = '2' THEN person_no END) AS suspended,
    count(*) AS enrolments
FROM enrolled GROUP BY CUBE (row_key, sheet_key)
ORDER BY row_key, sheet_key;
