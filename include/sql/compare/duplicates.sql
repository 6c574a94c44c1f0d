-- The keys that one side has more than once, with the number of rows and the first row: table dup_<i>.
-- Parameters:
--   i         index of the side
--   relation  the rows to look at (side_<i>, or rows_<i> where all candidates are there)
--   keys      number of key columns
{% from "compare/macros.sql" import each %}
CREATE OR REPLACE TEMP TABLE dup_{{ i }} AS
SELECT {{ each("k#", range(keys)) }}, count(*) AS duplicates, min(source_row) AS first_row
FROM {{ relation }}
WHERE status = 'ok'
GROUP BY {{ each("k#", range(keys)) }}
HAVING count(*) > 1;
