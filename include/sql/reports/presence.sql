-- Per snapshot comparison and side: keys that the side lacks, rows with a key of another, rows without a usable key.
-- Relations: classified (see classified.sql), sides (scope, source, position).
-- Result: scope, position, missing, duplicates, unusable.
SELECT
  s.scope,
  s.position,
  count(*) FILTER (WHERE f.kind IN ('MISSING_TIER', 'ONLY_LEFT', 'ONLY_RIGHT')) AS missing,
  count(*) FILTER (WHERE f.kind = 'DUP') AS duplicates,
  count(*) FILTER (WHERE f.kind IN ('KEY', 'KEYMAP')) AS unusable
FROM sides AS s
JOIN classified AS f ON f.scope = s.scope AND f.source = s.source AND NOT f.carried
GROUP BY s.scope, s.position
ORDER BY s.scope, s.position;
