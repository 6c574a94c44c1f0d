-- The rows of the pass that need a closer look: a side lacks the key, something deviates, or a row was met twice (duplicates).
-- Rows met twice are looked for where they must be: among blocks of rows that were met more often than the block has rows. Counting
-- blocks fits the processor's caches, counting rows does not.
-- Parameters:
--   sides     indexes of the sides
--   repeated  indexes of the sides of which some row was met twice
--   block     rows per block
{% from "compare/macros.sql" import each %}
{% for i in repeated %}
CREATE OR REPLACE TEMP TABLE crowded_{{ i }} AS
WITH met AS (
  SELECT n{{ i }} // {{ block }} AS block, count(*) AS meetings FROM joined WHERE n{{ i }} IS NOT NULL GROUP BY n{{ i }} // {{ block }}
),
own AS (
  SELECT source_row // {{ block }} AS block, count(*) AS rows_there FROM side_{{ i }} GROUP BY source_row // {{ block }}
)
SELECT met.block FROM met JOIN own ON own.block = met.block WHERE met.meetings > own.rows_there;
CREATE OR REPLACE TEMP TABLE repeated_{{ i }} AS
SELECT n{{ i }} AS n FROM joined WHERE n{{ i }} // {{ block }} IN (SELECT block FROM crowded_{{ i }}) GROUP BY n{{ i }} HAVING count(*) > 1;
{% endfor %}
CREATE OR REPLACE TEMP TABLE flagged AS
SELECT {{ each("n#", sides) }}
FROM joined
WHERE NOT same
{% for i in repeated %}
   OR n{{ i }} IN (SELECT n FROM repeated_{{ i }})
{% endfor %}
;
