-- Figures per group with the groups' region and institution codes in those of another table; groups that become one are added up.
-- Parameters: figures (relation: a row per group), group (group columns), coded (column -> relation of code, restated), sums (columns of
--   counts and fen), amounts (components of a totals reconciliation, whose state is judged anew; empty for other figures).
-- Result: the group columns, the sums, and for totals the state: where totals agree now that did not before, the details still differ.
SELECT
{% for column in group %}
  {% if column in coded %}coalesce(m_{{ column }}.restated, CAST(f.{{ column | ident }} AS VARCHAR)){% else %}f.{{ column | ident }}{% endif %} AS {{ column | ident }},
{% endfor %}
{% for column in sums %}
  CAST(sum(f.{{ column | ident }}) AS BIGINT) AS {{ column | ident }}{{ "," if amounts or not loop.last }}
{% endfor %}
{% if amounts %}
  CASE
{% for part in ["count"] + amounts %}
    WHEN sum(f.{{ ("left_" ~ part) | ident }}) - sum(f.{{ ("explained_left_" ~ part) | ident }})
      <> sum(f.{{ ("right_" ~ part) | ident }}) - sum(f.{{ ("explained_right_" ~ part) | ident }}) THEN 'unbalanced'
{% endfor %}
    WHEN sum(CASE WHEN f.state IN ('unbalanced', 'detail_differs') THEN 1 ELSE 0 END) > 0 THEN 'detail_differs'
    WHEN sum(f.explained_left_count) + sum(f.explained_right_count) > 0 THEN 'in_transit'
    ELSE 'balanced'
  END AS state
{% endif %}
FROM {{ figures }} AS f
{% for column, relation in coded.items() %}
LEFT JOIN {{ relation }} AS m_{{ column }} ON m_{{ column }}.code = CAST(f.{{ column | ident }} AS VARCHAR)
{% endfor %}
GROUP BY {% for column in group %}{{ loop.index }}{{ ", " if not loop.last }}{% endfor %}
