-- Births of a month in a monitored place, counted by county, sex, kind of place and order, from the canonical rows.
-- Parameters:
--   births          Parquet of canonical births of one or more business dates, with the column as_of (their business date)
--   first, last     first and last day of the month
--   region          beginning of the region codes of the place
-- A number that was delivered on several dates counts as it was delivered last; void certificates do not count.
-- Columns: region (county), sex, place_type, birth_order, births. Empty codes are empty text.
-- Grain: county × sex × kind of place × order.
WITH latest AS (
    SELECT
        certificate_no,
        region,
        sex,
        place_type,
        birth_order,
        birth_time,
        void_reason,
        row_number() OVER (PARTITION BY certificate_no ORDER BY as_of DESC, region, sex, place_type, birth_order) AS age
    FROM {{ births }}
    WHERE certificate_no IS NOT NULL
)

SELECT
    left(coalesce(region, ''), 6) AS region,
    coalesce(sex, '') AS sex,
    coalesce(place_type, '') AS place_type,
    coalesce(CAST(birth_order AS VARCHAR), '') AS birth_order,
    count(*) AS births
FROM latest
WHERE
    age = 1
    AND coalesce(void_reason, '') = ''
    AND CAST(birth_time AS DATE) BETWEEN {{ first | literal }} AND {{ last | literal }}
    AND left(region, {{ region | length }}) = {{ region | literal }}
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
