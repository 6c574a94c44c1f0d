-- The rows that break at least one rule, with their flags.
-- Parameters: batch (relation), flags (relation with source_row and the flags), columns (fields to keep), broken (BOOLEAN columns).
SELECT batch.source_row
{%- for column in columns %},
  batch.{{ column | ident }}
{%- endfor %}
{%- for column in broken %},
  flags.{{ column | ident }}
{%- endfor %}

FROM {{ batch }} AS batch
JOIN {{ flags }} AS flags ON flags.source_row = batch.source_row
WHERE
{%- for column in broken %}
  {{ "OR " if not loop.first }}flags.{{ column | ident }}
{%- endfor %};
