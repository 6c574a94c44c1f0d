-- How often each of several flags is set.
-- Parameters: flags (relation), columns (BOOLEAN columns).
-- Result: one row with one count per column, in their order.
SELECT
{%- for column in columns %}
  {{ ", " if not loop.first }}count(*) FILTER (WHERE {{ column | ident }}) AS {{ column | ident }}
{%- endfor %}

FROM {{ flags }};
