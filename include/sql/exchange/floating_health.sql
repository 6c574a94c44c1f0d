-- Floating persons beside their health records, one line each.
-- Parameters:
--   floating   relation of canonical floating persons
--   health     relation of canonical health records
-- A person with several records counts with the one that was established last; records without an id number match nobody.
-- Columns: id_number, name, birth_date, county, inflow_date, records, name_differs, sex_differs, birth_differs, region_differs.
-- Grain: floating person.
WITH latest AS (
    SELECT
        id_number,
        name,
        sex,
        birth_date,
        left(region, 6) AS county,
        count(*) OVER (PARTITION BY id_number) AS records,
        row_number() OVER (PARTITION BY id_number ORDER BY established_on DESC, record_no) AS age
    FROM {{ health }}
    WHERE coalesce(id_number, '') <> ''
)

SELECT
    f.id_number,
    f.name,
    f.birth_date,
    left(coalesce(f.living_region, ''), 6) AS county,
    f.inflow_date,
    coalesce(h.records, 0) AS records,
    h.name IS NOT NULL AND f.name IS NOT NULL AND h.name <> f.name AS name_differs,
    h.sex IS NOT NULL AND f.sex IS NOT NULL AND h.sex <> f.sex AS sex_differs,
    h.birth_date IS NOT NULL AND f.birth_date IS NOT NULL AND h.birth_date <> f.birth_date AS birth_differs,
    h.county IS NOT NULL AND f.living_region IS NOT NULL AND h.county <> left(f.living_region, 6) AS region_differs
FROM {{ floating }} AS f
LEFT JOIN latest AS h ON f.id_number = h.id_number AND h.age = 1
ORDER BY county, f.id_number
