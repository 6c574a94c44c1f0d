-- rule: C09
-- datasets: payment_unit, payment
-- about: payment_unit
-- subject: unit
-- needs: payment_unit.levy_no, payment_unit.unit_no, payment_unit.unit_paid_fen, payment.levy_no, payment.unit_no, payment.unit_paid_fen
-- parameters: {}
-- denominator: unit details
-- note: Each amount of a unit detail is the sum over the persons' details of its levy notice, insurance, period and unit.
-- Rendered with: payment_unit, payment (relations), date, parameters, result ("count" or "rows").
{% set amounts = ["unit_paid_fen", "person_paid_fen", "late_fee_fen", "unit_interest_fen", "person_interest_fen", "subsidy_fen"] %}
WITH persons AS (
  SELECT levy_no, insurance, period, unit_no
  {%- for amount in amounts %}, sum({{ amount }}) AS {{ amount }}{% endfor %}

  FROM {{ payment }}
  GROUP BY levy_no, insurance, period, unit_no
), examined AS (
  SELECT
    units.detail_no, units.insurance, units.period, units.pool_region, units.source_row,
    {% for amount in amounts %}{{ " + " if not loop.first }}coalesce(units.{{ amount }}, 0){% endfor %} AS unit_total_fen,
    {% for amount in amounts %}{{ " + " if not loop.first }}coalesce(persons.{{ amount }}, 0){% endfor %} AS persons_total_fen,
    {% for amount in amounts %}{{ " OR " if not loop.first }}coalesce(units.{{ amount }}, 0) <> coalesce(persons.{{ amount }}, 0){% endfor %} AS violated
  FROM {{ payment_unit }} AS units
  LEFT JOIN persons
    ON persons.levy_no = units.levy_no AND persons.insurance = units.insurance
    AND persons.period = units.period AND persons.unit_no = units.unit_no
)
{% if result == "count" %}
SELECT count(*) AS examined, count(*) FILTER (WHERE violated) AS violations FROM examined;
{% else %}
SELECT
  coalesce(detail_no, '') AS subject_key, pool_region AS region, insurance, period, NULL AS part,
  concat_ws(' / ', unit_total_fen, persons_total_fen) AS value, unit_total_fen - persons_total_fen AS amount_diff_fen,
  source_row, 1 AS row_count
FROM examined
WHERE violated;
{% endif %}
