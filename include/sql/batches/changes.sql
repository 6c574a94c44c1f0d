-- What a resent packet changes: its records beside those of the version that it replaces. Records with the same key are paired in their
-- order, so that a key that is there twice is compared twice.
-- Parameters:
--   packet   packet number
--   before   relation of the earlier version's records (raw columns and source_row)
--   after    relation of the new version's records
--   keys     raw columns that name a record
--   columns  raw columns that are compared
-- Columns: packet, change (added, removed, changed), before_row, after_row, before, after (JSON objects of the record as received).
WITH earlier AS (
    SELECT *, row_number() OVER (PARTITION BY {% for key in keys %}{{ key | ident }}{{ ", " if not loop.last }}{% endfor %} ORDER BY source_row) AS turn
    FROM {{ before }}
), later AS (
    SELECT *, row_number() OVER (PARTITION BY {% for key in keys %}{{ key | ident }}{{ ", " if not loop.last }}{% endfor %} ORDER BY source_row) AS turn
    FROM {{ after }}
)

SELECT
    {{ packet | literal }} AS packet,
    CASE WHEN earlier.source_row IS NULL THEN 'added' WHEN later.source_row IS NULL THEN 'removed' ELSE 'changed' END AS change,
    earlier.source_row AS before_row,
    later.source_row AS after_row,
    CASE WHEN earlier.source_row IS NOT NULL THEN CAST(to_json({
{% for column in columns %}
        {{ column | literal }}: earlier.{{ column | ident }}{{ "," if not loop.last }}
{% endfor %}
    }) AS VARCHAR) END AS before,
    CASE WHEN later.source_row IS NOT NULL THEN CAST(to_json({
{% for column in columns %}
        {{ column | literal }}: later.{{ column | ident }}{{ "," if not loop.last }}
{% endfor %}
    }) AS VARCHAR) END AS after
FROM earlier
FULL OUTER JOIN later
    ON earlier.turn = later.turn
{% for key in keys %}
    AND coalesce(earlier.{{ key | ident }}, '') = coalesce(later.{{ key | ident }}, '')
{% endfor %}
WHERE earlier.source_row IS NULL OR later.source_row IS NULL
{% for column in columns %}
    OR earlier.{{ column | ident }} IS DISTINCT FROM later.{{ column | ident }}
{% endfor %}
ORDER BY before_row, after_row
