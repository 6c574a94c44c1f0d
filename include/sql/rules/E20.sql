-- rule: E20
-- datasets: person, enrolment
-- about: enrolment
-- subject: person
-- needs: person.person_no, person.death_date, enrolment.person_no, enrolment.pay_state, enrolment.insurance
-- parameters: {"grace_days": 30}
-- denominator: enrolments of persons of the same source who have a death date
-- note: Some days after a death the person's enrolments have ended; paying (1) and suspended (2) ones have not.
-- Rendered with: person, enrolment (relations), date, parameters, result ("count" or "rows").
WITH examined AS (
  SELECT
    coalesce(person.id_number, enrolment.id_number) AS id_number,
    enrolment.insurance,
    enrolment.pool_region,
    person.death_date,
    enrolment.source_row,
    enrolment.pay_state IN ('1', '2')
      AND person.death_date + INTERVAL {{ parameters.grace_days | string | literal }} DAY < {{ date | literal }} AS violated
  FROM {{ person }} AS person
  JOIN {{ enrolment }} AS enrolment ON enrolment.person_no = person.person_no
  WHERE person.death_date IS NOT NULL
)
{% if result == "count" %}
SELECT count(*) AS examined, count(*) FILTER (WHERE violated) AS violations FROM examined;
{% else %}
SELECT
  id_number AS subject_key, pool_region AS region, insurance, NULL AS period, NULL AS part,
  CAST(death_date AS VARCHAR) AS value, NULL AS amount_diff_fen, source_row, 1 AS row_count
FROM examined
WHERE violated;
{% endif %}
