-- The finding B12 that a source has not delivered for a business date; no row where it has.
-- Parameters:
--   date, source, agency, severity  as in the finding
--   missing   whether the source has not delivered
--   evidence  JSON text: the reason, and by when it was expected
--   fingerprint  SQL expression of the finding's fingerprint
-- Columns: those of hedui.findings.FINDING_COLUMNS.
SELECT
    {{ date | literal }} AS business_date,
    {{ ("arrival:" ~ source) | literal }} AS scope,
    'B12' AS rule,
    'ARRIVAL' AS kind,
    {{ severity | literal }} AS severity,
    CAST(NULL AS VARCHAR) AS dataset,
    {{ source | literal }} AS source,
    {{ agency | literal }} AS agency,
    'batch' AS subject_type,
    {{ source | literal }} AS subject_key,
    CAST(NULL AS VARCHAR) AS region,
    CAST(NULL AS VARCHAR) AS insurance,
    CAST(NULL AS VARCHAR) AS period,
    CAST(NULL AS VARCHAR) AS field,
    CAST(NULL AS VARCHAR) AS side_values,
    CAST(NULL AS VARCHAR) AS raw_values,
    CAST(NULL AS VARCHAR) AS right_source,
    CAST(NULL AS BIGINT) AS amount_diff_fen,
    CAST(NULL AS DATE) AS origin_date,
    {{ evidence | literal }} AS evidence,
    {{ fingerprint }} AS fingerprint
WHERE {{ missing | literal }}
