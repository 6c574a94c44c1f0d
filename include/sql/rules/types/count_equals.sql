-- A count that a total states is that of the different members in its details.
-- type: count_equals
-- label: 笔数相等
-- grain: cross
-- arguments: one (totals), other (details), on (fields that join them), count (field of the totals), member (field counted once per value in the details), subject (SQL by output column)
-- Parameters: one, other, on, count, member, subject, result ("count" or "rows"). In SQL the total's row is `one`.
WITH details AS (
  SELECT {{ on | join(", ") }}, count(DISTINCT {{ member }}) AS members
  FROM {{ other }} AS other
  GROUP BY {{ on | join(", ") }}
), examined AS (
  SELECT
    {{ subject.key }} AS subject_key,
    {{ subject.region or "NULL" }} AS region,
    {{ subject.insurance or "NULL" }} AS insurance,
    {{ subject.period or "NULL" }} AS period,
    one.{{ count }} AS stated,
    coalesce(details.members, 0) AS members,
    one.source_row
  FROM {{ one }} AS one
  LEFT JOIN details ON {% for field in on %}{{ " AND " if not loop.first }}details.{{ field }} = one.{{ field }}{% endfor %}

  WHERE one.{{ count }} IS NOT NULL
)
{% if result == "count" %}
SELECT count(*) AS examined, count(*) FILTER (WHERE stated <> members) AS violations FROM examined;
{% else %}
SELECT
  subject_key, region, insurance, period, NULL AS part,
  concat_ws(' / ', stated, members) AS value, NULL AS amount_diff_fen, source_row, 1 AS row_count
FROM examined
WHERE stated <> members;
{% endif %}
