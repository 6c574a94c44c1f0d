-- rule: E15
-- datasets: person, enrolment, benefit
-- limits: minimum_months
-- about: enrolment
-- subject: person
-- needs: person.person_no, person.sex, person.birth_date, enrolment.person_no, enrolment.insurance, enrolment.enrol_state, benefit.person_no, benefit.insurance
-- parameters: {"ages": ["110/1/720/4/36", "150/1/720/0/0", "150/2/720/0/0"], "oldest": 110}
-- denominator: insured persons (1) who have reached the age of their scheme and sex
-- note: Who has reached the age, and paid for the minimum of months where limits.csv has one (minimum_months), has a benefit or an application for one. Who still lacks months goes on paying. The parameter ages says insurance/sex/months of age; behind them the rise since 2025: one month more per so many months of birth, up to so many (0/0: none). Women of scheme 110 are not in it by default: their age depends on their post. Persons older than the parameter oldest are P06's.
-- Rendered with: person, enrolment, benefit (relations), date, parameters, limits, result ("count" or "rows").
{% import "rules/conditions.sql" as sql %}
{% set today = date.year * 12 + date.month - 1 %}
WITH tracks AS (
{% for track in parameters.ages %}
{% set parts = track.split("/") %}
  {{ "UNION ALL " if not loop.first }}SELECT {{ parts[0] | literal }} AS insurance, {{ parts[1] | literal }} AS sex,
    {{ parts[2] | int }} AS age_months, {{ parts[3] | int }} AS step, {{ parts[4] | int }} AS most
{% else %}
  SELECT NULL AS insurance, NULL AS sex, 0 AS age_months, 0 AS step, 0 AS most WHERE FALSE
{% endfor %}
), old AS (
  SELECT
    enrolment.id_number, enrolment.person_no, enrolment.insurance, enrolment.pool_region, enrolment.months_paid, enrolment.source_row,
    year(person.birth_date) * 12 + month(person.birth_date) - 1 AS born,
    year(person.birth_date) * 12 + month(person.birth_date) - 1 + tracks.age_months AS due, tracks.step, tracks.most
  FROM {{ enrolment }} AS enrolment
  JOIN {{ person }} AS person ON person.person_no = enrolment.person_no
  JOIN tracks ON tracks.insurance = enrolment.insurance AND tracks.sex = person.sex
  WHERE enrolment.enrol_state = '1' AND person.birth_date IS NOT NULL
), reached AS (
  SELECT old.*
  FROM old
  WHERE {{ today }} - born <= {{ parameters.oldest | int * 12 }}
    AND due + CASE WHEN step > 0 AND due >= {{ 2025 * 12 }} THEN least(floor((due - {{ 2025 * 12 }}) / step) + 1, most) ELSE 0 END < {{ today }}
), examined AS (
  SELECT
    reached.*,
    benefits.person_no IS NULL
      AND NOT coalesce({{ sql.outside_limits("reached.months_paid", "reached.pool_region", "reached.insurance", limits.minimum_months) }}, FALSE) AS violated
  FROM reached
  LEFT JOIN (SELECT DISTINCT person_no, insurance FROM {{ benefit }} AS rows_) AS benefits
    ON benefits.person_no = reached.person_no AND benefits.insurance = reached.insurance
)
{% if result == "count" %}
SELECT count(*) AS examined, count(*) FILTER (WHERE violated) AS violations FROM examined;
{% else %}
SELECT
  id_number AS subject_key, pool_region AS region, insurance, NULL AS period, NULL AS part,
  CAST(months_paid AS VARCHAR) AS value, NULL AS amount_diff_fen, source_row, 1 AS row_count
FROM examined
WHERE violated;
{% endif %}
