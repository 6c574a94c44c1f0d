-- rule: T16
-- datasets: pension_account, enrolment
-- about: pension_account
-- subject: person
-- needs: pension_account.person_no, pension_account.insurance, pension_account.year, pension_account.account_state, enrolment.person_no, enrolment.insurance, enrolment.enrol_state
-- parameters: {"contradictions": ["1/2", "1/3", "4/0", "4/1"]}
-- denominator: accounts (their last year) of persons whose enrolment (the last spell) has a known state
-- note: An account's state fits the enrolment's: who is insured has no account that is closed or moved away, whose enrolment has ended has none that runs. The parameter contradictions lists what does not fit: enrolment state/account state.
-- Rendered with: pension_account, enrolment (relations), date, parameters, limits, result ("count" or "rows").
{% import "rules/conditions.sql" as sql %}
WITH accounts AS (
  SELECT
    person_no, insurance, id_number, pool_region, year, account_state, source_row,
    row_number() OVER (PARTITION BY person_no, insurance ORDER BY year DESC, source_row) AS turn
  FROM {{ pension_account }} AS rows_
), spells AS (
  SELECT person_no, insurance, enrol_state, row_number() OVER (PARTITION BY person_no, insurance ORDER BY start_date DESC, source_row) AS turn
  FROM {{ enrolment }} AS rows_
), paired AS (
  SELECT accounts.*, concat(spells.enrol_state, '/', accounts.account_state) AS states
  FROM accounts
  JOIN spells ON spells.person_no = accounts.person_no AND spells.insurance = accounts.insurance AND spells.turn = 1
  WHERE accounts.turn = 1 AND {{ sql.known_code("accounts.account_state") }} AND {{ sql.known_code("spells.enrol_state") }}
), examined AS (
  SELECT paired.*, {{ sql.is_in("states", parameters.contradictions) }} AS violated FROM paired
)
{% if result == "count" %}
SELECT count(*) AS examined, count(*) FILTER (WHERE violated) AS violations FROM examined;
{% else %}
SELECT
  id_number AS subject_key, pool_region AS region, insurance, NULL AS period, NULL AS part,
  states AS value, NULL AS amount_diff_fen, source_row, 1 AS row_count
FROM examined
WHERE violated;
{% endif %}
