-- Rows of two datasets of one source that belong together agree: a condition on the pair must not hold.
-- type: joined
-- label: 关联一致
-- grain: cross
-- arguments: one, other (relations; findings are about other), on (fields that join them), where (SQL: pairs examined), violated (SQL), subject (SQL by output column)
-- Parameters: one, other, on, where, violated, subject, result ("count" or "rows"). In SQL the rows are `one` and `other`.
WITH examined AS (
  SELECT
    {{ subject.key }} AS subject_key,
    {{ subject.region or "NULL" }} AS region,
    {{ subject.insurance or "NULL" }} AS insurance,
    {{ subject.period or "NULL" }} AS period,
    {{ subject.value or "NULL" }} AS value,
    {{ subject.amount or "NULL" }} AS amount_diff_fen,
    other.source_row,
    {{ violated }} AS violated
  FROM {{ one }} AS one
  JOIN {{ other }} AS other ON {% for field in on %}{{ " AND " if not loop.first }}one.{{ field }} = other.{{ field }}{% endfor %}

  WHERE {{ where }}
)
{% if result == "count" %}
SELECT count(*) AS examined, count(*) FILTER (WHERE violated) AS violations FROM examined;
{% else %}
SELECT
  subject_key, region, insurance, period, NULL AS part,
  CAST(value AS VARCHAR) AS value, amount_diff_fen, source_row, 1 AS row_count
FROM examined
WHERE violated;
{% endif %}
