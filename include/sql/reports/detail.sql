-- Every finding on its line with names for codes and persons masked: what the workbook, the Parquet and the CSV file show.
-- Parameters: masks (hedui.security.masking_sql.SqlMasks), pseudonym (function: SQL expression -> expression of its pseudonym),
--   money_rules (rules whose value is an expression in fen).
-- Relations: classified (see classified.sql), scope_names (scope, name, first, second, third: source ids), kind_names, severity_names,
--   rule_names, agency_names, source_names, region_names, insurance_names, component_names (code, name), field_names (dataset, field,
--   name, type).
-- Result: one row per finding, the heaviest first; number counts from 1. Money is fen, values are text as received where known.
{% macro extracted(party) %}
coalesce(
      nullif(json_extract_string(c.raw_values, '$.' || {{ party }}), ''),
      {{ yuan("json_extract_string(c.side_values, '$.' || " ~ party ~ ")") }},
      CASE
        WHEN c.about_field IS NOT NULL AND json_extract_string(c.evidence, '$.source_row.' || {{ party }}) IS NOT NULL THEN '（空）'
        WHEN c.kind IN ('IN_TRANSIT', 'LATE', 'ONLY_LEFT', 'ONLY_RIGHT') AND {{ party }} IS NOT NULL THEN '无'
      END)
{% endmacro %}
{% macro yuan(value) %}
CASE WHEN money THEN regexp_replace(regexp_replace(regexp_replace({{ value }}, '\b([0-9])\b', '00\1', 'g'), '\b([0-9]{2})\b', '0\1', 'g'),
      '\b([0-9]+)([0-9]{2})\b', '\1.\2', 'g') ELSE {{ value }} END
{% endmacro %}
{% macro masked(value) %}
CASE
      WHEN {{ value }} = '（空）' THEN {{ value }}
      WHEN v.kind = 'KEY' AND v.subject_type = 'person' THEN {{ masks.key(value) }}
      ELSE {{ masks.field("v.about_field", value, subject_type="v.subject_type") }}
    END
{% endmacro %}
WITH parties AS (
  SELECT
    c.*,
    n.name AS scope_name,
    coalesce(n.first, c.source) AS first_source,
    n.second AS second_source,
    n.third AS third_source,
    coalesce(f.name, p.name, c.about_field) AS field_name,
    coalesce(f.type = 'fen', FALSE) OR p.code IS NOT NULL OR (c.about_field IS NULL AND c.rule IN {{ money_rules | literal }})
      OR c.kind IN ('IN_TRANSIT', 'LATE', 'ONLY_LEFT', 'ONLY_RIGHT', 'CUTOFF', 'TOTAL') AS money
  FROM classified AS c
  LEFT JOIN scope_names AS n ON n.scope = c.scope
  LEFT JOIN field_names AS f ON f.dataset = c.dataset AND f.field = c.about_field
  LEFT JOIN component_names AS p ON p.code = c.field AND c.kind = 'AMT'
), valued AS (
  SELECT
    c.*,
    {{ extracted("first_source") }} AS first_clear,
    {{ extracted("second_source") }} AS second_clear,
    {{ extracted("third_source") }} AS third_clear
  FROM parties AS c
)
SELECT
  row_number() OVER (
    ORDER BY s.position, abs(v.amount_diff_fen) DESC NULLS LAST, v.scope, v.rule, v.subject_key, v.insurance, v.period, v.field, v.source,
      v.fingerprint
  ) AS number,
  v.business_date,
  v.severity,
  s.name AS severity_name,
  v.kind,
  k.name AS kind_name,
  v.rule,
  concat_ws(' ', v.rule, r.name) AS rule_name,
  v.scope,
  v.scope_name,
  v.subject_type,
  {{ masks.subject_key("CASE WHEN v.summed THEN 'group' ELSE v.subject_type END", "v.subject_key") }} AS subject,
  {{ pseudonym("v.subject_key") }} AS subject_token,
  v.region,
  coalesce(g.name, v.region) AS region_name,
  v.insurance,
  coalesce(i.name, v.insurance) AS insurance_name,
  v.period,
  v.about_field AS field,
  v.field_name,
  {{ masked("v.first_clear") }} AS first_value,
  {{ masked("v.second_clear") }} AS second_value,
  {{ masked("v.third_clear") }} AS third_value,
  v.right_source,
  q.name AS right_name,
  v.amount_diff_fen,
  CAST(v.age AS BIGINT) AS age,
  v.agency,
  coalesce(a.name, v.agency) AS agency_name,
  v.state,
  CASE v.state
    WHEN 'new' THEN '新增'
    WHEN 'still' THEN '未结'
    WHEN 'reopened' THEN '重新出现'
    WHEN 'exempt' THEN '豁免'
    WHEN 'carried' THEN '沿用'
    ELSE '—'
  END AS state_name,
  concat_ws(
    ' ',
    '甲' || json_extract_string(v.evidence, '$.source_row.' || v.first_source),
    '乙' || json_extract_string(v.evidence, '$.source_row.' || v.second_source),
    '丙' || json_extract_string(v.evidence, '$.source_row.' || v.third_source)
  ) AS source_rows,
  {{ pseudonym("v.fingerprint") }} AS case_token
FROM valued AS v
LEFT JOIN severity_names AS s ON s.code = v.severity
LEFT JOIN kind_names AS k ON k.code = v.kind
LEFT JOIN rule_names AS r ON r.code = v.rule
LEFT JOIN region_names AS g ON g.code = v.region
LEFT JOIN insurance_names AS i ON i.code = v.insurance
LEFT JOIN agency_names AS a ON a.code = v.agency
LEFT JOIN source_names AS q ON q.code = v.right_source;
