-- Findings of one system's inspection, as a findings partition, without those that carry on from the inspection before.
-- Parameters: date, scope, rule, severity, agency, fingerprint (SQL text over subject_key).
-- Relations: abnormal (subject_key, side_values, evidence). Grain of the result: abnormal item.
SELECT
    {{ date | literal }} AS business_date, {{ scope | literal }} AS scope, {{ rule | literal }} AS rule, 'RULE' AS kind,
    {{ severity | literal }} AS severity, CAST(NULL AS VARCHAR) AS dataset, CAST(NULL AS VARCHAR) AS source,
    {{ agency | literal }} AS agency, 'group' AS subject_type, subject_key, CAST(NULL AS VARCHAR) AS region,
    CAST(NULL AS VARCHAR) AS insurance, CAST(NULL AS VARCHAR) AS period, CAST(NULL AS VARCHAR) AS field,
    side_values, CAST(NULL AS VARCHAR) AS raw_values, CAST(NULL AS VARCHAR) AS right_source,
    CAST(NULL AS BIGINT) AS amount_diff_fen, CAST(NULL AS DATE) AS origin_date, evidence, {{ fingerprint }} AS fingerprint
FROM abnormal
ORDER BY subject_key
