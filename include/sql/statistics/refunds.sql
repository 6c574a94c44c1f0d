-- 退费: refunds by region and insurance as 社保 keeps them, paid out and returned by the bank.
-- Relations: refund (the period's business dates). Every level is counted anew (CUBE); * stands for all.
SELECT coalesce(row_key, '*') AS row_key, coalesce(sheet_key, '*') AS sheet_key,
    count(DISTINCT person_no) AS persons,
    count(*) AS refunds,
    sum(amount_fen) AS refund_fen,
    sum(CASE WHEN refund_status = '1' THEN 1 ELSE 0 END) AS paid_out,
    sum(CASE WHEN refund_status = '1' THEN amount_fen ELSE 0 END) AS paid_out_fen,
    sum(CASE WHEN returned_flag = '1' THEN 1 ELSE 0 END) AS returned,
    sum(CASE WHEN returned_flag = '1' THEN amount_fen ELSE 0 END) AS returned_fen
FROM (
    SELECT coalesce(pool_region, '') AS row_key, coalesce(insurance, '') AS sheet_key, person_no, refund_status, returned_flag,
        coalesce(unit_refund_fen, 0) + coalesce(person_refund_fen, 0) + coalesce(late_fee_refund_fen, 0)
            + coalesce(interest_refund_fen, 0) AS amount_fen
    FROM refund
)
GROUP BY CUBE (row_key, sheet_key)
ORDER BY row_key, sheet_key;
