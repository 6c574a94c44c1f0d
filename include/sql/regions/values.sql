-- Rows per value of a column with codes: of open periods, or of all.
-- Parameters: data (relation), column, closed (column and text before which a period is closed, or none), every (closed ones too).
SELECT {{ column | ident }} AS code, count(*) AS row_count
FROM {{ data }}
WHERE {{ column | ident }} IS NOT NULL
{% if closed and not every %}
  AND NOT COALESCE({{ closed.column | ident }} < {{ closed.before | literal }}, FALSE)
{% endif %}
GROUP BY {{ column | ident }}
