-- What is wrong with the upload as findings: records that wait for a correction, were left out, came twice or late; refused tables.
-- Parameters:
--   date, scope, source, agency  as in the finding
--   subject_type                 person, group
--   fingerprint                  SQL expression of the finding's fingerprint
-- Reads the relation refused: rule, severity, dataset, subject_key, region, period, field, side_values, origin_date, evidence.
-- Columns: those of hedui.findings.FINDING_COLUMNS.
SELECT
    {{ date | literal }} AS business_date,
    {{ scope | literal }} AS scope,
    rule,
    'RULE' AS kind,
    severity,
    dataset,
    {{ source | literal }} AS source,
    {{ agency | literal }} AS agency,
    {{ subject_type | literal }} AS subject_type,
    subject_key,
    region,
    CAST(NULL AS VARCHAR) AS insurance,
    period,
    field,
    side_values,
    CAST(NULL AS VARCHAR) AS raw_values,
    CAST(NULL AS VARCHAR) AS right_source,
    CAST(NULL AS BIGINT) AS amount_diff_fen,
    CAST(origin_date AS DATE) AS origin_date,
    evidence,
    {{ fingerprint }} AS fingerprint
FROM refused
ORDER BY rule, subject_key, field
