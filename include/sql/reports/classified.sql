-- Findings of the night with what the ledger knows of their cases: the base of every figure and of the details.
-- Relations: findings (FINDING_COLUMNS, carried BOOLEAN: taken over from the scope's last night because it did not run tonight),
--   cases (fingerprint, first_seen, state, exempt), ages (begun, age in working days).
-- Result: one row per finding. stake_fen is the money at stake: NULL for sums of groups, which repeat their details' money, and for
--   what is in transit or was cut off, which is not a difference.
SELECT
  f.*,
  CASE
    WHEN c.exempt THEN 'exempt'
    WHEN f.carried THEN 'carried'
    ELSE coalesce(c.state, 'unknown')
  END AS state,
  coalesce(a.age, 0) AS age,
  coalesce(c.exempt, FALSE) AS exempt,
  CASE
    WHEN f.subject_type = 'group' OR f.kind IN ('IN_TRANSIT', 'CUTOFF') THEN NULL
    ELSE abs(f.amount_diff_fen)
  END AS stake_fen
FROM findings AS f
LEFT JOIN cases AS c ON c.fingerprint = f.fingerprint
LEFT JOIN ages AS a ON a.begun = coalesce(f.origin_date, c.first_seen);
