-- The rows of an outbound push: only the columns that it names, only the regions and values that it asks for.
-- Parameters:
--   rows      relation of canonical rows
--   columns   canonical fields that leave, in order
--   region    field with the region
--   county    region code (county) of the file
--   only      field → values; a row has one of them in every field
-- Columns: those of the parameter, in order. Grain: canonical row.
SELECT
    {% for name in columns %}{{ name | ident }}{{ ", " if not loop.last }}{% endfor %}
FROM {{ rows }} AS r
WHERE
    left({{ region | ident }}, 6) = {{ county | literal }}
    {% for name, values in only.items() %}AND {{ name | ident }} IN ({% for value in values %}{{ value | literal }}{{ ", " if not loop.last }}{% endfor %})
    {% endfor %}ORDER BY source_row
