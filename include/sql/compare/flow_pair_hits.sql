-- What deviates within matched pairs, one row per pair and amount component or field: table hits_pairs. Where a side's code is one that
-- its table does not know, the kind is CODE.
-- Parameters:
--   sides      sources: left, right
--   amounts    {name, rule, tolerance, right: authority in order {insurance, side}}
--   fields     {name, rule, kind, severity, tolerance ("codes" or 0), right}
{% macro pick(part) %}CASE {% for row in part.right %}WHEN {{ "l_insurance = " ~ (row.insurance | literal) if row.insurance else "TRUE" }} THEN {{ sides[row.side] | literal }} {% endfor %}WHEN FALSE THEN '' END{% endmacro %}
{% macro coded(part) %}CASE WHEN CAST(l_f_{{ part.name }} AS VARCHAR) LIKE '?%' OR CAST(r_f_{{ part.name }} AS VARCHAR) LIKE '?%' THEN 'CODE' ELSE {{ part.kind | literal }} END{% endmacro %}
{% macro hit(part, kind, column, difference) %}
  SELECT {{ part.rule | literal }} AS rule, {{ kind }} AS kind, CAST({{ part.severity | literal }} AS VARCHAR) AS severity,
         {{ pick(part) }} AS right_source,
         CASE WHEN l_k0 IS NULL AND r_k0 IS NOT NULL THEN r_subject ELSE l_subject END AS subject_key,
         coalesce(l_region, r_region) AS region, l_insurance AS insurance, l_period AS period,
         {{ part.name | literal }} AS field, {{ part.name | literal }} AS mark,
         to_json({ {{- sides[0] | literal }}: CAST(l_{{ column }} AS VARCHAR), {{ sides[1] | literal }}: CAST(r_{{ column }} AS VARCHAR)}) AS side_values,
         CASE WHEN l_w_{{ column }} IS NOT NULL OR r_w_{{ column }} IS NOT NULL
              THEN to_json({ {{- sides[0] | literal }}: l_w_{{ column }}, {{ sides[1] | literal }}: r_w_{{ column }}}) END AS raw_values,
         {{ difference }} AS amount_diff_fen,
         CASE WHEN l_origin < r_origin THEN l_origin ELSE r_origin END AS origin,
         to_json({'source_row': { {{- sides[0] | literal }}: l_source_row, {{ sides[1] | literal }}: r_source_row}, 'date': { {{- sides[0] | literal }}: CAST(l_origin AS VARCHAR), {{ sides[1] | literal }}: CAST(r_origin AS VARCHAR)}, 'match_rule': match_rule}) AS evidence
  FROM pairs
{% endmacro %}
{% from "compare/macros.sql" import different %}
CREATE OR REPLACE TEMP TABLE hits_pairs AS
SELECT rule, kind, severity, CASE WHEN right_source = {{ sides[1] | literal }} THEN {{ sides[0] | literal }} ELSE {{ sides[1] | literal }} END AS source,
       subject_key, region, insurance, period, field, mark, side_values, raw_values, right_source, amount_diff_fen, origin, evidence
FROM (
{% for part in amounts %}
{{ hit(part, "'AMT'", "a_" ~ part.name, "l_a_%s - r_a_%s" % (part.name, part.name)) }}
  WHERE {{ different("l_a_" ~ part.name, "r_a_" ~ part.name, part.tolerance) }}
{{ "  UNION ALL" if fields or not loop.last }}
{% endfor %}
{% for part in fields %}
{{ hit(part, coded(part), "f_" ~ part.name, "CAST(NULL AS BIGINT)") }}
  WHERE {{ different("l_f_" ~ part.name, "r_f_" ~ part.name, part.tolerance) }}
{{ "  UNION ALL" if not loop.last }}
{% endfor %}
) AS deviating;
