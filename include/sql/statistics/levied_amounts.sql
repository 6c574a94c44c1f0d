-- 应征金额: what was levied in the period, per payer, region, unit and insurance. Kept for the period.
-- Parameters: residents; relations: levy (the period's business dates). Result: payer, region, unit_no, insurance, levied_fen.
{% import 'statistics/payer.jinja' as payer with context %}
SELECT {{ payer.paying('l') }} AS payer, l.pool_region AS region, l.unit_no, l.insurance,
    CAST(sum(coalesce(l.unit_due_fen, 0) + coalesce(l.person_due_fen, 0)) AS BIGINT) AS levied_fen
FROM levy AS l
GROUP BY 1, 2, 3, 4;
