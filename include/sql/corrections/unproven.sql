-- Findings T18: cases that an executed bundle was to settle and that the night still shows.
-- Parameters:
--   findings   relation of the night's findings that could show them
--   date, scope, source, agency, severity, as in the finding
--   fingerprint  SQL expression of the finding's fingerprint over subject_key, insurance, period and mark
-- Reads the table suspects: fingerprint, scope, bundle, round. Columns: those of hedui.findings.FINDING_COLUMNS.
SELECT
    {{ date | literal }} AS business_date,
    {{ scope | literal }} AS scope,
    'T18' AS rule,
    'RULE' AS kind,
    {{ severity | literal }} AS severity,
    dataset,
    {{ source | literal }} AS source,
    {{ agency | literal }} AS agency,
    subject_type,
    subject_key,
    region,
    insurance,
    period,
    field,
    side_values,
    raw_values,
    right_source,
    amount_diff_fen,
    CAST(NULL AS DATE) AS origin_date,
    evidence,
    {{ fingerprint }} AS fingerprint
FROM (
    SELECT f.dataset, f.subject_type, f.subject_key, f.region, f.insurance, f.period, f.field, f.side_values, f.raw_values,
           f.right_source, f.amount_diff_fen, concat_ws('@', f.rule, f.field, f.scope) AS mark,
           CAST(to_json({'bundle': s.bundle, 'round': s.round, 'rule': f.rule, 'scope': f.scope, 'case': f.fingerprint}) AS VARCHAR) AS evidence
    FROM {{ findings }} AS f
    JOIN suspects AS s ON s.fingerprint = f.fingerprint AND s.scope = f.scope
) AS shown
ORDER BY fingerprint
