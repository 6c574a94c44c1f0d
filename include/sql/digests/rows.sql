-- The rows of a side as they are to be digested.
-- Parameters:
--   view     the side's view (compare/side.sql)
--   columns  name -> expression over the view
-- Columns: those, as text.
SELECT
{% for name, expression in columns.items() %}
  CAST({{ expression }} AS VARCHAR) AS {{ name | ident }}{{ "," if not loop.last }}
{% endfor %}
FROM {{ view | ident }} AS side;
