-- rule: U09
-- datasets: payment_unit, payment
-- about: payment_unit
-- subject: unit
-- needs: payment_unit.head_count, payment_unit.levy_no, payment_unit.unit_no, payment.person_no, payment.levy_no, payment.unit_no
-- parameters: {}
-- denominator: unit details with a head count
-- note: A unit detail's head count is the number of different persons in the details of its levy notice, insurance, period and unit.
-- Rendered with: payment_unit, payment (relations), date, parameters, result ("count" or "rows").
WITH persons AS (
  SELECT levy_no, insurance, period, unit_no, count(DISTINCT person_no) AS heads
  FROM {{ payment }}
  GROUP BY levy_no, insurance, period, unit_no
), examined AS (
  SELECT
    units.detail_no, units.insurance, units.period, units.pool_region, units.head_count, units.source_row,
    coalesce(persons.heads, 0) AS heads,
    units.head_count <> coalesce(persons.heads, 0) AS violated
  FROM {{ payment_unit }} AS units
  LEFT JOIN persons
    ON persons.levy_no = units.levy_no AND persons.insurance = units.insurance
    AND persons.period = units.period AND persons.unit_no = units.unit_no
  WHERE units.head_count IS NOT NULL
)
{% if result == "count" %}
SELECT count(*) AS examined, count(*) FILTER (WHERE violated) AS violations FROM examined;
{% else %}
SELECT
  coalesce(detail_no, '') AS subject_key, pool_region AS region, insurance, period, NULL AS part,
  concat_ws(' / ', head_count, heads) AS value, NULL AS amount_diff_fen, source_row, 1 AS row_count
FROM examined
WHERE violated;
{% endif %}
