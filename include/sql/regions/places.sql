-- The distinct places of the open rows with some values.
-- Parameters: data, column, codes (list), places (column by name), closed.
SELECT DISTINCT {{ column | ident }} AS code{% for name, place in places.items() %}, COALESCE({{ place | ident }}, '') AS {{ name }}{% endfor %}

FROM {{ data }}
WHERE {{ column | ident }} IN {{ codes | literal }}
{% if closed %}
  AND NOT COALESCE({{ closed.column | ident }} < {{ closed.before | literal }}, FALSE)
{% endif %}
