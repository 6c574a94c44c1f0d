-- 银行渠道: deductions that were asked for, made and refused, by bank (source) and insurance; reversals apart.
-- Relations: bank_return (the period's business dates). Every level is counted anew (CUBE); * stands for all.
SELECT coalesce(row_key, '*') AS row_key, coalesce(sheet_key, '*') AS sheet_key,
    count(DISTINCT unit_no) AS units,
    sum(CASE WHEN reversed = 0 THEN 1 ELSE 0 END) AS requests,
    sum(CASE WHEN reversed = 0 THEN requested_fen ELSE 0 END) AS requested_fen,
    sum(CASE WHEN reversed = 0 AND paid_status = '1' THEN 1 ELSE 0 END) AS deductions,
    sum(CASE WHEN reversed = 0 AND paid_status = '1' THEN paid_fen ELSE 0 END) AS deducted_fen,
    sum(CASE WHEN reversed = 0 AND paid_status <> '1' THEN 1 ELSE 0 END) AS refused,
    sum(CASE WHEN reversed = 0 AND paid_status <> '1' THEN requested_fen ELSE 0 END) AS refused_fen,
    sum(CASE WHEN reversed = 1 THEN 1 ELSE 0 END) AS reversals,
    sum(CASE WHEN reversed = 1 THEN abs(paid_fen) ELSE 0 END) AS reversed_fen
FROM (
    SELECT source AS row_key, coalesce(insurance, '') AS sheet_key, tax_unit_no AS unit_no, coalesce(paid_status, '?') AS paid_status,
        coalesce(requested_fen, 0) AS requested_fen, coalesce(paid_fen, 0) AS paid_fen,
        CASE WHEN reversal_flag = '1' THEN 1 ELSE 0 END AS reversed
    FROM bank_return
)
GROUP BY CUBE (row_key, sheet_key)
ORDER BY row_key, sheet_key;
