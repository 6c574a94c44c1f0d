-- What explains many findings at once: the same field changing from one value to another on one side, with the region where most of it is.
-- Parameters: personal (fields whose values are not shown), least (findings that a pattern must explain).
-- Relations: classified (see classified.sql), scope_names (scope, name, first, second, third).
-- Result: scope, kind, rule, field, source, dataset, from_value, to_value, region (NULL where no region has three fifths), findings, scope_findings,
--   amount_fen; the strongest first. For money, from and to say only which party has more.
WITH tonight AS (
  SELECT
    c.scope, c.kind, c.rule, c.about_field AS field, c.source, c.dataset, coalesce(c.region, '') AS region, c.stake_fen,
    CASE
      WHEN c.kind = 'AMT' AND c.amount_diff_fen > 0 THEN '甲方多'
      WHEN c.kind = 'AMT' THEN '乙方多'
      WHEN c.about_field IS NULL OR c.kind = 'RULE' OR c.about_field IN {{ personal | literal }} THEN NULL
      ELSE coalesce(json_extract_string(c.side_values, '$.' || coalesce(c.right_source, n.first)), '（空）')
    END AS from_value,
    CASE
      WHEN c.about_field IS NULL OR c.kind IN ('RULE', 'AMT') OR c.about_field IN {{ personal | literal }} THEN NULL
      ELSE coalesce(json_extract_string(c.side_values, '$.' || c.source), '（空）')
    END AS to_value
  FROM classified AS c
  LEFT JOIN scope_names AS n ON n.scope = c.scope
  WHERE NOT c.carried AND NOT c.waiting AND c.kind NOT IN ('ARRIVAL', 'TOTAL', 'COUNT')
), regional AS (
  SELECT
    scope, kind, rule, field, source, dataset, from_value, to_value, region, count(*) AS findings,
    CAST(coalesce(sum(stake_fen), 0) AS BIGINT) AS amount_fen
  FROM tonight
  GROUP BY scope, kind, rule, field, source, dataset, from_value, to_value, region
), whole AS (
  SELECT
    scope, kind, rule, field, source, dataset, from_value, to_value,
    max_by(region, findings) AS region,
    max(findings) AS most,
    CAST(sum(findings) AS BIGINT) AS findings,
    CAST(sum(amount_fen) AS BIGINT) AS amount_fen
  FROM regional
  GROUP BY scope, kind, rule, field, source, dataset, from_value, to_value
), scopes AS (
  SELECT scope, count(*) AS scope_findings FROM tonight GROUP BY scope
)
SELECT
  w.scope, w.kind, w.rule, w.field, w.source, w.dataset, w.from_value, w.to_value,
  CASE WHEN w.most * 5 >= w.findings * 3 THEN nullif(w.region, '') END AS region,
  w.findings, s.scope_findings, w.amount_fen
FROM whole AS w
JOIN scopes AS s ON s.scope = w.scope
WHERE w.findings >= {{ least }}
ORDER BY w.findings DESC, w.scope, w.kind, w.rule, w.field, w.source, w.dataset, w.from_value, w.to_value;
