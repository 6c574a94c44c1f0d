-- rule: E20
-- datasets: person, enrolment
-- elsewhere: death
-- about: enrolment
-- subject: person
-- needs: person.person_no, person.id_number, enrolment.person_no, enrolment.pay_state, enrolment.insurance
-- parameters: {"grace_days": 30}
-- denominator: enrolments of persons who are dead by the source itself or by a register of deaths
-- note: Some days after a death, the source's own or a registered one, the person's enrolments have ended; paying (1) and suspended (2) ones have not.
-- Rendered with: person, enrolment, death (relations; death of all sources), date, parameters, limits, result ("count" or "rows").
WITH registered AS (
  SELECT id_number, min(death_date) AS death_date
  FROM {{ death }}
  WHERE id_number IS NOT NULL AND death_date IS NOT NULL
  GROUP BY id_number
), dead AS (
  SELECT
    person.person_no, person.id_number,
    least(coalesce(person.death_date, registered.death_date), coalesce(registered.death_date, person.death_date)) AS death_date
  FROM {{ person }} AS person
  LEFT JOIN registered ON registered.id_number = person.id_number
  WHERE person.death_date IS NOT NULL OR registered.death_date IS NOT NULL
), examined AS (
  SELECT
    coalesce(dead.id_number, enrolment.id_number) AS id_number,
    enrolment.insurance,
    enrolment.pool_region,
    dead.death_date,
    enrolment.source_row,
    enrolment.pay_state IN ('1', '2')
      AND dead.death_date + INTERVAL {{ parameters.grace_days | string | literal }} DAY < {{ date | literal }} AS violated
  FROM dead
  JOIN {{ enrolment }} AS enrolment ON enrolment.person_no = dead.person_no
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
