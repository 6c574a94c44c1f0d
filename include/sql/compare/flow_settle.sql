-- The end of a date of the window: pairs (met rows beside each other, l_ and r_ columns) and open_now (what stays or becomes open).
-- Parameters:
--   columns  names of all columns, the w_ columns included
CREATE OR REPLACE TEMP TABLE pairs AS
SELECT CASE WHEN m.r_origin >= m.l_origin THEN 1 ELSE 0 END AS later_side, m.match_rule, m.l_source_row, m.r_source_row, m.l_origin, m.r_origin
{% for name in columns %}
       , l.{{ name }} AS l_{{ name }}, r.{{ name }} AS r_{{ name }}
{% endfor %}
FROM met AS m
JOIN rest AS l ON l.side = 0 AND l.origin = m.l_origin AND l.source_row = m.l_source_row
JOIN rest AS r ON r.side = 1 AND r.origin = m.r_origin AND r.source_row = m.r_source_row;
CREATE OR REPLACE TEMP TABLE open_now AS
SELECT r.side, r.origin, r.source_row{% for name in columns %}, r.{{ name }}{% endfor %}

FROM rest AS r
WHERE NOT EXISTS (SELECT 1 FROM met AS m WHERE r.side = 0 AND m.l_origin = r.origin AND m.l_source_row = r.source_row)
  AND NOT EXISTS (SELECT 1 FROM met AS m WHERE r.side = 1 AND m.r_origin = r.origin AND m.r_source_row = r.source_row)
  AND NOT EXISTS (SELECT 1 FROM bundled AS b WHERE b.side = r.side AND b.origin = r.origin AND b.source_row = r.source_row);
