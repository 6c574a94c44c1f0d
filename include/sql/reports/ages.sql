-- Open cases by responsible agency, kind and age in working days.
-- Relations: classified (see classified.sql).
-- Result: agency, kind, age, cases, amount_fen; without what is exempt or waiting.
SELECT
  coalesce(agency, '') AS agency,
  kind,
  age,
  count(*) AS cases,
  CAST(coalesce(sum(stake_fen), 0) AS BIGINT) AS amount_fen
FROM classified
WHERE NOT exempt AND NOT waiting
GROUP BY coalesce(agency, ''), kind, age
ORDER BY agency, kind, age;
