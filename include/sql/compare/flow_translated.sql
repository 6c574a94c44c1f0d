-- Rows of residuals whose region and institution codes are of an older table, in a newer one: the table is made anew.
-- Parameters:
--   table      carried or arrived
--   columns    names of all columns, the w_ columns included
--   coded      columns with codes: {column, relation (from_value, to_value, group_value), value: the relation's column that is taken}
CREATE OR REPLACE TEMP TABLE {{ table }} AS
SELECT rows.side, rows.origin, rows.source_row
{% set names = coded | map(attribute="column") | list %}
{% for name in columns %}
       , {% if name in names %}coalesce(t_{{ name }}.{{ (coded | selectattr("column", "equalto", name) | first).value }}, rows.{{ name }}) AS {% else %}rows.{% endif %}{{ name }}
{% endfor %}
FROM {{ table }} AS rows
{% for code in coded %}
LEFT JOIN {{ code.relation }} AS t_{{ code.column }} ON t_{{ code.column }}.from_value = rows.{{ code.column }}
{% endfor %}
;
