-- 实缴金额: what was paid and refunded in the period, per payer, region, unit and insurance. Kept for the period.
-- Parameters: residents, end; relations: payment (the period's business dates).
-- Result: payer, region, unit_no, insurance; of payments details (rows), base_fen, unit_paid_fen, person_paid_fen, extra_fen (late fees and
-- interest), subsidy_fen, treasury_fen (in the treasury by the end of the period); of refunds refunds (rows), refund_fen (positive).
{% import 'statistics/payer.jinja' as payer with context %}
WITH lines AS (
    SELECT {{ payer.paying('p') }} AS payer, p.pool_region AS region, p.unit_no, p.insurance,
        CASE WHEN p.payment_flag = 'pay' THEN 1 ELSE 0 END AS pays, CASE WHEN p.payment_flag = 'refund' THEN 1 ELSE 0 END AS refunds,
        CASE WHEN p.treasury_date <= {{ end | literal }} THEN 1 ELSE 0 END AS entered,
        coalesce(p.pay_base_fen, 0) AS base_fen, coalesce(p.unit_paid_fen, 0) AS unit_paid_fen,
        coalesce(p.person_paid_fen, 0) AS person_paid_fen, coalesce(p.subsidy_fen, 0) AS subsidy_fen,
        coalesce(p.late_fee_fen, 0) + coalesce(p.unit_interest_fen, 0) + coalesce(p.person_interest_fen, 0) AS extra_fen
    FROM payment AS p
)
SELECT payer, region, unit_no, insurance,
    CAST(sum(pays) AS BIGINT) AS details,
    {% for amount in ('base_fen', 'unit_paid_fen', 'person_paid_fen', 'extra_fen', 'subsidy_fen') %}
    CAST(sum(pays * {{ amount }}) AS BIGINT) AS {{ amount }},
    {% endfor %}
    CAST(sum(pays * entered * (unit_paid_fen + person_paid_fen)) AS BIGINT) AS treasury_fen,
    CAST(sum(refunds) AS BIGINT) AS refunds,
    CAST(-sum(refunds * (unit_paid_fen + person_paid_fen)) AS BIGINT) AS refund_fen
FROM lines
GROUP BY payer, region, unit_no, insurance;
