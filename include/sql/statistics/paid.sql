-- 已缴: who has paid or got a refund in the period, per payer, region, unit and person. Kept for the period.
-- Parameters: residents; relations: payment (the period's business dates). See heads.jinja.
-- Result: payer, region, unit_no, person_no; bits of the insurances: paid, refunded.
{% import 'statistics/heads.jinja' as by with context %}
{% import 'statistics/payer.jinja' as payer with context %}
-- A table, so that the engine knows how small it is, and does not hold the dataset in memory to join the two.
CREATE OR REPLACE TEMP TABLE insurances AS {{ by.bits('insurance', 'payment') }};
SELECT {{ payer.paying('p') }} AS payer, p.pool_region AS region, p.unit_no, p.person_no,
    bit_or(CASE WHEN p.payment_flag = 'pay' THEN i.bit ELSE 0 END) AS paid,
    bit_or(CASE WHEN p.payment_flag = 'refund' THEN i.bit ELSE 0 END) AS refunded
FROM payment AS p JOIN insurances AS i ON i.sheet_key = coalesce(p.insurance, '')
GROUP BY 1, 2, 3, 4;
