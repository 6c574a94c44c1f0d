-- rule: D11
-- datasets: benefit, pension_account
-- limits: minimum_months
-- about: benefit
-- subject: person
-- needs: benefit.person_no, benefit.insurance, benefit.benefit_state, pension_account.person_no, pension_account.insurance, pension_account.year, pension_account.months_total
-- parameters: {}
-- denominator: recipients with an account, in schemes for which limits.csv gives a number of months (name minimum_months) on the business date
-- note: Who receives a benefit has paid (or been deemed to pay) for the scheme's minimum of months; the account's last year tells.
-- Rendered with: benefit, pension_account (relations), date, parameters, limits, result ("count" or "rows").
{% import "rules/conditions.sql" as sql %}
WITH recipients AS (
  SELECT person_no, insurance, min(id_number) AS id_number, min(pool_region) AS pool_region, min(source_row) AS source_row
  FROM {{ benefit }} AS benefit
  WHERE benefit_state = '1'
  GROUP BY person_no, insurance
), ranked AS (
  SELECT person_no, insurance, months_total, row_number() OVER (PARTITION BY person_no, insurance ORDER BY year DESC, source_row) AS turn
  FROM {{ pension_account }} AS accounts
), counted AS (
  SELECT recipients.*, ranked.months_total
  FROM recipients
  JOIN ranked ON ranked.person_no = recipients.person_no AND ranked.insurance = recipients.insurance
  WHERE ranked.turn = 1 AND ranked.months_total IS NOT NULL
), examined AS (
  SELECT counted.*, {{ sql.outside_limits("months_total", "pool_region", "insurance", limits.minimum_months) }} AS violated FROM counted
)
{% if result == "count" %}
SELECT count(violated) AS examined, count(*) FILTER (WHERE violated) AS violations FROM examined;
{% else %}
SELECT
  id_number AS subject_key, pool_region AS region, insurance, NULL AS period, NULL AS part,
  CAST(months_total AS VARCHAR) AS value, NULL AS amount_diff_fen, source_row, 1 AS row_count
FROM examined
WHERE violated;
{% endif %}
