-- The unit of each finding of a comparison, by the source rows that its evidence names: table finding_units (fingerprint, unit).
-- Parameters:
--   findings    relation of the findings
--   partitions  per side and date, in the order of the sides: position, source, date, relation of the canonical partition
CREATE OR REPLACE TEMP TABLE finding_units AS
WITH named AS (
{% for part in partitions %}
  SELECT f.fingerprint, {{ part.position }} AS position, c.unit_no
  FROM {{ findings }} AS f
  JOIN {{ part.relation }} AS c ON c.source_row = CAST(json_extract_string(f.evidence, {{ ("$.source_row." ~ part.source) | literal }}) AS BIGINT)
  WHERE coalesce(f.origin_date, f.business_date) = {{ part.date | literal }} AND c.unit_no IS NOT NULL
{{ "  UNION ALL" if not loop.last }}
{% else %}
  SELECT CAST(NULL AS VARCHAR) AS fingerprint, 0 AS position, CAST(NULL AS VARCHAR) AS unit_no WHERE FALSE
{% endfor %}
)
SELECT fingerprint, min_by(unit_no, position) AS unit
FROM named
GROUP BY fingerprint;
