-- The comparison's findings with what linkage suggests in the evidence of those on presence: table pointed. What an earlier linkage wrote
-- there is replaced.
-- Parameters:
--   findings  the comparison's findings as a relation
--   kinds     kinds of findings on presence
--   columns   names of the findings' columns
--   rule      rule of pairs between sides
-- Columns: those of findings.
{% macro place(alias, name) %}concat_ws('|', {{ alias }}.{{ name }}, coalesce({{ alias }}.insurance, ''), coalesce({{ alias }}.period, '')){% endmacro %}
CREATE OR REPLACE TEMP TABLE pointed AS
WITH pairs AS (
  SELECT {{ place("h", "left_key") }} AS left_place, {{ place("h", "right_key") }} AS right_place, h.probability, f.fingerprint
  FROM hits AS h
  JOIN findings AS f ON {{ place("f", "subject_key") }} = {{ place("h", "subject_key") }}
  WHERE h.rule = {{ rule | literal }} AND f.rule = {{ rule | literal }}
),
ends AS (
  SELECT place, max(probability) AS probability, min(fingerprint) AS fingerprint
  FROM (
    SELECT left_place AS place, probability, fingerprint FROM pairs
    UNION ALL
    SELECT right_place, probability, fingerprint FROM pairs
  ) AS both_ends
  GROUP BY place
),
placed AS (
  SELECT *, CASE WHEN kind IN {{ kinds | literal }} AND field IS NULL THEN {{ place("c", "subject_key") }} END AS place
  FROM {{ findings }} AS c
)
SELECT
{% for name in columns %}
{% if name == "evidence" %}
       CASE WHEN e.fingerprint IS NOT NULL
            THEN concat(regexp_replace(regexp_replace(p.evidence, ',"link":[{][^}]*[}]', ''), '[}]$', ''), ',"link":',
                        to_json({'finding': e.fingerprint, 'probability': e.probability}), '}')
            ELSE regexp_replace(p.evidence, ',"link":[{][^}]*[}]', '') END AS evidence
{%- else %}
       p.{{ name | ident }}
{%- endif %}
{{ "," if not loop.last }}
{% endfor %}
FROM placed AS p
LEFT JOIN ends AS e ON e.place = p.place;
