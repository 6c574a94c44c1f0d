-- 流动人口: persons by the district where they live and sex; who came in the period, from another city and another province.
-- Parameters: start, end; relations: floating_person (the state at the end of the period). Every level is counted anew (CUBE).
SELECT coalesce(row_key, '*') AS row_key, coalesce(sheet_key, '*') AS sheet_key,
    count(DISTINCT id_number) AS persons,
    count(DISTINCT CASE WHEN came = 1 THEN id_number END) AS newcomers,
    count(DISTINCT CASE WHEN home_city <> here_city THEN id_number END) AS other_city,
    count(DISTINCT CASE WHEN home_province <> here_province THEN id_number END) AS other_province
FROM (
    SELECT coalesce(substr(living_region, 1, 6), '') AS row_key, coalesce(sex, '') AS sheet_key, id_number,
        CASE WHEN inflow_date BETWEEN {{ start | literal }} AND {{ end | literal }} THEN 1 ELSE 0 END AS came,
        substr(registered_region, 1, 4) AS home_city, substr(living_region, 1, 4) AS here_city,
        substr(registered_region, 1, 2) AS home_province, substr(living_region, 1, 2) AS here_province
    FROM floating_person
)
GROUP BY CUBE (row_key, sheet_key)
ORDER BY row_key, sheet_key;
