-- Payments of a channel, one row per detail number, refunds left out.
-- Parameters: relation (payment or payment_unit). Grain of the result: detail number.
SELECT detail_no, min(paid_date) AS day,
    sum(coalesce(unit_paid_fen, 0) + coalesce(person_paid_fen, 0) + coalesce(late_fee_fen, 0)) AS amount_fen
FROM {{ relation | ident }}
WHERE payment_flag = 'pay' AND paid_date IS NOT NULL AND detail_no IS NOT NULL
GROUP BY detail_no
