-- Values as received, looked up by source_row for the rows that findings are about: table raw_<i>.
-- Parameters:
--   i         index of the side
--   relation  raw partition of the side, or none: then the table is empty
--   columns   field -> column of the raw partition
--   wanted    query for the source_rows
CREATE OR REPLACE TEMP TABLE raw_{{ i }} AS
{% if relation %}
SELECT source_row
{% for field, column in columns.items() %}
       , {{ column | ident }} AS w_{{ field }}
{% endfor %}
FROM {{ relation }} AS raw
WHERE source_row IN ({{ wanted }});
{% else %}
SELECT CAST(NULL AS BIGINT) AS source_row
{% for field in columns %}
       , CAST(NULL AS VARCHAR) AS w_{{ field }}
{% endfor %}
WHERE FALSE;
{% endif %}
