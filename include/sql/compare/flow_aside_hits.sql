-- Duplicate and unusable keys of one date, and numbers that no map translates, one finding per key and side (per row's own key): table hits_aside.
-- Parameters:
--   sides      sources: left, right
--   keys       number of key columns
--   subject    positions of the key columns that make the subject key
--   duplicate, unusable  rule ids
--   maps       per side the rule of its key map, or none
--   date       business date
{% from "compare/macros.sql" import each %}
CREATE OR REPLACE TEMP TABLE hits_aside AS
{% for i in (0, 1) %}
SELECT {{ duplicate | literal }} AS rule, 'DUP' AS kind, CAST(NULL AS VARCHAR) AS severity, {{ sides[i] | literal }} AS source,
       concat_ws('/', {{ each("k#", subject) }}) AS subject_key, min(region) AS region, min(insurance) AS insurance, min(period) AS period,
       CAST(NULL AS VARCHAR) AS field, {{ ("dup@" ~ sides[i]) | literal }} AS mark,
       to_json({ {{- sides[i] | literal }}: CAST(count(*) AS VARCHAR)}) AS side_values, CAST(NULL AS VARCHAR) AS raw_values,
       CAST(NULL AS VARCHAR) AS right_source, CAST(sum(total) - min(total) AS BIGINT) AS amount_diff_fen, {{ date | literal }} AS origin,
       to_json({'rows': count(*), 'source_row': { {{- sides[i] | literal }}: min(source_row)}}) AS evidence
FROM aside_{{ i }}
WHERE place = 'duplicate'
GROUP BY {{ each("k#", range(keys)) }}
UNION ALL
SELECT {{ unusable | literal }}, 'KEY', NULL, {{ sides[i] | literal }},
       concat('no:', own_key), min(region), insurance, period, NULL, {{ ("key@" ~ sides[i]) | literal }},
       to_json({ {{- sides[i] | literal }}: min(key_text)}), NULL, NULL, CAST(sum(total) AS BIGINT), {{ date | literal }},
       to_json({'rows': count(*), 'source_row': { {{- sides[i] | literal }}: min(source_row)}})
FROM aside_{{ i }}
WHERE place = 'unusable'
GROUP BY own_key, insurance, period
{% if maps[i] %}
UNION ALL
SELECT {{ maps[i] | literal }}, 'KEYMAP', NULL, {{ sides[i] | literal }},
       own_number, min(region), NULL, NULL, NULL, {{ ("keymap@" ~ sides[i]) | literal }},
       to_json({ {{- sides[i] | literal }}: own_number}), NULL, NULL, CAST(sum(total) AS BIGINT), {{ date | literal }},
       to_json({'rows': count(*), 'source_row': { {{- sides[i] | literal }}: min(source_row)}})
FROM aside_{{ i }}
WHERE place = 'keymap'
GROUP BY own_number
{% endif %}
{{ "UNION ALL" if loop.first }}
{% endfor %}
;
