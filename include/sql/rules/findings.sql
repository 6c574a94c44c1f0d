-- Findings in their final shape from the subjects that `failing_subjects.sql` gives.
-- Parameters: subjects (relation), date, scope, settings (one per rule and source: rule, source, kind, severity, agency, field, dataset,
--   subject_type, flow), fingerprint (SQL expression).
-- A check's finding has no `field` of its own (its case is the subject's); the evidence names the field that was looked at.
SELECT
  {{ date | literal }} AS business_date,
  {{ scope | literal }} AS scope,
  rule,
{% for column in ["kind", "severity", "dataset"] %}
  CASE rule{% for item in settings %} WHEN {{ item.rule | literal }} THEN {{ item[column] | literal }}{% endfor %} END AS {{ column }},
{% endfor %}
  source,
  CASE{% for item in settings %} WHEN rule = {{ item.rule | literal }} AND source = {{ item.source | literal }} THEN {{ item.agency | literal }}{% endfor %} END AS agency,
  {{ settings[0].subject_type | literal }} AS subject_type,
  subject_key,
  region,
  insurance,
  period,
  CAST(NULL AS VARCHAR) AS field,
  CASE source{% for name in settings | map(attribute="source") | unique %} WHEN {{ name | literal }} THEN CAST(to_json({ {{- name | literal }}: value}) AS VARCHAR){% endfor %} END AS side_values,
  CASE WHEN raw_value IS NULL THEN NULL{% for name in settings | map(attribute="source") | unique %} WHEN source = {{ name | literal }} THEN CAST(to_json({ {{- name | literal }}: raw_value}) AS VARCHAR){% endfor %} END AS raw_values,
  CAST(NULL AS VARCHAR) AS right_source,
  amount_diff_fen,
  CAST({{ (date if settings[0].flow else None) | literal }} AS DATE) AS origin_date,
  CASE source{% for name in settings | map(attribute="source") | unique %} WHEN {{ name | literal }} THEN CAST(to_json({'source_row': { {{- name | literal }}: source_row}, 'rows': row_count, 'field': field}) AS VARCHAR){% endfor %} END AS evidence,
  {{ fingerprint }} AS fingerprint
FROM (
  SELECT *, CASE rule{% for item in settings %} WHEN {{ item.rule | literal }} THEN CAST({{ item.field | literal }} AS VARCHAR){% endfor %} END AS field
  FROM {{ subjects }}
) AS subjects;
