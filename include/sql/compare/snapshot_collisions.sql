-- Rows of different keys that the pass joined because the keys' hashes are the same.
-- Parameters:
--   couples  pairs of sides
--   sides    indexes of the sides
--   keys     number of key columns
-- Columns: collisions (a count).
SELECT count(*) AS collisions
FROM flagged AS g
{% for i in sides %}
LEFT JOIN rows_{{ i }} AS r{{ i }} ON r{{ i }}.source_row = g.n{{ i }}
{% endfor %}
WHERE FALSE
{% for a, b in couples %}
{% for k in range(keys) %}
   OR r{{ a }}.k{{ k }} <> r{{ b }}.k{{ k }}
{% endfor %}
{% endfor %}
;
