-- A list's rows with names for codes; their order is the query's ``position``.
-- Parameters: query (the list's SQL), columns (key, and which names it gets: region, insurance or none).
-- Relations: region_names, insurance_names (code, name).
CREATE OR REPLACE TEMP TABLE listed AS
SELECT l.position,
{% for key, names in columns %}
    {% if names %}coalesce(l.{{ key | ident }} || ' ' || {{ key }}_names.name, l.{{ key | ident }}){% else %}l.{{ key | ident }}{% endif %} AS {{ key | ident }}{{ "," if not loop.last }}
{% endfor %}
FROM ({{ query }}) AS l
{% for key, names in columns if names %}
LEFT JOIN {{ names }}_names AS {{ key }}_names ON {{ key }}_names.code = l.{{ key | ident }}
{% endfor %}
;
