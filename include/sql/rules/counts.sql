-- How many rows each rule examines in one relation, in one pass.
-- Parameters: batch (relation), denominators (SQL conditions, in the order of the rules).
-- Result: one row: the relation's rows, then one count per denominator.
SELECT count(*) AS row_count
{%- for denominator in denominators %},
  count(*) FILTER (WHERE {{ denominator }}) AS d{{ loop.index }}
{%- endfor %}

FROM {{ batch }};
