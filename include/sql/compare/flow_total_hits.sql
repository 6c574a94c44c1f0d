-- Totals of a date per group, less what is explained by items in transit and across dates: tables totals and hits_totals.
-- Parameters:
--   sides       sources: left, right
--   amounts     names of the amount components
--   groups      names of the groups' fields
--   own         relation of the date's own totals (flow_totals.sql)
--   subject     the groups' fields that make the subject key (all but insurance and period)
--   region      the group's field that is the region, or none
--   rules       rule ids: total, count
--   right       authority in order {insurance, side}
--   date        business date
-- state: balanced; in_transit (what differs is in transit or was cleared across dates); unbalanced; detail_differs (totals agree, pairs
-- of the group deviate).
{% from "compare/macros.sql" import each %}
{% set insurance_sql = "CAST(insurance AS VARCHAR)" if "insurance" in groups else "CAST(NULL AS VARCHAR)" %}
{% set period_sql = "CAST(period AS VARCHAR)" if "period" in groups else "CAST(NULL AS VARCHAR)" %}
CREATE OR REPLACE TEMP TABLE totals AS
WITH explained AS (
  SELECT {{ each("g_#", groups) }},
{% for i, name in ((0, "left"), (1, "right")) %}
         count(*) FILTER (WHERE side = {{ i }}) AS {{ name }}_count,
{% for amount in amounts %}
         coalesce(sum(a_{{ amount }}) FILTER (WHERE side = {{ i }}), 0) AS {{ name }}_{{ amount }}{{ "," if not (loop.last and i) }}
{% endfor %}
{% endfor %}
  FROM arrived AS a
  WHERE NOT EXISTS (SELECT 1 FROM again AS x WHERE x.side = a.side AND x.source_row = a.source_row)
    AND NOT EXISTS (SELECT 1 FROM pairs AS x WHERE x.l_origin = x.r_origin AND a.source_row = CASE a.side WHEN 0 THEN x.l_source_row ELSE x.r_source_row END)
  GROUP BY {{ each("g_#", groups) }}
),
facing AS (
  SELECT {{ each("t.g_# AS \"#\"", groups) }}, t.left_count, t.right_count, {{ each("t.left_#, t.right_#", amounts) }},
         coalesce(e.left_count, 0) AS explained_left_count, coalesce(e.right_count, 0) AS explained_right_count,
         {{ each("CAST(coalesce(e.left_#, 0) AS BIGINT) AS explained_left_#, CAST(coalesce(e.right_#, 0) AS BIGINT) AS explained_right_#", amounts) }},
         t.closer, t.deviations
  FROM {{ own }} AS t
  LEFT JOIN explained AS e ON TRUE
{% for group in groups %}
    AND e.g_{{ group }} IS NOT DISTINCT FROM t.g_{{ group }}
{% endfor %}
),
judged AS (
  SELECT *, left_count - explained_left_count <> right_count - explained_right_count AS count_differs,
         {{ each("left_# - explained_left_# <> right_# - explained_right_#", amounts, " OR ") }} AS fen_differs
  FROM facing
)
SELECT {{ each('"#"', groups) }}, left_count, right_count, {{ each("left_#, right_#", amounts) }}, explained_left_count, explained_right_count,
       {{ each("explained_left_#, explained_right_#", amounts) }},
       closer AS compared_in_detail, deviations, count_differs, fen_differs,
       CASE
         WHEN count_differs OR fen_differs THEN 'unbalanced'
         WHEN deviations > 0 THEN 'detail_differs'
         WHEN explained_left_count + explained_right_count > 0 THEN 'in_transit'
         ELSE 'balanced'
       END AS state
FROM judged;
CREATE OR REPLACE TEMP TABLE hits_totals AS
SELECT rule, kind, severity, CASE WHEN right_source = {{ sides[1] | literal }} THEN {{ sides[0] | literal }} ELSE {{ sides[1] | literal }} END AS source,
       subject_key, region, insurance, period, field, mark, side_values, raw_values, right_source, amount_diff_fen, origin, evidence
FROM (
{% for rule, kind, flag in ((rules.total, "TOTAL", "fen_differs"), (rules.count, "COUNT", "count_differs")) %}
  SELECT {{ rule | literal }} AS rule, {{ kind | literal }} AS kind, CAST(NULL AS VARCHAR) AS severity,
         CASE {% for row in right %}WHEN {{ insurance_sql ~ " = " ~ (row.insurance | literal) if row.insurance else "TRUE" }} THEN {{ sides[row.side] | literal }} {% endfor %}WHEN FALSE THEN '' END AS right_source,
         {% if subject %}concat_ws('/', {{ each('coalesce(CAST("#" AS VARCHAR), \'\')', subject) }}){% else %}''{% endif %} AS subject_key,
         {{ 'CAST("%s" AS VARCHAR)' % region if region else "CAST(NULL AS VARCHAR)" }} AS region,
         {{ insurance_sql }} AS insurance, {{ period_sql }} AS period, CAST(NULL AS VARCHAR) AS field, CAST(NULL AS VARCHAR) AS mark,
{% if kind == "TOTAL" %}
         to_json({
{%- for source, name in ((sides[0], "left"), (sides[1], "right")) %}{{ source | literal }}: CAST({% for amount in amounts %}{{ name }}_{{ amount }} - explained_{{ name }}_{{ amount }}{{ " + " if not loop.last }}{% endfor %} AS VARCHAR){{ ", " if loop.first }}{% endfor -%}
         }) AS side_values,
         {{ each("(left_# - explained_left_#) - (right_# - explained_right_#)", amounts, " + ") }} AS amount_diff_fen,
         to_json({
{%- for amount in amounts %}{{ amount | literal }}: (left_{{ amount }} - explained_left_{{ amount }}) - (right_{{ amount }} - explained_right_{{ amount }}){{ ", " if not loop.last }}{% endfor -%}
         }) AS evidence,
{% else %}
         to_json({ {{- sides[0] | literal }}: CAST(left_count - explained_left_count AS VARCHAR), {{ sides[1] | literal }}: CAST(right_count - explained_right_count AS VARCHAR)}) AS side_values,
         CAST(NULL AS BIGINT) AS amount_diff_fen,
         to_json({'left': left_count, 'right': right_count, 'explained_left': explained_left_count, 'explained_right': explained_right_count}) AS evidence,
{% endif %}
         CAST(NULL AS VARCHAR) AS raw_values, {{ date | literal }} AS origin
  FROM totals
  WHERE {{ flag }}
{{ "  UNION ALL" if loop.first }}
{% endfor %}
) AS differing;
