-- Rows of an outbound push counted by county and further fields; the counts are suppressed before they leave.
-- Parameters:
--   rows      relation of canonical rows
--   region    field with the region
--   fields    fields that are counted by; empty: only the county
--   only      field → values; a row has one of them in every field
-- Columns: county, then the fields as text, then persons. Grain: county × fields.
SELECT
    left(coalesce({{ region | ident }}, ''), 6) AS county,
    {% for name in fields %}coalesce(CAST({{ name | ident }} AS VARCHAR), '') AS {{ name | ident }},
    {% endfor %}count(*) AS persons
FROM {{ rows }} AS r
WHERE
    1 = 1
    {% for name, values in only.items() %}AND {{ name | ident }} IN ({% for value in values %}{{ value | literal }}{{ ", " if not loop.last }}{% endfor %})
    {% endfor %}GROUP BY 1{% for name in fields %}, {{ loop.index + 1 }}{% endfor %}
ORDER BY 1{% for name in fields %}, {{ loop.index + 1 }}{% endfor %}
