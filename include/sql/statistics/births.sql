-- 出生: certificates of children born in the period that are not void, by region and sex.
-- Parameters: start, end; relations: birth (the state at the end of the period). Every level is counted anew (CUBE); * stands for all.
SELECT coalesce(row_key, '*') AS row_key, coalesce(sheet_key, '*') AS sheet_key,
    count(DISTINCT certificate_no) AS births,
    count(DISTINCT CASE WHEN birth_order = '1' THEN certificate_no END) AS first_births,
    count(DISTINCT CASE WHEN birth_order = '2' THEN certificate_no END) AS second_births,
    count(DISTINCT CASE WHEN birth_order > '2' THEN certificate_no END) AS later_births
FROM (
    SELECT coalesce(substr(region, 1, 6), '') AS row_key, coalesce(sex, '') AS sheet_key, certificate_no, birth_order
    FROM birth
    WHERE birth_date BETWEEN {{ start | literal }} AND {{ end | literal }} AND coalesce(void_reason, '') = ''
)
GROUP BY CUBE (row_key, sheet_key)
ORDER BY row_key, sheet_key;
