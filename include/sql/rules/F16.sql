-- rule: F16
-- datasets: fertility_registration
-- elsewhere: birth
-- about: fertility_registration
-- subject: person
-- needs: fertility_registration.registration_no, fertility_registration.registered_date, fertility_registration.wife_id_number
-- parameters: {"days": 300, "before": 365}
-- denominator: registrations of wives with a number that are not void
-- note: A registration is followed by a birth of the wife within days, or came after one (by at most before days). Births without a registration are found by comparing the births with those that registrations name.
-- zh: 生育登记后参数 days 日内应有女方的出生记录（登记补办的，出生可早于登记 before 日以内）；出生无登记由比对 births_registered 判定。
-- Rendered with: fertility_registration, birth (relations; birth of all sources), date, parameters, limits, result ("count" or "rows").
WITH born AS (
  SELECT mother_id_number, max(birth_date) AS birth_date
  FROM {{ birth }}
  WHERE mother_id_number IS NOT NULL AND birth_date IS NOT NULL AND coalesce(record_state, '1') = '1'
  GROUP BY mother_id_number
), examined AS (
  SELECT
    registrations.registration_no, registrations.registered_date, registrations.wife_living_region, registrations.source_row,
    registrations.registered_date + INTERVAL {{ parameters.days | string | literal }} DAY < {{ date | literal }}
      AND registrations.birth_certificate_no IS NULL
      AND coalesce(born.birth_date < registrations.registered_date - INTERVAL {{ parameters.before | string | literal }} DAY, TRUE) AS violated
  FROM {{ fertility_registration }} AS registrations
  LEFT JOIN born ON born.mother_id_number = registrations.wife_id_number
  WHERE registrations.void_reason IS NULL AND registrations.wife_id_number IS NOT NULL AND registrations.registered_date IS NOT NULL
)
{% if result == "count" %}
SELECT count(*) AS examined, count(*) FILTER (WHERE violated) AS violations FROM examined;
{% else %}
SELECT
  registration_no AS subject_key, wife_living_region AS region, NULL AS insurance, NULL AS period, NULL AS part,
  CAST(registered_date AS VARCHAR) AS value, NULL AS amount_diff_fen, source_row, 1 AS row_count
FROM examined
WHERE violated;
{% endif %}
