-- For every row of a relation: which rules examine it and which it breaks. One pass, in which the rules share what they have in common.
-- Parameters: batch (relation), rules (each with id, denominator and, for row rules, condition).
-- Result: source_row, per rule d_<rule> BOOLEAN (examined) and, for row rules, v_<rule> BOOLEAN (broken).
SELECT source_row
{%- for rule in rules %},
  coalesce({{ rule.denominator }}, FALSE) AS {{ ("d_" ~ rule.rule) | ident }}
{%- if rule.grain == "row" %},
  coalesce({{ rule.condition }}, FALSE) AS {{ ("v_" ~ rule.rule) | ident }}
{%- endif %}
{%- endfor %}

FROM {{ batch }};
