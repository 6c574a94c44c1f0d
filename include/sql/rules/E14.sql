-- rule: E14
-- datasets: enrolment, benefit
-- about: enrolment
-- subject: person
-- needs: enrolment.person_no, enrolment.insurance, enrolment.pay_state, benefit.person_no, benefit.insurance, benefit.period, benefit.benefit_state
-- parameters: {}
-- denominator: enrolments of persons who receive the scheme's benefit in the last month that the source has for them
-- note: Who receives a scheme's benefit does not pay (1) into it.
-- Rendered with: enrolment, benefit (relations), date, parameters, limits, result ("count" or "rows").
WITH recipients AS (
  SELECT person_no, insurance
  FROM {{ benefit }} AS benefit
  GROUP BY person_no, insurance
  HAVING max(CASE WHEN benefit_state = '1' THEN period END) = max(period)
), examined AS (
  SELECT
    enrolment.id_number, enrolment.insurance, enrolment.pool_region, enrolment.pay_state, enrolment.source_row,
    coalesce(enrolment.pay_state = '1', FALSE) AS violated
  FROM {{ enrolment }} AS enrolment
  JOIN recipients ON recipients.person_no = enrolment.person_no AND recipients.insurance = enrolment.insurance
)
{% if result == "count" %}
SELECT count(*) AS examined, count(*) FILTER (WHERE violated) AS violations FROM examined;
{% else %}
SELECT
  id_number AS subject_key, pool_region AS region, insurance, NULL AS period, NULL AS part,
  pay_state AS value, NULL AS amount_diff_fen, source_row, 1 AS row_count
FROM examined
WHERE violated;
{% endif %}
