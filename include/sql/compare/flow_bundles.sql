-- One row for several of the other side: rows that share a key and whose totals add up. All rows of the key on both sides first, then one
-- row against 2 .. parts rows of the other side; where more than one way makes a sum, none is taken. Tables bundled (rows that are
-- matched so; bundle: number of the set) and undecided (keys with too many rows or with several ways).
-- Parameters:
--   columns  x_ columns of the key
--   most     rows of a key and side that are searched
--   parts    rows that one row may stand for
-- Reads rest and met.
{% from "compare/macros.sql" import each %}
CREATE OR REPLACE TEMP TABLE loose AS
SELECT r.side, r.origin, r.source_row, r.total, r.region, concat_ws('/', {{ each("r.#", columns) }}) AS bundle_key
FROM rest AS r
WHERE {{ each("r.# IS NOT NULL", columns, " AND ") }}
  AND NOT EXISTS (SELECT 1 FROM met AS m WHERE r.side = 0 AND m.l_origin = r.origin AND m.l_source_row = r.source_row)
  AND NOT EXISTS (SELECT 1 FROM met AS m WHERE r.side = 1 AND m.r_origin = r.origin AND m.r_source_row = r.source_row);
CREATE OR REPLACE TEMP TABLE bundle_keys AS
SELECT bundle_key, min(region) AS region, count(*) FILTER (WHERE side = 0) AS l_count, count(*) FILTER (WHERE side = 1) AS r_count,
       CAST(sum(total) FILTER (WHERE side = 0) AS BIGINT) AS l_fen, CAST(sum(total) FILTER (WHERE side = 1) AS BIGINT) AS r_fen
FROM loose
GROUP BY bundle_key
HAVING count(*) FILTER (WHERE side = 0) > 0 AND count(*) FILTER (WHERE side = 1) > 0 AND count(*) > 2;
CREATE OR REPLACE TEMP TABLE numbered AS
SELECT l.*, row_number() OVER (PARTITION BY l.side, l.bundle_key ORDER BY l.origin, l.source_row) AS n
FROM loose AS l
JOIN bundle_keys AS k ON k.bundle_key = l.bundle_key
WHERE k.l_fen <> k.r_fen AND k.l_count <= {{ most }} AND k.r_count <= {{ most }};
CREATE OR REPLACE TEMP TABLE sums AS
{% for count in range(2, parts + 1) %}
SELECT one.side, one.bundle_key, one.n AS one, p1.n AS n1, p2.n AS n2{% for p in range(3, parts + 1) %}, {{ "p%d.n" % p if p <= count else "CAST(NULL AS BIGINT)" }} AS n{{ p }}{% endfor %}

FROM numbered AS one
{% for p in range(1, count + 1) %}
JOIN numbered AS p{{ p }} ON p{{ p }}.bundle_key = one.bundle_key AND p{{ p }}.side <> one.side{{ " AND p%d.n > p%d.n" % (p, p - 1) if p > 1 }}
{% endfor %}
WHERE one.total = {% for p in range(1, count + 1) %}p{{ p }}.total{{ " + " if not loop.last }}{% endfor %}

{{ "UNION ALL" if not loop.last }}
{% endfor %}
;
CREATE OR REPLACE TEMP TABLE ways AS
SELECT s.*, row_number() OVER (ORDER BY bundle_key, side, one, n1, n2{% for p in range(3, parts + 1) %}, n{{ p }}{% endfor %}) AS way FROM sums AS s;
CREATE OR REPLACE TEMP TABLE members AS
SELECT way, bundle_key, side, one AS n FROM ways
{% for p in range(1, parts + 1) %}
UNION ALL
SELECT way, bundle_key, 1 - side AS side, n{{ p }} AS n FROM ways WHERE n{{ p }} IS NOT NULL
{% endfor %}
;
CREATE OR REPLACE TEMP TABLE disputed AS
SELECT DISTINCT m.way, m.bundle_key
FROM members AS m
JOIN (SELECT bundle_key, side, n FROM members GROUP BY bundle_key, side, n HAVING count(DISTINCT way) > 1) AS d
  ON d.bundle_key = m.bundle_key AND d.side = m.side AND d.n = m.n;
CREATE OR REPLACE TEMP TABLE bundled AS
SELECT concat('=', l.bundle_key) AS bundle, l.side, l.origin, l.source_row, l.total
FROM loose AS l
JOIN bundle_keys AS k ON k.bundle_key = l.bundle_key
WHERE k.l_fen = k.r_fen
UNION ALL
SELECT concat('+', CAST(m.way AS VARCHAR)) AS bundle, x.side, x.origin, x.source_row, x.total
FROM members AS m
JOIN numbered AS x ON x.bundle_key = m.bundle_key AND x.side = m.side AND x.n = m.n
WHERE m.way NOT IN (SELECT way FROM disputed);
CREATE OR REPLACE TEMP TABLE undecided AS
SELECT k.bundle_key, k.region, k.l_count, k.r_count, k.l_fen, k.r_fen, k.l_count > {{ most }} OR k.r_count > {{ most }} AS exceeds
FROM bundle_keys AS k
WHERE k.l_fen <> k.r_fen AND (k.l_count > {{ most }} OR k.r_count > {{ most }} OR k.bundle_key IN (SELECT bundle_key FROM disputed));
