-- Findings of the night and the money at stake by the region that they had on the night.
-- Relations: classified (see classified.sql), with region_was where codes are restated.
-- Result: region (NULL where a finding has none), findings, amount_fen; without what is waiting, exempt or taken over.
SELECT region_was AS region, count(*) AS findings, CAST(coalesce(sum(stake_fen), 0) AS BIGINT) AS amount_fen
FROM classified
WHERE NOT carried AND NOT waiting AND NOT exempt
GROUP BY region_was
ORDER BY region_was;
