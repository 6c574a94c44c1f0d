-- 参保登记: who is registered at the end of the period, per payer, region, unit and person. Kept for the period.
-- Parameters: residents, flexible; relations: enrolment (the state at the end of the period). See heads.jinja.
-- Result: payer, region, unit_no, person_no; bits of the insurances: registered, due (paying), suspended; enrolments.
{% import 'statistics/heads.jinja' as by with context %}
{% import 'statistics/payer.jinja' as payer with context %}
-- A table, so that the engine knows how small it is, and does not hold the dataset in memory to join the two.
CREATE OR REPLACE TEMP TABLE insurances AS {{ by.bits('insurance', 'enrolment') }};
SELECT {{ payer.enrolled('e') }} AS payer, e.pool_region AS region, e.unit_no, e.person_no,
    bit_or(i.bit) AS registered,
    bit_or(CASE WHEN e.pay_state = '1' THEN i.bit ELSE 0 END) AS due,
    bit_or(CASE WHEN e.pay_state = '2' THEN i.bit ELSE 0 END) AS suspended,
    count(*) AS enrolments
FROM enrolment AS e JOIN insurances AS i ON i.sheet_key = coalesce(e.insurance, '')
WHERE e.enrol_state IN ('1', '2')
GROUP BY 1, 2, 3, 4;
