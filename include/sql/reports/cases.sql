-- Headline figures of the open cases as of the night.
-- Relations: classified (see classified.sql).
-- Result: one row: open, exempt, opened, reopened, severe, carried, amount_fen. Exempt cases are counted apart.
SELECT
  count(*) FILTER (WHERE NOT exempt) AS open_cases,
  count(*) FILTER (WHERE exempt) AS exempt,
  count(*) FILTER (WHERE state = 'new') AS opened,
  count(*) FILTER (WHERE state = 'reopened') AS reopened,
  count(*) FILTER (WHERE severity IN ('block', 'error') AND NOT exempt) AS severe,
  count(*) FILTER (WHERE carried) AS carried,
  CAST(coalesce(sum(stake_fen) FILTER (WHERE NOT exempt), 0) AS BIGINT) AS amount_fen
FROM classified;
