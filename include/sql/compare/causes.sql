-- What explains many findings of a comparison at once: the same field that changes from one value to another on one side, and the region
-- and the unit that most of them belong to.
-- Parameters:
--   findings  relation of the findings
--   first     source whose value stands for the right one where the authority matrix names none
--   hidden    fields whose values are not shown (personal data)
--   majority  share, in per cent, from which a region or unit is named
--   most      rows to return
-- Reads finding_units. Columns: kind, rule, field, source, before, after, region, unit, findings, total, amount_fen; the strongest first.
-- For money, before and after are NULL: amounts differ from row to row.
WITH explained AS (
  SELECT f.kind, f.rule, f.field, f.source, coalesce(f.region, '') AS region, coalesce(u.unit, '') AS unit,
         CASE WHEN f.field IS NOT NULL AND f.kind <> 'AMT' AND f.field NOT IN {{ hidden | literal }}
              THEN coalesce(json_extract_string(f.side_values, concat('$.', coalesce(f.right_source, {{ first | literal }}))), '') END AS before,
         CASE WHEN f.field IS NOT NULL AND f.kind <> 'AMT' AND f.field NOT IN {{ hidden | literal }}
              THEN coalesce(json_extract_string(f.side_values, concat('$.', f.source)), '') END AS after,
         coalesce(abs(f.amount_diff_fen), 0) AS amount_fen
  FROM {{ findings }} AS f
  LEFT JOIN finding_units AS u ON u.fingerprint = f.fingerprint
  WHERE f.kind NOT IN ('TOTAL', 'COUNT', 'IN_TRANSIT', 'CUTOFF')
),
patterns AS (
  SELECT kind, rule, field, source, before, after, count(*) AS findings, sum(amount_fen) AS amount_fen
  FROM explained
  GROUP BY kind, rule, field, source, before, after
  ORDER BY findings DESC, kind, rule, field, source, before, after
  LIMIT {{ most }}
),
places AS (
{% for place in ("region", "unit") %}
  SELECT {{ place | literal }} AS place, kind, rule, field, source, before, after, {{ place }} AS value, count(*) AS findings
  FROM explained
  WHERE {{ place }} <> ''
  GROUP BY kind, rule, field, source, before, after, {{ place }}
{{ "  UNION ALL" if loop.first }}
{% endfor %}
),
ranked AS (
  SELECT *, row_number() OVER (PARTITION BY place, kind, rule, field, source, before, after ORDER BY findings DESC, value) AS turn
  FROM places
)
SELECT p.kind, p.rule, p.field, p.source, p.before, p.after,
{% for place in ("region", "unit") %}
       CASE WHEN {{ place }}.findings * 100 >= p.findings * {{ majority }} THEN {{ place }}.value END AS {{ place }},
{% endfor %}
       p.findings, (SELECT count(*) FROM explained) AS total, CAST(p.amount_fen AS BIGINT) AS amount_fen
FROM patterns AS p
{% for place in ("region", "unit") %}
LEFT JOIN ranked AS {{ place }}
  ON {{ place }}.place = {{ place | literal }} AND {{ place }}.turn = 1
{% for column in ("kind", "rule", "field", "source", "before", "after") %}
  AND {{ place }}.{{ column }} IS NOT DISTINCT FROM p.{{ column }}
{% endfor %}
{% endfor %}
ORDER BY p.findings DESC, p.kind, p.rule, p.field, p.source, p.before, p.after;
