-- The open problems of a source's batches as findings.
-- Parameters:
--   date, scope, source  as in the finding
--   fingerprint          SQL expression of the finding's fingerprint
-- Reads the relation problem: rule, kind, severity, agency, dataset, subject_key, origin_date, evidence.
-- Columns: those of hedui.findings.FINDING_COLUMNS.
SELECT
    {{ date | literal }} AS business_date,
    {{ scope | literal }} AS scope,
    rule,
    kind,
    severity,
    dataset,
    {{ source | literal }} AS source,
    agency,
    'batch' AS subject_type,
    subject_key,
    CAST(NULL AS VARCHAR) AS region,
    CAST(NULL AS VARCHAR) AS insurance,
    CAST(NULL AS VARCHAR) AS period,
    CAST(NULL AS VARCHAR) AS field,
    CAST(NULL AS VARCHAR) AS side_values,
    CAST(NULL AS VARCHAR) AS raw_values,
    CAST(NULL AS VARCHAR) AS right_source,
    CAST(NULL AS BIGINT) AS amount_diff_fen,
    CAST(origin_date AS DATE) AS origin_date,
    evidence,
    {{ fingerprint }} AS fingerprint
FROM problem
ORDER BY rule, subject_key
