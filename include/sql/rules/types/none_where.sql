-- No row of another dataset that belongs to a row has a condition.
-- type: none_where
-- label: 不应存在
-- grain: cross
-- arguments: one (relation examined and reported), other (relation that must hold no such row), on (fields that join them), where (SQL: rows examined), forbidden (SQL on the other's rows), subject (SQL by output column)
-- Parameters: one, other, on, where, forbidden, subject, result ("count" or "rows"). In SQL the rows are `one` and `other`.
WITH offending AS (
  SELECT {{ on | join(", ") }}, count(*) AS rows_found
  FROM {{ other }} AS other
  WHERE {{ forbidden }}
  GROUP BY {{ on | join(", ") }}
), examined AS (
  SELECT
    {{ subject.key }} AS subject_key,
    {{ subject.region or "NULL" }} AS region,
    {{ subject.insurance or "NULL" }} AS insurance,
    {{ subject.period or "NULL" }} AS period,
    coalesce(offending.rows_found, 0) AS rows_found,
    one.source_row
  FROM {{ one }} AS one
  LEFT JOIN offending ON {% for field in on %}{{ " AND " if not loop.first }}one.{{ field }} = offending.{{ field }}{% endfor %}

  WHERE {{ where }}
)
{% if result == "count" %}
SELECT count(*) AS examined, count(*) FILTER (WHERE rows_found > 0) AS violations FROM examined;
{% else %}
SELECT
  subject_key, region, insurance, period, NULL AS part,
  CAST(rows_found AS VARCHAR) AS value, NULL AS amount_diff_fen, source_row, 1 AS row_count
FROM examined
WHERE rows_found > 0;
{% endif %}
