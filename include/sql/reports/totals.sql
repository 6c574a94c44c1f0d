-- Groups of the totals stage of a flow comparison, the ones that do not balance first.
-- Parameters: totals (relation), group (group columns), amounts (amount components), states (states in reading order).
-- Result: the group columns, left_count, right_count, the left and then the right sums in fen by component, explained_count and
--   explained_fen (left minus right of what is in transit or was cut off), state.
SELECT
{% for column in group %}
  CAST({{ column | ident }} AS VARCHAR) AS {{ column | ident }},
{% endfor %}
  left_count,
  right_count,
{% for side in ["left", "right"] %}
{% for amount in amounts %}
  {{ (side ~ "_" ~ amount) | ident }},
{% endfor %}
{% endfor %}
  explained_left_count - explained_right_count AS explained_count,
  {% for amount in amounts %}{{ (("explained_left_" ~ amount) | ident) }} - {{ (("explained_right_" ~ amount) | ident) }}{{ " + " if not loop.last }}{% endfor %} AS explained_fen,
  state
FROM {{ totals }}
ORDER BY
  CASE state{% for state in states %} WHEN {{ state | literal }} THEN {{ loop.index }}{% endfor %} ELSE 0 END
{%- for column in group %},
  CAST({{ column | ident }} AS VARCHAR)
{%- endfor %};
