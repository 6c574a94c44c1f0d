-- The details of the groups that need a closer look: live rows of both sides joined on the key, compared exactly.
-- A row whose counterpart stands in another group finds it all the same: then both groups differ and are both here.
-- Parameters:
--   keys     number of key columns
--   amounts  names of the amount components
--   groups   names of the groups' fields
--   fields   names of the compared fields that both sides deliver
--   codes    those of them with region or institution codes
--   tolerance  tolerated difference per component in fen
-- Columns: n0, n1 (source_row or NULL), t0, t1 (fen), same, crossed (both rows are there, in different groups).
{% from "compare/macros.sql" import each, different %}
CREATE OR REPLACE TEMP TABLE joined AS
WITH
{% for i in (0, 1) %}
d{{ i }} AS (
  SELECT s.*
  FROM live_{{ i }} AS s
  JOIN groups AS g ON g.closer
{% for group in groups %}
    AND g.g_{{ group }} IS NOT DISTINCT FROM s.g_{{ group }}
{% endfor %}
  WHERE s.live
){{ "," if loop.first }}
{% endfor %}
SELECT d0.source_row AS n0, d1.source_row AS n1, d0.total AS t0, d1.total AS t1,
       d0.source_row IS NOT NULL AND d1.source_row IS NOT NULL
{% for amount in amounts %}
       AND NOT ({{ different("d0.a_" ~ amount, "d1.a_" ~ amount, tolerance) }})
{% endfor %}
{% for field in fields %}
       AND NOT ({{ different("d0.f_" ~ field, "d1.f_" ~ field, "codes" if field in codes else 0) }})
{% endfor %}
       AS same,
       d0.source_row IS NOT NULL AND d1.source_row IS NOT NULL AND NOT (
{% for group in groups %}
         d0.g_{{ group }} IS NOT DISTINCT FROM d1.g_{{ group }}{{ " AND" if not loop.last }}
{% endfor %}
       ) AS crossed
FROM d0 FULL JOIN d1 ON {% for k in range(keys) %}d0.k{{ k }} = d1.k{{ k }}{{ " AND " if not loop.last }}{% endfor %};
