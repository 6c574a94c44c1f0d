-- Flagged keys with all sides' values beside each other. A side's rows of a key it has more than once leave the comparison (their
-- values become NULL, dup<i> says so); the remaining sides are compared with each other. A side whose row of a key lacks only its
-- unit's map (unmapped<i>) does not lack the key.
-- Parameters:
--   sides       indexes of the sides
--   keys        number of key columns
--   columns     per side: names of its value columns (f_<field>, region)
--   unmapped    indexes of the sides with a key map that does not fill the key
--   deviations  compared fields: {name, couples: pairs of sides that deliver it, tolerance: in fen}
-- Columns: n<i>, k<j>, dup<i>, unmapped<i>, v<i>_<column>, missing (some side lacks the key), present (number of sides left), differs.
{% from "compare/macros.sql" import each, different, same_key %}
CREATE OR REPLACE TEMP TABLE pairs AS
WITH wide AS (
  SELECT {{ each("g.n#", sides) }},
{% for k in range(keys) %}
         coalesce({{ each("r#.k%d" % k, sides) }}) AS k{{ k }},
{% endfor %}
{% for i in sides %}
{% for name in columns[i] %}
         r{{ i }}.{{ name | ident }} AS v{{ i }}_{{ name }},
{% endfor %}
{% endfor %}
{% for i in sides %}
         d{{ i }}.first_row IS NOT NULL AS dup{{ i }},
         {{ "g.n%d IS NULL AND q%d.q0 IS NOT NULL" % (i, i) if i in unmapped else "FALSE" }} AS unmapped{{ i }}{{ "," if not loop.last }}
{% endfor %}
  FROM flagged AS g
{% for i in sides %}
  LEFT JOIN rows_{{ i }} AS r{{ i }} ON r{{ i }}.source_row = g.n{{ i }}
{% endfor %}
{% for i in sides %}
  LEFT JOIN dup_{{ i }} AS d{{ i }}
{% for k in range(keys) %}
    {{ "ON" if loop.first else "AND" }} d{{ i }}.k{{ k }} = coalesce({{ each("r#.k%d" % k, sides) }})
{% endfor %}
{% if i in unmapped %}
  LEFT JOIN (SELECT DISTINCT {{ each("q#", range(keys)) }} FROM rows_{{ i }} WHERE status = 'keymap') AS q{{ i }}
{% for k in range(keys) %}
    {{ "ON" if loop.first else "AND" }} q{{ i }}.q{{ k }} = coalesce({{ each("r#.k%d" % k, sides) }})
{% endfor %}
{% endif %}
{% endfor %}
),
single AS (
  SELECT * FROM wide WHERE k0 IS NOT NULL AND NOT ({{ each("dup#", sides, " OR ") }})
  UNION ALL
  SELECT DISTINCT
{% for i in sides %}
         CASE WHEN NOT dup{{ i }} THEN n{{ i }} END AS n{{ i }},
{% endfor %}
         {{ each("k#", range(keys)) }},
{% for i in sides %}
{% for name in columns[i] %}
         CASE WHEN NOT dup{{ i }} THEN v{{ i }}_{{ name }} END AS v{{ i }}_{{ name }},
{% endfor %}
{% endfor %}
         {{ each("dup#, unmapped#", sides) }}
  FROM wide
  WHERE k0 IS NOT NULL AND ({{ each("dup#", sides, " OR ") }})
)
SELECT *,
       {{ each("(n# IS NULL AND NOT dup# AND NOT unmapped#)", sides, " OR ") }} AS missing,
       {{ each("CASE WHEN n# IS NULL THEN 0 ELSE 1 END", sides, " + ") }} AS present,
       FALSE
{% for field in deviations %}
{% for a, b in field.couples %}
       OR (n{{ a }} IS NOT NULL AND n{{ b }} IS NOT NULL
           AND {{ different("v%d_f_%s" % (a, field.name), "v%d_f_%s" % (b, field.name), field.tolerance) }})
{% endfor %}
{% endfor %}
       AS differs
FROM single
WHERE {{ each("n# IS NOT NULL", sides, " OR ") }};
