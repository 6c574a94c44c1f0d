-- Deviations per field of snapshot comparisons: which side differs from the right one, and who is called right how often.
-- Relations: classified (see classified.sql), side_fields (scope, source, position, field: the sides that deliver a compared field).
-- A side without the key has no source_row in the evidence and does not deviate.
-- Result: scope, field, rule, position, total, deviating, called_right, undecided; one row per side that delivers the field.
SELECT
  s.scope,
  s.field,
  f.rule,
  s.position,
  count(*) AS total,
  count(*) FILTER (
    WHERE f.right_source IS NOT NULL AND s.source <> f.right_source AND json_extract_string(f.evidence, '$.source_row.' || s.source) IS NOT NULL
      AND json_extract_string(f.side_values, '$.' || s.source) IS DISTINCT FROM json_extract_string(f.side_values, '$.' || f.right_source)
  ) AS deviating,
  count(*) FILTER (WHERE f.right_source = s.source) AS called_right,
  count(*) FILTER (WHERE f.right_source IS NULL) AS undecided
FROM side_fields AS s
JOIN classified AS f ON f.scope = s.scope AND f.field = s.field AND NOT f.carried AND f.kind NOT IN ('DUP', 'KEY', 'KEYMAP')
GROUP BY s.scope, s.field, f.rule, s.position
ORDER BY s.scope, s.field, f.rule, s.position;
