-- What a snapshot comparison found, one row per finding, before severities and agencies are added (see findings.sql).
-- Parameters:
--   sides         per side: index, source, subject, rule ids (duplicate, unusable, keymap or none), presence (rule, kind;
--                 waits and before: the days that are given, see hedui.compare.waiting)
--   subject_type  person, unit ...
--   key           positions of the key columns that make the subject key
--   insurance, period  position of the key column that is the insurance (fee period), or none
--   regions       indexes of the sides that carry a region
--   fields        compared fields: {name, rule, kind, severity, couples, tolerance, money, members: sides that deliver it,
--                 raws: sides of which the value as received is known, right: authority in order {insurance, side}}
--   flow          the return flow (see snapshot_returning.sql) or none: what it explains is its own finding
{% from "compare/macros.sql" import each, different %}
{% set subject = "concat_ws('/', " ~ each("k#", key) ~ ")" %}
{% set insurance_sql = "k%d" % insurance if insurance is not none else "CAST(NULL AS VARCHAR)" %}
{% set period_sql = "k%d" % period if period is not none else "CAST(NULL AS VARCHAR)" %}
{% set pairs = "flowing" if flow else "pairs" %}
{% set region_sql = "coalesce(" ~ each("v#_region", regions) ~ ", NULL)" if regions else "CAST(NULL AS VARCHAR)" %}
CREATE OR REPLACE TEMP TABLE hits AS
{% if flow %}
SELECT {{ flow.rule | literal }} AS rule, CASE WHEN arriving OR changed >= {{ flow.since | literal }} THEN 'IN_TRANSIT' ELSE 'LATE' END AS kind,
       CASE WHEN arriving OR changed >= {{ flow.since | literal }} THEN 'info' END AS severity, {{ sides[flow.local].source | literal }} AS source,
       {{ subject }} AS subject_key, {{ region_sql }} AS region, {{ insurance_sql }} AS insurance, {{ period_sql }} AS period,
       CAST(NULL AS VARCHAR) AS field, {{ ("return@" ~ sides[flow.local].source) | literal }} AS mark,
       to_json({
{%- for side in sides if side.index == flow.local or side.index in flow.upper %}{{ side.source | literal }}: CAST(v{{ side.index }}_changed AS VARCHAR){{ ", " if not loop.last }}{% endfor -%}
       }) AS side_values,
       CAST(NULL AS VARCHAR) AS raw_values,
       CASE ahead{% for side in sides if side.index in flow.upper %} WHEN {{ side.index }} THEN {{ side.source | literal }}{% endfor %} END AS right_source,
       CAST(NULL AS BIGINT) AS amount_diff_fen,
       to_json({'changed_on': CAST(changed AS VARCHAR),
                'fields': concat_ws(','{% for field in fields %}, CASE WHEN x_{{ field.name }} THEN {{ field.name | literal }} END{% endfor %}),
                'source_row': { {%- for side in sides %}{{ side.source | literal }}: n{{ side.index }}{{ ", " if not loop.last }}{% endfor -%} } }) AS evidence
