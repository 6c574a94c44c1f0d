-- The reconciliation statement (未达账项调节表) of a date per group: table statement. A side's balance is what its rows of the date and the
-- items carried in amount to. What only the other side has is added, what should not count is taken off; then both are equal.
-- Parameters:
--   groups   names of the groups' fields
--   own      relation of the date's own lines (flow_statement_own.sql)
--   window   working days within which an item is in transit
--   differs  expression over pairs (l_, r_ columns): whether the pair deviates
-- Reads carried, judged, pairs, again, netted, pool, bundled.
-- Columns: <group>, per side (left_, right_) each line's fen and for open items its rows, left_balance, right_balance, difference,
-- tolerated (left minus right of pairs), left_adjusted, right_adjusted.
{% from "compare/macros.sql" import each %}
{% set crossing %}NOT ({% for group in groups %}l_g_{{ group }} IS NOT DISTINCT FROM r_g_{{ group }}{{ " AND " if not loop.last }}{% endfor %}){% endset %}
{% set lines = ("booked", "carried", "in_transit", "one_sided", "duplicate", "unusable", "keymap", "reversed", "crossed", "bundled") %}
{% macro fen(side, line) %}coalesce(sum(fen) FILTER (WHERE side = {{ side }} AND line = '{{ line }}'), 0){% endmacro %}
{% macro has(side) %}{% set name = ("left", "right")[side] %}{{ name }}_balance - {{ name }}_duplicate - {{ name }}_unusable - {{ name }}_keymap - {{ name }}_reversed{% endmacro %}
{% macro lacks(side) %}{% set name = ("left", "right")[1 - side] %}{{ name }}_in_transit + {{ name }}_one_sided + {{ name }}_crossed + {{ name }}_bundled{% endmacro %}
CREATE OR REPLACE TEMP TABLE statement AS
WITH entries AS (
  SELECT {{ each("g_#", groups) }}, side, line, row_count, fen FROM {{ own }} AS o
  UNION ALL
  SELECT {{ each("g_#", groups) }}, side, 'carried', 1, total FROM carried
  UNION ALL
  SELECT {{ each("g_#", groups) }}, side, CASE WHEN age <= {{ window }} AND NOT orphan THEN 'in_transit' ELSE 'one_sided' END, 1, total FROM judged
  UNION ALL
  SELECT {{ each("g_#", groups) }}, side, 'duplicate', 1, total FROM again
  UNION ALL
  SELECT {{ each("p.g_#", groups) }}, p.side, 'reversed', 1, p.total
  FROM pool AS p JOIN netted AS n ON n.side = p.side AND n.origin = p.origin AND n.source_row = p.source_row
  UNION ALL
  SELECT {{ each("p.g_#", groups) }}, p.side, 'bundled', 1, p.total
  FROM pool AS p JOIN bundled AS b ON b.side = p.side AND b.origin = p.origin AND b.source_row = p.source_row
  UNION ALL
  SELECT {{ each("l_g_#", groups) }}, 0, 'crossed', 1, l_total FROM pairs WHERE {{ crossing }}
  UNION ALL
  SELECT {{ each("r_g_#", groups) }}, 1, 'crossed', 1, r_total FROM pairs WHERE {{ crossing }}
  UNION ALL
  SELECT {{ each("l_g_#", groups) }}, 0, CASE WHEN {{ differs }} THEN 'difference' ELSE 'tolerated' END, 1, l_total - r_total
  FROM pairs
  WHERE NOT ({{ crossing }}) AND l_total <> r_total
),
folded AS (
  SELECT {{ each('g_# AS "#"', groups) }},
{% for side, name in ((0, "left"), (1, "right")) %}
{% for line in lines %}
         CAST({{ fen(side, line) }} AS BIGINT) AS {{ name }}_{{ line }},
{% endfor %}
{% for line in ("in_transit", "one_sided") %}
         CAST(coalesce(sum(row_count) FILTER (WHERE side = {{ side }} AND line = '{{ line }}'), 0) AS BIGINT) AS {{ name }}_{{ line }}_rows,
{% endfor %}
         CAST({{ fen(side, "booked") }} + {{ fen(side, "carried") }} AS BIGINT) AS {{ name }}_balance,
{% endfor %}
         CAST({{ fen(0, "difference") }} AS BIGINT) AS difference, CAST({{ fen(0, "tolerated") }} AS BIGINT) AS tolerated
  FROM entries
  GROUP BY {{ each("g_#", groups) }}
)
SELECT *, {{ has(0) }} + {{ lacks(0) }} AS left_adjusted, {{ has(1) }} + {{ lacks(1) }} + difference + tolerated AS right_adjusted
FROM folded;
