-- The comparison's findings with what linkage suggests in the evidence of those on presence: table pointed. What an earlier linkage wrote
-- there is replaced.
-- Parameters:
--   findings  the comparison's findings as a relation
--   kinds     kinds of findings on presence
--   columns   names of the findings' columns
--   rule      rule of pairs between sides
-- Columns: those of findings.
CREATE OR REPLACE TEMP TABLE pointed AS
WITH pairs AS (
  SELECT h.left_key, h.right_key, h.insurance, h.period, h.probability, f.fingerprint
  FROM hits AS h
  JOIN findings AS f
    ON f.rule = h.rule AND f.subject_key = h.subject_key AND f.insurance IS NOT DISTINCT FROM h.insurance
   AND f.period IS NOT DISTINCT FROM h.period
  WHERE h.rule = {{ rule | literal }}
),
ends AS (
  SELECT subject_key, insurance, period, max(probability) AS probability, min(fingerprint) AS fingerprint
  FROM (
    SELECT left_key AS subject_key, insurance, period, probability, fingerprint FROM pairs
    UNION ALL
    SELECT right_key, insurance, period, probability, fingerprint FROM pairs
  ) AS both_ends
  GROUP BY subject_key, insurance, period
)
SELECT
{% for name in columns %}
{% if name == "evidence" %}
       CASE WHEN e.fingerprint IS NOT NULL
            THEN concat(regexp_replace(regexp_replace(c.evidence, ',"link":[{][^}]*[}]', ''), '[}]$', ''), ',"link":',
                        to_json({'finding': e.fingerprint, 'probability': e.probability}), '}')
            ELSE regexp_replace(c.evidence, ',"link":[{][^}]*[}]', '') END AS evidence
{%- else %}
       c.{{ name | ident }}
{%- endif %}
{{ "," if not loop.last }}
{% endfor %}
FROM {{ findings }} AS c
LEFT JOIN ends AS e
  ON c.kind IN {{ kinds | literal }} AND c.field IS NULL AND e.subject_key = c.subject_key
 AND e.insurance IS NOT DISTINCT FROM c.insurance AND e.period IS NOT DISTINCT FROM c.period;