FROM flowing
WHERE changed IS NOT NULL OR arriving
UNION ALL
{% endif %}
{% for field in fields %}
SELECT {{ field.rule | literal }} AS rule, {{ field.kind | literal }} AS kind, CAST({{ field.severity | literal }} AS VARCHAR) AS severity,
       CASE
{% for i in field.members %}
         WHEN right_source IS NOT NULL AND n{{ i }} IS NOT NULL AND {{ different("v%d_f_%s" % (i, field.name), "right_value", field.tolerance) }} THEN {{ sides[i].source | literal }}
{% endfor %}
{% for i in field.members if field.members | length > 2 %}
{% set others = field.members | reject("equalto", i) | list %}
         WHEN right_source IS NULL AND present > 2 AND n{{ i }} IS NOT NULL
{% for b in others %}
              AND (n{{ b }} IS NULL OR {{ different("v%d_f_%s" % (i, field.name), "v%d_f_%s" % (b, field.name), field.tolerance) }})
{% if not loop.first %}
              AND NOT (n{{ others[0] }} IS NOT NULL AND n{{ b }} IS NOT NULL AND {{ different("v%d_f_%s" % (others[0], field.name), "v%d_f_%s" % (b, field.name), field.tolerance) }})
{% endif %}
{% endfor %}
              THEN {{ sides[i].source | literal }}
{% endfor %}
{% for a, b in field.couples %}
         WHEN n{{ a }} IS NOT NULL AND n{{ b }} IS NOT NULL AND {{ different("v%d_f_%s" % (a, field.name), "v%d_f_%s" % (b, field.name), field.tolerance) }} THEN {{ sides[b].source | literal }}
{% endfor %}
       END AS source,
       {{ subject }} AS subject_key, {{ region_sql }} AS region, {{ insurance_sql }} AS insurance, {{ period_sql }} AS period,
       {{ field.name | literal }} AS field, {{ field.name | literal }} AS mark,
       to_json({
{%- for i in field.members %}{{ sides[i].source | literal }}: CAST(v{{ i }}_f_{{ field.name }} AS VARCHAR){{ ", " if not loop.last }}{% endfor -%}
       }) AS side_values,
{% if field.raws %}
       to_json({
{%- for i in field.raws %}{{ sides[i].source | literal }}: raw_{{ i }}.w_{{ field.name }}{{ ", " if not loop.last }}{% endfor -%}
       }) AS raw_values,
{% else %}
       CAST(NULL AS VARCHAR) AS raw_values,
{% endif %}
       right_source,
{% if field.money %}
       CASE
{% for a, b in field.couples %}
         WHEN n{{ a }} IS NOT NULL AND n{{ b }} IS NOT NULL AND {{ different("v%d_f_%s" % (a, field.name), "v%d_f_%s" % (b, field.name), field.tolerance) }}
           THEN coalesce(v{{ a }}_f_{{ field.name }}, 0) - coalesce(v{{ b }}_f_{{ field.name }}, 0)
{% endfor %}
       END AS amount_diff_fen,
{% else %}
       CAST(NULL AS BIGINT) AS amount_diff_fen,
{% endif %}
       to_json({'source_row': { {%- for side in sides %}{{ side.source | literal }}: n{{ side.index }}{{ ", " if not loop.last }}{% endfor -%} } }) AS evidence
FROM (
  SELECT *, CASE right_source {% for i in field.members %}WHEN {{ sides[i].source | literal }} THEN v{{ i }}_f_{{ field.name }} {% endfor %}END AS right_value
  FROM (
    SELECT *,
           CASE
{% for row in field.right %}
             WHEN n{{ row.side }} IS NOT NULL{% if row.insurance %} AND {{ insurance_sql }} = {{ row.insurance | literal }}{% endif %} THEN {{ sides[row.side].source | literal }}
{% endfor %}
             WHEN FALSE THEN ''
           END AS right_source
    FROM {{ pairs }}
    WHERE present >= 2 AND differs{{ " AND NOT x_%s" % field.name if flow }} AND (
{% for a, b in field.couples %}
      {{ "OR " if not loop.first }}(n{{ a }} IS NOT NULL AND n{{ b }} IS NOT NULL AND {{ different("v%d_f_%s" % (a, field.name), "v%d_f_%s" % (b, field.name), field.tolerance) }})
{% endfor %}
    )
  ) AS deviating
) AS judged
{% for i in field.raws %}
LEFT JOIN raw_{{ i }} ON raw_{{ i }}.source_row = n{{ i }}
{% endfor %}
UNION ALL
{% endfor %}
{% for side in sides %}
SELECT {{ side.presence.rule | literal }} AS rule, {{ side.presence.kind | literal }} AS kind, CAST(NULL AS VARCHAR) AS severity, {{ side.source | literal }} AS source,
       {{ subject }} AS subject_key, {{ region_sql }} AS region, {{ insurance_sql }} AS insurance, {{ period_sql }} AS period,
       CAST(NULL AS VARCHAR) AS field, {{ ("missing@" ~ side.source) | literal }} AS mark,
       to_json({
{%- for other in sides %}{{ other.source | literal }}: CASE WHEN n{{ other.index }} IS NOT NULL THEN '有' WHEN dup{{ other.index }} THEN '重复' WHEN unmapped{{ other.index }} THEN '无对照' ELSE '无' END{{ ", " if not loop.last }}{% endfor -%}
       }) AS side_values,
       CAST(NULL AS VARCHAR) AS raw_values, CAST(NULL AS VARCHAR) AS right_source, CAST(NULL AS BIGINT) AS amount_diff_fen,
       to_json({'source_row': { {%- for other in sides %}{{ other.source | literal }}: n{{ other.index }}{{ ", " if not loop.last }}{% endfor -%} } }) AS evidence
