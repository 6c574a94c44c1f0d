-- rule: F23
-- datasets: birth
-- elsewhere: household, death
-- about: birth
-- subject: person
-- needs: birth.certificate_no, birth.birth_date, birth.health_state
-- parameters: {"days": 28, "dead": ["9"]}
-- denominator: live births whose death is registered, known by the number that the child's household has
-- note: A death within days of the birth that a register of deaths has is known to the birth platform (health_state is one of dead).
-- zh: 死亡登记中出生后参数 days（28）日内死亡的新生儿，出生记录的健康状况应为参数 dead 所列代码；以落户的公民身份号码关联。
-- Rendered with: birth, household, death (relations; household and death of all sources), date, parameters, limits, result ("count" or "rows").
{% import "rules/conditions.sql" as sql %}
WITH registered AS (
  SELECT household.certificate_no, min(death.death_date) AS death_date
  FROM {{ household }} AS household
  JOIN {{ death }} AS death ON death.id_number = household.id_number
  WHERE household.certificate_no IS NOT NULL AND death.death_date IS NOT NULL
  GROUP BY household.certificate_no
), examined AS (
  SELECT
    birth.certificate_no, birth.region, birth.source_row, birth.health_state,
    date_diff('day', birth.birth_date, registered.death_date) BETWEEN 0 AND {{ parameters.days | literal }}
      AND NOT coalesce({{ sql.is_in("birth.health_state", parameters.dead) }}, FALSE) AS violated
  FROM {{ birth }} AS birth
  JOIN registered ON registered.certificate_no = birth.certificate_no
  WHERE coalesce(birth.record_state, '1') = '1' AND birth.birth_date IS NOT NULL
)
{% if result == "count" %}
SELECT count(*) AS examined, count(*) FILTER (WHERE violated) AS violations FROM examined;
{% else %}
SELECT
  certificate_no AS subject_key, region, NULL AS insurance, NULL AS period, NULL AS part,
  health_state AS value, NULL AS amount_diff_fen, source_row, 1 AS row_count
FROM examined
WHERE violated;
{% endif %}
