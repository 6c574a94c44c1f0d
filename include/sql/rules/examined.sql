-- How many rows each of several rules examines.
-- Parameters: batch (relation), rules (each with rule and denominator).
-- Result: one row with d_<rule> per rule, in their order.
SELECT
{%- for rule in rules %}
  {{ ", " if not loop.first }}count(*) FILTER (WHERE {{ rule.denominator }}) AS {{ ("d_" ~ rule.rule) | ident }}
{%- endfor %}

FROM {{ batch }};
