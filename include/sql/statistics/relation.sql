-- The rows of one source's partitions of a dataset, with the source's name; region codes of an older table in those of a later one.
-- Parameters: fields (name → type), present (those that the files have), source, files (a relation; none: no rows), version (the table whose codes the rows carry; NULL: leave them).
-- Relations: region_moves (version, code, restated): what becomes of a county's code; a code that was split is marked by ~.
{% set moved = ['pool_region', 'region'] | select('in', present) | list if version else [] %}
SELECT
{% for name, type in fields.items() %}
{% if name not in present %}
    CAST(NULL AS {{ type }}) AS {{ name | ident }},
{% elif name in moved %}
    coalesce({{ name }}_moves.restated, d.{{ name | ident }}) AS {{ name | ident }},
{% else %}
    d.{{ name | ident }},
{% endif %}
{% endfor %}
    {{ source | literal }} AS source
{% if files %}
FROM {{ files }} AS d
{% else %}
WHERE FALSE
{% endif %}
{% for name in moved %}
LEFT JOIN region_moves AS {{ name }}_moves
    ON {{ name }}_moves.version = {{ version | literal }} AND {{ name }}_moves.code = substr(d.{{ name | ident }}, 1, 6)
{% endfor %}
;
