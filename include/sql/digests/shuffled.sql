-- Digested rows in an order that says nothing of the order at home, numbered.
-- Parameters:
--   relation  the rows as they were digested
--   columns   their columns
-- Columns: those, source_row (from 1).
SELECT {% for name in columns %}{{ name | ident }}, {% endfor %}
       row_number() OVER (ORDER BY {% for name in columns %}{{ name | ident }} NULLS FIRST{{ ", " if not loop.last }}{% endfor %}) AS source_row
FROM {{ relation }} AS digested
ORDER BY source_row;
