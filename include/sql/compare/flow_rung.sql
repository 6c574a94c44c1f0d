-- One further rung of the key ladder: rows that earlier rungs left (rest but met) and that are alone with their key on both sides. Adds
-- to met; unsure: rows that were not alone, per rung.
-- Parameters:
--   rule     the rung's name
--   columns  x_ columns that are equal
--   near     x_ column -> edits that are allowed (fuzzy rungs), within: fen by which totals may differ
--   most     rows of a side with equal columns up to which is searched (fuzzy rungs), or none
{% from "compare/macros.sql" import each %}
CREATE OR REPLACE TEMP TABLE left_over AS
SELECT r.side, r.origin, r.source_row, r.total, {{ each("r.#", columns) }}{% for name in near %}, r.{{ name }}{% endfor %}

FROM rest AS r
WHERE {{ each("r.# IS NOT NULL", columns, " AND ") }}
  AND NOT EXISTS (SELECT 1 FROM met AS m WHERE r.side = 0 AND m.l_origin = r.origin AND m.l_source_row = r.source_row)
  AND NOT EXISTS (SELECT 1 FROM met AS m WHERE r.side = 1 AND m.r_origin = r.origin AND m.r_source_row = r.source_row);
{% if not most %}
CREATE OR REPLACE TEMP TABLE candidates AS
SELECT min(origin) FILTER (WHERE side = 0) AS l_origin, min(source_row) FILTER (WHERE side = 0) AS l_source_row,
       min(origin) FILTER (WHERE side = 1) AS r_origin, min(source_row) FILTER (WHERE side = 1) AS r_source_row
FROM left_over
GROUP BY {{ each("#", columns) }}
HAVING count(*) FILTER (WHERE side = 0) = 1 AND count(*) FILTER (WHERE side = 1) = 1;
{% else %}
CREATE OR REPLACE TEMP TABLE searched AS
WITH keys AS (
  SELECT {{ each("#", columns) }}
  FROM left_over
  GROUP BY {{ each("#", columns) }}
  HAVING count(*) FILTER (WHERE side = 0) BETWEEN 1 AND {{ most }} AND count(*) FILTER (WHERE side = 1) BETWEEN 1 AND {{ most }}
)
SELECT l.* FROM left_over AS l JOIN keys AS k ON {{ each("k.# = l.#", columns, " AND ") }};
CREATE OR REPLACE TEMP TABLE candidates AS
SELECT l.origin AS l_origin, l.source_row AS l_source_row, r.origin AS r_origin, r.source_row AS r_source_row
FROM searched AS l
JOIN searched AS r ON {{ each("r.# = l.#", columns, " AND ") }}
WHERE l.side = 0 AND r.side = 1 AND abs(l.total - r.total) <= {{ within }}
{% for name, edits in near.items() %}
  AND levenshtein(l.{{ name }}, r.{{ name }}) <= {{ edits }}
{% endfor %}
;
{% endif %}
INSERT INTO met
SELECT {{ rule | literal }} AS match_rule, c.l_origin, c.l_source_row, c.r_origin, c.r_source_row
FROM candidates AS c
JOIN (SELECT l_origin, l_source_row FROM candidates GROUP BY l_origin, l_source_row HAVING count(*) = 1) AS l
  ON l.l_origin = c.l_origin AND l.l_source_row = c.l_source_row
JOIN (SELECT r_origin, r_source_row FROM candidates GROUP BY r_origin, r_source_row HAVING count(*) = 1) AS r
  ON r.r_origin = c.r_origin AND r.r_source_row = c.r_source_row;
INSERT INTO unsure
WITH keys AS (
  SELECT {{ each("#", columns) }}, count(*) FILTER (WHERE side = 0) AS l_count, count(*) FILTER (WHERE side = 1) AS r_count
  FROM left_over
  GROUP BY {{ each("#", columns) }}
)
SELECT {{ rule | literal }} AS match_rule, coalesce(sum(l_count), 0) AS l_rows, coalesce(sum(r_count), 0) AS r_rows
FROM keys
WHERE l_count > 0 AND r_count > 0 AND (l_count > {{ most or 1 }} OR r_count > {{ most or 1 }});
