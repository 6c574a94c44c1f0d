-- How many findings of which kind, rule, agency and severity.
-- Relations: classified (see classified.sql).
-- Result: kind, rule, agency, severity, findings, exempt, opened, amount_fen; without what is taken over from an earlier night.
SELECT
  kind,
  rule,
  coalesce(agency, '') AS agency,
  severity,
  count(*) AS findings,
  count(*) FILTER (WHERE exempt) AS exempt,
  count(*) FILTER (WHERE state = 'new') AS opened,
  CAST(coalesce(sum(stake_fen), 0) AS BIGINT) AS amount_fen
FROM classified
WHERE NOT carried
GROUP BY kind, rule, coalesce(agency, ''), severity
ORDER BY kind, rule, agency, severity;
