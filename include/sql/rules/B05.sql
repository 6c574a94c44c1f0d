-- rule: B05
-- datasets: daily_total, payment
-- about: daily_total
-- subject: group
-- needs: daily_total.row_count, daily_total.unit_paid_fen, payment.unit_paid_fen, payment.paid_date
-- parameters: {}
-- denominator: rows of the daily totals
-- note: A daily total's count and each of its amounts are those of the payments of its pool region, agency, insurance, flag and day.
-- Rendered with: daily_total, payment (relations), date, parameters, result ("count" or "rows").
{% set amounts = ["unit_paid_fen", "person_paid_fen", "late_fee_fen", "unit_interest_fen", "person_interest_fen", "subsidy_fen"] %}
WITH details AS (
  SELECT pool_region, agency_code, insurance, payment_flag, paid_date, count(*) AS detail_count
  {%- for amount in amounts %}, sum({{ amount }}) AS {{ amount }}{% endfor %}

  FROM {{ payment }}
  GROUP BY pool_region, agency_code, insurance, payment_flag, paid_date
), examined AS (
  SELECT
    totals.pool_region, totals.agency_code, totals.insurance, totals.payment_flag, totals.date_from, totals.source_row,
    totals.row_count, coalesce(details.detail_count, 0) AS detail_count,
    {% for amount in amounts %}{{ " + " if not loop.first }}coalesce(totals.{{ amount }}, 0){% endfor %} AS total_fen,
    {% for amount in amounts %}{{ " + " if not loop.first }}coalesce(details.{{ amount }}, 0){% endfor %} AS details_fen,
    coalesce(totals.row_count, 0) <> coalesce(details.detail_count, 0)
    {%- for amount in amounts %} OR coalesce(totals.{{ amount }}, 0) <> coalesce(details.{{ amount }}, 0){% endfor %} AS violated
  FROM {{ daily_total }} AS totals
  LEFT JOIN details
    ON details.pool_region = totals.pool_region AND details.agency_code = totals.agency_code
    AND details.insurance = totals.insurance AND details.payment_flag = totals.payment_flag AND details.paid_date = totals.date_from
)
{% if result == "count" %}
SELECT count(*) AS examined, count(*) FILTER (WHERE violated) AS violations FROM examined;
{% else %}
SELECT
  coalesce(pool_region, '') || '/' || coalesce(agency_code, '') || '/' || coalesce(payment_flag, '') || '/'
    || coalesce(CAST(date_from AS VARCHAR), '') AS subject_key,
  pool_region AS region, insurance, NULL AS period, NULL AS part,
  concat_ws(' / ', row_count, detail_count) AS value, total_fen - details_fen AS amount_diff_fen, source_row, 1 AS row_count
FROM examined
WHERE violated;
{% endif %}
