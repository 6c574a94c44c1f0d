-- rule: D07
-- datasets: benefit, person
-- limits: benefit_age
-- about: benefit
-- subject: person
-- needs: benefit.person_no, benefit.insurance, benefit.period, benefit.benefit_state, person.person_no, person.birth_date
-- parameters: {}
-- denominator: benefits in payment of schemes for which limits.csv gives an age (name benefit_age, years) on the business date
-- note: Who receives a benefit has reached the scheme's age in its month.
-- Rendered with: benefit, person (relations), date, parameters, limits, result ("count" or "rows").
{% import "rules/conditions.sql" as sql %}
{% set age = "CAST(floor((TRY_CAST(substr(benefit.period, 1, 4) AS BIGINT) * 12 + TRY_CAST(substr(benefit.period, 5, 2) AS BIGINT) - year(person.birth_date) * 12 - month(person.birth_date)) / 12) AS BIGINT)" %}
WITH aged AS (
  SELECT
    coalesce(benefit.id_number, person.id_number) AS id_number, benefit.insurance, benefit.period, benefit.pool_region,
    benefit.paid_fen, benefit.source_row, {{ age }} AS age
  FROM {{ benefit }} AS benefit
  JOIN {{ person }} AS person ON person.person_no = benefit.person_no
  WHERE benefit.benefit_state = '1' AND person.birth_date IS NOT NULL
), examined AS (
  SELECT aged.*, {{ sql.outside_limits("age", "pool_region", "insurance", limits.benefit_age) }} AS violated FROM aged
)
{% if result == "count" %}
SELECT count(violated) AS examined, count(*) FILTER (WHERE violated) AS violations FROM examined;
{% else %}
SELECT
  id_number AS subject_key, pool_region AS region, insurance, NULL AS period, NULL AS part,
  CAST(age AS VARCHAR) AS value, paid_fen AS amount_diff_fen, source_row, 1 AS row_count
FROM examined
WHERE violated;
{% endif %}
