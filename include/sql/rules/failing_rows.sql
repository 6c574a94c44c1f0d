-- The rows that break at least one rule: one pass that keeps those alone, so that nothing is stored for the millions that break none.
-- Parameters: batch (relation), rules (row rules, each with rule and condition), columns (fields to keep).
-- Result: source_row, the columns, per rule v_<rule> BOOLEAN (broken).
SELECT *
FROM (
  SELECT source_row
{%- for column in columns %},
    {{ column | ident }}
{%- endfor %}
{%- for rule in rules %},
    coalesce({{ rule.condition }}, FALSE) AS {{ ("v_" ~ rule.rule) | ident }}
{%- endfor %}

  FROM {{ batch }}
) AS flagged
WHERE
{%- for rule in rules %}
  {{ "OR " if not loop.first }}{{ ("v_" ~ rule.rule) | ident }}
{%- endfor %};
