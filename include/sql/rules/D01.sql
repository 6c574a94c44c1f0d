-- rule: D01
-- datasets: benefit, person
-- elsewhere: death
-- about: benefit
-- subject: person
-- needs: benefit.person_no, benefit.period, benefit.paid_fen, person.person_no, person.id_number
-- parameters: {}
-- denominator: benefits of persons who are dead by the source itself or by a register of deaths
-- note: Nothing is paid for a month after that of the death, the source's own or a registered one.
-- Rendered with: benefit, person, death (relations; death of all sources), date, parameters, limits, result ("count" or "rows").
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
    coalesce(dead.id_number, benefit.id_number) AS id_number, benefit.insurance, benefit.period, benefit.pool_region,
    benefit.paid_fen, dead.death_date, benefit.source_row,
    benefit.paid_fen > 0 AND benefit.period > strftime(dead.death_date, '%Y%m') AS violated
  FROM dead
  JOIN {{ benefit }} AS benefit ON benefit.person_no = dead.person_no
)
{% if result == "count" %}
SELECT count(*) AS examined, count(*) FILTER (WHERE violated) AS violations FROM examined;
{% else %}
SELECT
  id_number AS subject_key, pool_region AS region, insurance, period, NULL AS part,
  CAST(death_date AS VARCHAR) AS value, paid_fen AS amount_diff_fen, source_row, 1 AS row_count
FROM examined
WHERE violated;
{% endif %}
