-- The canonical rows: those whose every value could be converted and whose required values are there.
-- Parameters:
--   fields   canonical fields, each with name, column, fallible (its type can refuse a text) and required
--   ordered  whether to sort (default); the engine keeps the order of its files anyway, without the sort's memory
-- Reads the view typed. Columns: the dataset's fields in order, source_row. Ordered, so that the same batch always gives the same file.
SELECT
{% for field in fields %}
    {{ ("v_" ~ field.name) | ident }} AS {{ field.name | ident }},
{% endfor %}
    source_row
FROM typed
WHERE TRUE
{% for field in fields if field.column is not none %}
{% if field.required %}
    AND {{ ("v_" ~ field.name) | ident }} IS NOT NULL
{% elif field.fallible %}
    AND ({{ ("t_" ~ field.name) | ident }} IS NULL OR {{ ("v_" ~ field.name) | ident }} IS NOT NULL)
{% endif %}
{% endfor %}
{% if ordered | default(true) %}
ORDER BY source_row
{% endif %}
