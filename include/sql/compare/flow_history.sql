-- Which of the rows that open reversals undo have ever been delivered: table history (side, serial, total).
-- Parameters:
--   original  the field with the number of the row that a reversal undoes
--   sides     per side: relation of the canonical partitions up to the date or none, serial and total as expressions (row alias r), filter
CREATE OR REPLACE TEMP TABLE history AS
SELECT 0 AS side, CAST(NULL AS VARCHAR) AS serial, CAST(NULL AS BIGINT) AS total WHERE FALSE
{% for side in sides %}
{% if side.relation %}
UNION ALL
SELECT {{ loop.index0 }} AS side, CAST({{ side.serial }} AS VARCHAR) AS serial, CAST({{ side.total }} AS BIGINT) AS total
FROM {{ side.relation }} AS r
WHERE CAST({{ side.serial }} AS VARCHAR) IN (SELECT x_{{ original }} FROM open_now WHERE reversal AND side = {{ loop.index0 }})
{% endif %}
{% endfor %}
;
