-- The rows of the pass that need a closer look: a side lacks the key, something deviates, or a row was met twice (duplicates).
-- Parameters:
--   sides     indexes of the sides
--   repeated  indexes of the sides of which some row was met twice
{% from "compare/macros.sql" import each %}
{% for i in repeated %}
CREATE OR REPLACE TEMP TABLE repeated_{{ i }} AS
SELECT n{{ i }} AS n FROM joined WHERE n{{ i }} IS NOT NULL GROUP BY n{{ i }} HAVING count(*) > 1;
{% endfor %}
CREATE OR REPLACE TEMP TABLE flagged AS
SELECT {{ each("n#", sides) }}
FROM joined
WHERE NOT same
{% for i in repeated %}
   OR n{{ i }} IN (SELECT n FROM repeated_{{ i }})
{% endfor %}
;
