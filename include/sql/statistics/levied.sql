-- 已申报: who has a notice in the period, per payer, region, unit and person. Kept for the period.
-- Parameters: residents; relations: levy (the period's business dates). See heads.jinja.
-- Result: payer, region, unit_no, person_no; bits of the insurances: declared.
{% import 'statistics/heads.jinja' as by with context %}
{% import 'statistics/payer.jinja' as payer with context %}
-- A table, so that the engine knows how small it is, and does not hold the dataset in memory to join the two.
CREATE OR REPLACE TEMP TABLE insurances AS {{ by.bits('insurance', 'levy') }};
SELECT {{ payer.paying('l') }} AS payer, l.pool_region AS region, l.unit_no, l.person_no, bit_or(i.bit) AS declared
FROM levy AS l JOIN insurances AS i ON i.sheet_key = coalesce(l.insurance, '')
GROUP BY 1, 2, 3, 4;
