-- One round of picking one to one: each pair that is the best of both its rows is picked, and its rows leave. Repeated until no pair is
-- left, this gives what going through the pairs from the best on and taking each whose rows are still free gives.
-- Parameters: none.
-- Columns: left (number of pairs that are left).
CREATE OR REPLACE TEMP TABLE mutual AS
WITH best AS (
  SELECT node, min(turn) AS turn
  FROM (SELECT left_node AS node, turn FROM scored UNION ALL SELECT right_node, turn FROM scored) AS ends
  GROUP BY node
)
SELECT s.*
FROM scored AS s
JOIN best AS l ON l.node = s.left_node AND l.turn = s.turn
JOIN best AS r ON r.node = s.right_node AND r.turn = s.turn;
INSERT INTO picked SELECT * FROM mutual;
CREATE OR REPLACE TEMP TABLE scored AS
WITH gone AS (
  SELECT left_node AS node FROM mutual UNION ALL SELECT right_node FROM mutual
)
SELECT * FROM scored WHERE left_node NOT IN (SELECT node FROM gone) AND right_node NOT IN (SELECT node FROM gone);
SELECT count(*) AS pairs_left FROM scored;
