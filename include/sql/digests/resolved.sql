-- Findings by digest with the subjects that this side knows.
-- Parameters:
--   findings  findings of a blind comparison
--   rows      the side's own rows: columns in digests, and in the clear as p_<column>
--   keys      columns of the key, insurance and period left out
--   own       columns that name a row whose key is unusable
--   number    column of the number that the side's map translates, or none
--   columns   names of the findings' columns
-- Columns: those of findings, subject_key in the clear where it is one of the side's, and known.
WITH named AS (
  SELECT concat_ws('/'{% for name in keys %}, {{ name | ident }}{% endfor %}) AS digest,
         concat_ws('/'{% for name in keys %}, {{ ("p_" ~ name) | ident }}{% endfor %}) AS subject
  FROM {{ rows }} AS r
  WHERE {% for name in keys %}{{ name | ident }} IS NOT NULL{{ " AND " if not loop.last }}{% endfor %}

  UNION ALL
  SELECT concat('no:', concat_ws('/'{% for name in own %}, coalesce({{ name | ident }}, ''){% endfor %})),
         concat('no:', concat_ws('/'{% for name in own %}, coalesce({{ ("p_" ~ name) | ident }}, ''){% endfor %}))
  FROM {{ rows }} AS r
  WHERE {% for name in own %}{{ name | ident }} IS NOT NULL{{ " OR " if not loop.last }}{% endfor %}

{% if number %}
  UNION ALL
  SELECT {{ number | ident }}, {{ ("p_" ~ number) | ident }} FROM {{ rows }} AS r WHERE {{ number | ident }} IS NOT NULL
{% endif %}
),
known AS (
  SELECT digest, min(subject) AS subject FROM named GROUP BY digest
)
SELECT
{% for name in columns %}
  {{ "coalesce(k.subject, f.subject_key) AS subject_key" if name == "subject_key" else "f." ~ (name | ident) }},
{% endfor %}
  k.subject IS NOT NULL AS known
FROM {{ findings }} AS f
LEFT JOIN known AS k ON k.digest = f.subject_key
ORDER BY f.rule, f.fingerprint;
