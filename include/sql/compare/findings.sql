-- Findings in their final shape from the hits of a comparison: table findings.
-- Parameters:
--   columns        name -> type of the findings' columns (hedui.findings)
--   business_date  the night's date
--   scope          comparison id
--   subject_type   person, unit ...
--   origin         expression of origin_date over hits (alias h)
--   fingerprint    expression of the fingerprint (hedui.findings.fingerprint_sql over h.rule, h.subject_key ... and h.mark)
--   who            per rule and source: rule, source, dataset, severity, agency; rules that the site switched off are not in it
CREATE OR REPLACE TEMP TABLE findings AS
WITH who AS (
  SELECT * FROM (VALUES
{% for row in who %}
    {{ row | literal }}{{ "," if not loop.last }}
{% endfor %}
  ) AS w(rule, source, dataset, severity, agency)
),
named AS (
  SELECT h.*, {{ business_date | literal }} AS business_date, {{ scope | literal }} AS scope, {{ subject_type | literal }} AS subject_type,
         w.dataset, w.agency, coalesce(h.severity, w.severity) AS final_severity,
         {{ origin }} AS origin_date, {{ fingerprint }} AS fingerprint
  FROM hits AS h
  JOIN who AS w ON w.rule = h.rule AND w.source = h.source
)
SELECT
{% for name, type in columns.items() %}
  CAST({{ "final_severity" if name == "severity" else name }} AS {{ type }}) AS {{ name }}{{ "," if not loop.last }}
{% endfor %}
FROM named;
