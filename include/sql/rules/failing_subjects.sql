-- What rules found, at the grain of findings: rows of one subject, insurance, period and part come together.
-- Parameters: shapes (each a query with its rule and source), raw (relation of the raw batch or None),
--   raw_columns (rule -> column of the raw batch that its field came from).
-- Each shape gives: subject_key, region, insurance, period, part (what tells findings of one subject apart beyond these), value,
--   amount_diff_fen, source_row (a row to look at), row_count.
WITH shaped AS (
{%- for shape in shapes %}
  {{ "UNION ALL " if not loop.first }}SELECT {{ shape.rule | literal }} AS rule, {{ shape.source | literal }} AS source,
    CAST(subject_key AS VARCHAR) AS subject_key, CAST(region AS VARCHAR) AS region, CAST(insurance AS VARCHAR) AS insurance,
    CAST(period AS VARCHAR) AS period, CAST(part AS VARCHAR) AS part, CAST(value AS VARCHAR) AS value,
    CAST(amount_diff_fen AS BIGINT) AS amount_diff_fen, source_row, CAST(row_count AS BIGINT) AS row_count
  FROM ({{ shape.query }}) AS shape_{{ loop.index }}
{%- endfor %}

), subjects AS (
  SELECT rule, source, subject_key, insurance, period, part, min(region) AS region, min_by(value, source_row) AS value,
    CAST(sum(amount_diff_fen) AS BIGINT) AS amount_diff_fen, min(source_row) AS source_row, CAST(sum(row_count) AS BIGINT) AS row_count
  FROM shaped
  GROUP BY rule, source, subject_key, insurance, period, part
)
SELECT subjects.*,
  {% if raw and raw_columns %}CASE subjects.rule
{%- for rule, column in raw_columns | dictsort %}
 WHEN {{ rule | literal }} THEN CAST(raw_batch.{{ column | ident }} AS VARCHAR)
{%- endfor %} END{% else %}CAST(NULL AS VARCHAR){% endif %} AS raw_value
FROM subjects
{% if raw and raw_columns %}
LEFT JOIN {{ raw }} AS raw_batch ON raw_batch.source_row = subjects.source_row
{% endif %}
ORDER BY subjects.rule, subjects.source, subjects.source_row, subjects.subject_key;
