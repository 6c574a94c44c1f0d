-- The rows that break at least one of several rules, in one pass, with one flag per rule.
-- Parameters: batch (relation), columns (fields to keep), rules (id, condition).
-- Result: source_row, the columns, and a BOOLEAN v_<rule> each.
SELECT source_row
{%- for column in columns %},
  {{ column | ident }}
{%- endfor %}
{%- for rule in rules %},
  coalesce({{ rule.condition }}, FALSE) AS {{ ("v_" ~ rule.rule) | ident }}
{%- endfor %}

FROM {{ batch }}
WHERE
{%- for rule in rules %}
  {{ "OR " if not loop.first }}({{ rule.condition }})
{%- endfor %};
