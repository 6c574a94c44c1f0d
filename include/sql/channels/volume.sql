-- What came through a channel by day: rows, fen, and how many of them were refused; reversals and refunds are left out.
-- Parameters: returns (whether the relation is bank_return; else payments).
-- Relations: bank_return, or paid (day, amount_fen). Grain of the result: day, in order.
{% if returns %}
SELECT bank_date AS day, count(*) AS row_count, sum(coalesce(paid_fen, 0)) AS amount_fen,
    sum(CASE WHEN coalesce(paid_status, '?') <> '1' THEN 1 ELSE 0 END) AS refused
FROM bank_return
WHERE coalesce(reversal_flag, '0') <> '1' AND bank_date IS NOT NULL
GROUP BY bank_date
ORDER BY bank_date
{% else %}
SELECT day, count(*) AS row_count, sum(amount_fen) AS amount_fen, 0 AS refused
FROM paid
GROUP BY day
ORDER BY day
{% endif %}
