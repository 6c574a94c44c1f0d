-- What the window shows on a date: items in transit, items without counterpart, reversals of nothing, items cleared across dates, keys seen
-- again, sums that could not be decided: hits_window. judged: the open items with their age and whether they are a reversal of nothing.
-- Parameters:
--   sides    sources: left, right
--   ages     origin date -> age in working days at the date
--   window   working days within which a missing counterpart is in transit
--   date     business date
--   rules    rule ids: in_transit, cutoff, duplicate
--   missing, kinds  rules and kinds of what has no counterpart when the window has passed: left, right
--   orphans  columns and rule of reversals (serial, original, rule), or none; then the table history is read
--   bundle_rule  rule of undecided sums
{% from "compare/macros.sql" import each %}
{% macro other(i) %}{{ sides[1 - i] | literal }}{% endmacro %}
{% macro transit() %}a.age <= {{ window }} AND NOT a.orphan{% endmacro %}
CREATE OR REPLACE TEMP TABLE judged AS
WITH ages AS (
  SELECT * FROM (VALUES
{% for origin, age in ages %}
    ({{ origin | literal }}, {{ age }}){{ "," if not loop.last }}
{% endfor %}
  ) AS a(origin, age)
)
SELECT o.*, a.age, {% if orphans %}o.reversal AND NOT EXISTS (
         SELECT 1 FROM history AS h WHERE h.side = o.side AND h.serial = o.x_{{ orphans.original }} AND h.total = -o.total){% else %}FALSE{% endif %} AS orphan
FROM open_now AS o
JOIN ages AS a ON a.origin = o.origin;
CREATE OR REPLACE TEMP TABLE hits_window AS
{% for i in (0, 1) %}
SELECT CASE {% if orphans %}WHEN a.orphan THEN {{ orphans.rule | literal }} {% endif %}WHEN {{ transit() }} THEN {{ rules.in_transit | literal }} ELSE {{ missing[i] | literal }} END AS rule,
       CASE WHEN a.orphan THEN 'REV_ORPHAN' WHEN {{ transit() }} THEN 'IN_TRANSIT' ELSE {{ kinds[i] | literal }} END AS kind,
       CAST(NULL AS VARCHAR) AS severity, {{ other(i) }} AS source,
       subject AS subject_key, region, insurance, period,
       CAST(NULL AS VARCHAR) AS field, CAST(NULL AS VARCHAR) AS mark,
       to_json({ {{- sides[i] | literal }}: CAST(total AS VARCHAR)}) AS side_values, CAST(NULL AS VARCHAR) AS raw_values,
       CAST(NULL AS VARCHAR) AS right_source, total AS amount_diff_fen, a.origin,
       to_json({'source_row': { {{- sides[i] | literal }}: source_row}, 'age': a.age, 'window': {{ window }}}) AS evidence
FROM judged AS a
WHERE side = {{ i }}
UNION ALL
SELECT {{ rules.duplicate | literal }}, 'DUP', NULL, {{ sides[i] | literal }},
       subject, region, insurance, period, NULL, {{ ("dup@" ~ sides[i]) | literal }},
       to_json({ {{- sides[i] | literal }}: '2'}), NULL, NULL, total, origin,
       to_json({'source_row': { {{- sides[i] | literal }}: source_row}, 'first': CAST(first_origin AS VARCHAR)})
FROM again
WHERE side = {{ i }}
UNION ALL
{% endfor %}
SELECT {{ rules.cutoff | literal }}, 'CUTOFF', NULL, CASE later_side WHEN 0 THEN {{ sides[0] | literal }} ELSE {{ sides[1] | literal }} END,
       CASE WHEN l_k0 IS NULL AND r_k0 IS NOT NULL THEN r_subject ELSE l_subject END,
       CASE later_side WHEN 0 THEN r_region ELSE l_region END, CASE later_side WHEN 0 THEN r_insurance ELSE l_insurance END,
       CASE later_side WHEN 0 THEN r_period ELSE l_period END, NULL, NULL,
       to_json({ {{- sides[0] | literal }}: CAST(l_total AS VARCHAR), {{ sides[1] | literal }}: CAST(r_total AS VARCHAR)}), NULL, NULL,
       CASE later_side WHEN 0 THEN r_total ELSE l_total END, CASE later_side WHEN 0 THEN r_origin ELSE l_origin END,
       to_json({'source_row': { {{- sides[0] | literal }}: l_source_row, {{ sides[1] | literal }}: r_source_row}, 'date': { {{- sides[0] | literal }}: CAST(l_origin AS VARCHAR), {{ sides[1] | literal }}: CAST(r_origin AS VARCHAR)}, 'match_rule': match_rule})
FROM pairs
WHERE l_origin <> r_origin
{% if bundle_rule %}
UNION ALL
SELECT {{ bundle_rule | literal }}, 'BUNDLE', NULL, {{ sides[1] | literal }},
       bundle_key, region, NULL, NULL, NULL, 'bundle',
       to_json({ {{- sides[0] | literal }}: CAST(l_fen AS VARCHAR), {{ sides[1] | literal }}: CAST(r_fen AS VARCHAR)}), NULL, NULL,
       l_fen - r_fen, {{ date | literal }},
       to_json({'rows': { {{- sides[0] | literal }}: l_count, {{ sides[1] | literal }}: r_count}, 'reason': CASE WHEN exceeds THEN 'too many rows' ELSE 'several ways' END})
FROM undecided
{% endif %}
;
