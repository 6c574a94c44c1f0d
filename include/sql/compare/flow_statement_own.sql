-- A date's own lines of the reconciliation statement (调节表) per group: table statement_own.
-- Parameters:
--   amounts, groups  names
-- Columns: g_<group>, side, line, row_count, fen. Lines: booked (all rows of the date but those that undo each other), duplicate, unusable,
-- keymap, crossed (matched in another group); on side 0 also difference and tolerated (left minus right of pairs within the group).
{% from "compare/macros.sql" import each %}
CREATE OR REPLACE TEMP TABLE statement_own AS
WITH lines AS (
{% for i, name in ((0, "left"), (1, "right")) %}
  SELECT {{ each("g_#", groups) }}, {{ i }} AS side, 'booked' AS line, {{ name }}_count AS row_count, {{ each(name ~ "_#", amounts, " + ") }} AS fen
  FROM groups
  UNION ALL
  SELECT {{ each("g_#", groups) }}, {{ i }}, place, 1, total FROM aside_{{ i }} WHERE place IN ('duplicate', 'unusable', 'keymap')
  UNION ALL
  SELECT {{ each("x.g_#", groups) }}, {{ i }}, 'crossed', 1, j.t{{ i }}
  FROM joined AS j JOIN rows_{{ i }} AS x ON x.source_row = j.n{{ i }}
  WHERE j.crossed
  UNION ALL
{% endfor %}
  SELECT {{ each("x.g_#", groups) }}, 0, CASE WHEN j.same THEN 'tolerated' ELSE 'difference' END, 1, j.t0 - j.t1
  FROM joined AS j JOIN rows_0 AS x ON x.source_row = j.n0
  WHERE j.n1 IS NOT NULL AND NOT j.crossed AND j.t0 <> j.t1
)
SELECT {{ each("g_#", groups) }}, side, line, CAST(sum(row_count) AS BIGINT) AS row_count, CAST(sum(fen) AS BIGINT) AS fen
FROM lines
GROUP BY {{ each("g_#", groups) }}, side, line;
