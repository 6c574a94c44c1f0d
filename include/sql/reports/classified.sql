-- Findings of the night with what the ledger knows of their cases: the base of every figure and of the details.
-- Relations: findings (FINDING_COLUMNS, carried BOOLEAN: taken over from the scope's last night because it did not run tonight),
--   cases (fingerprint, exempt, age in working days, state: new, still or reopened).
-- Result: one row per finding. about_field: the field that it shows, also where the finding is not told apart by it. summed: about a
--   group of rows, not about a person or unit. waiting: in transit or cut off, which is no difference yet.
--   stake_fen is the money at stake: NULL for sums of groups, which repeat their details' money, and for what is waiting.
SELECT
  f.*,
  coalesce(f.field, json_extract_string(f.evidence, '$.field')) AS about_field,
  f.subject_type = 'group' OR f.kind IN ('TOTAL', 'COUNT') AS summed,
  CASE
    WHEN c.exempt THEN 'exempt'
    WHEN f.carried THEN 'carried'
    ELSE coalesce(c.state, 'unknown')
  END AS state,
  coalesce(c.age, 0) AS age,
  coalesce(c.exempt, FALSE) AS exempt,
  f.kind IN ('IN_TRANSIT', 'CUTOFF') AS waiting,
  CASE
    WHEN f.subject_type = 'group' OR f.kind IN ('TOTAL', 'COUNT', 'IN_TRANSIT', 'CUTOFF') THEN NULL
    ELSE abs(f.amount_diff_fen)
  END AS stake_fen
FROM findings AS f
LEFT JOIN cases AS c ON c.fingerprint = f.fingerprint;
