-- Records of a source that a night's new findings are about, with the rules that they broke.
-- Parameters:
--   findings  relation of the night's findings
--   before    relation of the findings of the night before it, whose records have been told already; null where there is none
--   source    source id
--   datasets  list of {scope, dataset}: the source's dataset in each scope
--   rules     rules whose findings are told
-- Columns: dataset, delivered (the date whose partition holds the record), source_row, rule. Grain: record × rule.
WITH told AS (
    SELECT
        scope, rule, origin_date, business_date,
        CAST(json_extract_string(evidence, {{ ("$.source_row." ~ source) | literal }}) AS BIGINT) AS source_row,
        CAST(json_extract_string(evidence, {{ ("$.date." ~ source) | literal }}) AS DATE) AS row_date
    FROM {{ findings }}
    WHERE rule IN {{ rules | literal }}
{% if before %}
        AND fingerprint NOT IN (SELECT fingerprint FROM {{ before }})
{% endif %}
)

SELECT DISTINCT
    CASE scope
{% for item in datasets %}
        WHEN {{ item.scope | literal }} THEN {{ item.dataset | literal }}
{% endfor %}
    END AS dataset,
    coalesce(row_date, origin_date, business_date) AS delivered,
    source_row,
    rule
FROM told
WHERE source_row IS NOT NULL
ORDER BY dataset, delivered, source_row, rule
