-- Headline figures of the open cases as of the night.
-- Relations: classified (see classified.sql).
-- Result: one row: open, exempt, waiting, opened, reopened, severe, carried, amount_fen. Exempt and waiting cases are counted apart.
SELECT
  count(*) FILTER (WHERE NOT exempt AND NOT waiting) AS open_cases,
  count(*) FILTER (WHERE exempt AND NOT waiting) AS exempt,
  count(*) FILTER (WHERE waiting) AS waiting,
  count(*) FILTER (WHERE state = 'new' AND NOT waiting) AS opened,
  count(*) FILTER (WHERE state = 'reopened' AND NOT waiting) AS reopened,
  count(*) FILTER (WHERE severity IN ('block', 'error') AND NOT exempt AND NOT waiting) AS severe,
  count(*) FILTER (WHERE carried AND NOT exempt AND NOT waiting) AS carried,
  CAST(coalesce(sum(stake_fen) FILTER (WHERE NOT exempt), 0) AS BIGINT) AS amount_fen
FROM classified;