FROM {{ pairs }}
WHERE n{{ side.index }} IS NULL AND NOT dup{{ side.index }} AND NOT unmapped{{ side.index }}{{ " AND NOT arriving" if flow and flow.local == side.index }}
{% if side.presence.waits %}
      AND coalesce(coalesce({{ side.presence.waits | join(", ") }}, NULL) < {{ side.presence.before | literal }}, TRUE)
{% endif %}
UNION ALL
SELECT {{ side.duplicate | literal }}, 'DUP', NULL, {{ side.source | literal }},
       {{ each("d.k#", key) if key | length == 1 else "concat_ws('/', " ~ each("d.k#", key) ~ ")" }},
       min({{ "r.region" if side.index in regions else "CAST(NULL AS VARCHAR)" }}),
       {{ "d.k%d" % insurance if insurance is not none else "NULL" }}, {{ "d.k%d" % period if period is not none else "NULL" }},
       NULL, {{ ("dup@" ~ side.source) | literal }},
       to_json({ {{- side.source | literal }}: CAST(max(d.duplicates) AS VARCHAR)}), NULL, NULL, NULL,
       to_json({'rows': max(d.duplicates), 'source_row': { {{- side.source | literal }}: max(d.first_row)}})
FROM dup_{{ side.index }} AS d
LEFT JOIN rows_{{ side.index }} AS r ON r.source_row = d.first_row
GROUP BY {{ each("d.k#", range(keys)) }}
UNION ALL
SELECT {{ side.unusable | literal }}, 'KEY', NULL, {{ side.source | literal }},
       concat('no:', own_key), min({{ "region" if side.index in regions else "CAST(NULL AS VARCHAR)" }}), own_insurance, own_period,
       NULL, {{ ("key@" ~ side.source) | literal }},
       to_json({ {{- side.source | literal }}: min(key_text)}), NULL, NULL, NULL,
       to_json({'rows': count(*), 'source_row': { {{- side.source | literal }}: min(source_row)}})
FROM unusable_{{ side.index }}
GROUP BY own_key, own_insurance, own_period
{% if side.keymap %}
UNION ALL
SELECT {{ side.keymap | literal }}, 'KEYMAP', NULL, {{ side.source | literal }},
       own_number, min({{ "region" if side.index in regions else "CAST(NULL AS VARCHAR)" }}), NULL, NULL,
       NULL, {{ ("keymap@" ~ side.source) | literal }},
       to_json({ {{- side.source | literal }}: own_number}), NULL, NULL, NULL,
       to_json({'rows': count(*), 'source_row': { {{- side.source | literal }}: min(source_row)}})
FROM rows_{{ side.index }}
WHERE status = 'keymap'
GROUP BY own_number
{% endif %}
{{ "UNION ALL" if not loop.last }}
{% endfor %}
;
