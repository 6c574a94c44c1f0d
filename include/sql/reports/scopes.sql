-- Findings and money at stake per scope of tonight.
-- Relations: classified (see classified.sql).
-- Result: scope, findings, amount_fen.
SELECT scope, count(*) AS findings, CAST(coalesce(sum(stake_fen), 0) AS BIGINT) AS amount_fen
FROM classified
WHERE NOT carried
GROUP BY scope
ORDER BY scope;
