-- What the window shows on a date: items in transit, late and one-sided items, items cleared across dates, keys seen again: hits_window.
-- Parameters:
--   sides    sources: left, right
--   subject  positions of the key columns that make the subject key
--   ages     origin date -> age in working days at the date
--   window   working days within which a missing counterpart is in transit
--   date     business date
--   rules    rule ids: in_transit, late, only_right, cutoff, duplicate
{% from "compare/macros.sql" import each %}
{% macro other(i) %}{{ sides[1 - i] | literal }}{% endmacro %}
CREATE OR REPLACE TEMP VIEW ages AS
SELECT * FROM (VALUES
{% for origin, age in ages %}
  ({{ origin | literal }}, {{ age }}){{ "," if not loop.last }}
{% endfor %}
) AS a(origin, age);
CREATE OR REPLACE TEMP TABLE hits_window AS
{% for i in (0, 1) %}
SELECT CASE WHEN a.age <= {{ window }} THEN {{ rules.in_transit | literal }} ELSE {{ (rules.only_right if i else rules.late) | literal }} END AS rule,
       CASE WHEN a.age <= {{ window }} THEN 'IN_TRANSIT' ELSE {{ ("ONLY_RIGHT" if i else "LATE") | literal }} END AS kind,
       CAST(NULL AS VARCHAR) AS severity, {{ other(i) }} AS source,
       concat_ws('/', {{ each("k#", subject) }}) AS subject_key, region, insurance, period,
       CAST(NULL AS VARCHAR) AS field, CAST(NULL AS VARCHAR) AS mark,
       to_json({ {{- sides[i] | literal }}: CAST(total AS VARCHAR)}) AS side_values, CAST(NULL AS VARCHAR) AS raw_values,
       CAST(NULL AS VARCHAR) AS right_source, total AS amount_diff_fen, o.origin,
       to_json({'source_row': { {{- sides[i] | literal }}: source_row}, 'age': a.age, 'window': {{ window }}}) AS evidence
FROM open_now AS o
JOIN ages AS a ON a.origin = o.origin
WHERE side = {{ i }}
UNION ALL
SELECT {{ rules.duplicate | literal }}, 'DUP', NULL, {{ sides[i] | literal }},
       concat_ws('/', {{ each("k#", subject) }}), region, insurance, period, NULL, {{ ("dup@" ~ sides[i]) | literal }},
       to_json({ {{- sides[i] | literal }}: '2'}), NULL, NULL, total, origin,
       to_json({'source_row': { {{- sides[i] | literal }}: source_row}, 'first': CAST(first_origin AS VARCHAR)})
FROM again
WHERE side = {{ i }}
UNION ALL
{% endfor %}
SELECT {{ rules.cutoff | literal }}, 'CUTOFF', NULL, CASE later_side WHEN 0 THEN {{ sides[0] | literal }} ELSE {{ sides[1] | literal }} END,
       concat_ws('/', {{ each("l_k#", subject) }}),
       CASE later_side WHEN 0 THEN r_region ELSE l_region END, CASE later_side WHEN 0 THEN r_insurance ELSE l_insurance END,
       CASE later_side WHEN 0 THEN r_period ELSE l_period END, NULL, NULL,
       to_json({ {{- sides[0] | literal }}: CAST(l_total AS VARCHAR), {{ sides[1] | literal }}: CAST(r_total AS VARCHAR)}), NULL, NULL,
       CASE later_side WHEN 0 THEN r_total ELSE l_total END, CASE later_side WHEN 0 THEN r_origin ELSE l_origin END,
       to_json({'source_row': { {{- sides[0] | literal }}: l_source_row, {{ sides[1] | literal }}: r_source_row}, 'date': { {{- sides[0] | literal }}: CAST(l_origin AS VARCHAR), {{ sides[1] | literal }}: CAST(r_origin AS VARCHAR)}})
FROM pairs;
