-- Amounts (and where it states one, the count) of a total are the sums over its details.
-- type: details_sum
-- label: 合计等于明细之和
-- grain: cross
-- arguments: one (totals), other (details), on (fields that join them; a pair where they are called otherwise), amounts (fields of both), count (field of the totals or none), subject (SQL by output column)
-- Parameters: one, other, on, amounts, count, subject, result ("count" or "rows"). In SQL the total's row is `one`.
WITH details AS (
  SELECT
    {% for left, right in on %}other.{{ right }} AS {{ left }}, {% endfor %}count(*) AS detail_count
  {%- for amount in amounts %}, sum(other.{{ amount }}) AS {{ amount }}{% endfor %}

  FROM {{ other }} AS other
  GROUP BY {% for left, right in on %}{{ ", " if not loop.first }}other.{{ right }}{% endfor %}

), examined AS (
  SELECT
    {{ subject.key }} AS subject_key,
    {{ subject.region or "NULL" }} AS region,
    {{ subject.insurance or "NULL" }} AS insurance,
    {{ subject.period or "NULL" }} AS period,
    {% if count %}one.{{ count }} AS stated_count, coalesce(details.detail_count, 0) AS detail_count,{% endif %}

    {% for amount in amounts %}{{ " + " if not loop.first }}coalesce(one.{{ amount }}, 0){% endfor %} AS stated_fen,
    {% for amount in amounts %}{{ " + " if not loop.first }}coalesce(details.{{ amount }}, 0){% endfor %} AS details_fen,
    one.source_row,
    {% if count %}coalesce(one.{{ count }}, 0) <> coalesce(details.detail_count, 0) OR {% endif %}
    {%- for amount in amounts %}{{ " OR " if not loop.first }}coalesce(one.{{ amount }}, 0) <> coalesce(details.{{ amount }}, 0){% endfor %} AS violated
  FROM {{ one }} AS one
  LEFT JOIN details ON {% for left, right in on %}{{ " AND " if not loop.first }}details.{{ left }} = one.{{ left }}{% endfor %}

)
{% if result == "count" %}
SELECT count(*) AS examined, count(*) FILTER (WHERE violated) AS violations FROM examined;
{% else %}
SELECT
  subject_key, region, insurance, period, NULL AS part,
  concat_ws(' / ', {{ "stated_count, detail_count" if count else "stated_fen, details_fen" }}) AS value, stated_fen - details_fen AS amount_diff_fen,
  source_row, 1 AS row_count
FROM examined
WHERE violated;
{% endif %}
