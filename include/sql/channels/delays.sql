-- How many days payments took to the treasury's entry and to 社保's record; of those that have not arrived, how long they have waited.
-- Parameters: today.
-- Relations: paid (detail_no, day), treasury_receipt, fund_receipt. Grain of the result: stage × arrived × days.
SELECT stage, arrived, days, count(*) AS row_count
FROM (
    SELECT 'treasury' AS stage, CASE WHEN t.day IS NULL THEN 0 ELSE 1 END AS arrived,
        datediff('day', p.day, coalesce(t.day, {{ today | literal }})) AS days
    FROM paid AS p
    LEFT JOIN (
        SELECT detail_no, min(treasury_date) AS day
        FROM treasury_receipt
        WHERE coalesce(reversal_flag, '0') <> '1'
        GROUP BY detail_no
    ) AS t ON t.detail_no = p.detail_no
    UNION ALL
    SELECT 'fund' AS stage, CASE WHEN f.day IS NULL THEN 0 ELSE 1 END AS arrived,
        datediff('day', p.day, coalesce(f.day, {{ today | literal }})) AS days
    FROM paid AS p
    LEFT JOIN (SELECT detail_no, min(received_date) AS day FROM fund_receipt GROUP BY detail_no) AS f ON f.detail_no = p.detail_no
) AS arrivals
GROUP BY stage, arrived, days
ORDER BY stage, arrived, days
