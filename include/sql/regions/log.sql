-- The key log of a partition: every row that will change, with its old and new code; rows that wait for a person have no new code.
-- Parameters: data, column, places (column by name), closed, map (relation of old_code, place, new_code, method, reason),
-- manual (relation of row_key, old_code, new_code).
SELECT t.source_row AS source_row, t.{{ column | ident }} AS old_code, COALESCE(d.new_code, a.new_code, m.new_code) AS new_code,
  CASE WHEN d.new_code IS NOT NULL THEN 'manual' ELSE COALESCE(a.method, m.method) END AS method,
  COALESCE(a.reason, m.reason) AS reason
  {% for name, place in places.items() %}, COALESCE(t.{{ place | ident }}, '') AS {{ name }}{% endfor %}

FROM {{ data }} AS t
JOIN {{ map }} AS m ON m.old_code = t.{{ column | ident }} AND m.place IS NULL
LEFT JOIN {{ map }} AS a ON a.old_code = t.{{ column | ident }}
  AND a.place = {% if places %}concat_ws({{ separator | literal }}{% for place in places.values() %}, COALESCE(t.{{ place | ident }}, ''){% endfor %}){% else %}''{% endif %}

LEFT JOIN {{ manual }} AS d ON d.old_code = t.{{ column | ident }} AND d.row_key = CAST(t.source_row AS VARCHAR)
WHERE (COALESCE(d.new_code, a.new_code, m.new_code) IS NULL OR COALESCE(d.new_code, a.new_code, m.new_code) <> t.{{ column | ident }})
{% if closed %}
  AND NOT COALESCE(t.{{ closed.column | ident }} < {{ closed.before | literal }}, FALSE)
{% endif %}
ORDER BY source_row
