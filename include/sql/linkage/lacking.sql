-- The keys that a side lacks, as the comparison has found them: table lacking, one row per key and side that lacks it.
-- Parameters:
--   findings  the comparison's findings as a relation
--   kinds     kinds of findings on presence
--   sources   sources of the sides, in order
-- Columns: fingerprint, missing (source), subject_key, region, insurance, period, n<i> (source_row on side i or NULL).
CREATE OR REPLACE TEMP TABLE lacking AS
SELECT fingerprint, source AS missing, subject_key, region, insurance, period
{% for source in sources %}
       , CAST(json_extract_string(evidence, {{ ('$.source_row."' ~ source ~ '"') | literal }}) AS BIGINT) AS n{{ loop.index0 }}
{% endfor %}
FROM {{ findings }} AS findings
WHERE kind IN {{ kinds | literal }} AND field IS NULL;
