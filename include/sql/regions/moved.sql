-- A partition with the logged rows' codes replaced, in one join; rows keep their order.
-- Parameters: data, columns (all, in order), column, log (relation of source_row, old_code, new_code), from_code, to_code.
SELECT {% for name in columns %}{% if name == column %}COALESCE(l.{{ to_code }}, t.{{ name | ident }}) AS {{ name | ident }}{% else %}t.{{ name | ident }}{% endif %}{{ ", " if not loop.last }}{% endfor %}

FROM {{ data }} AS t
LEFT JOIN {{ log }} AS l ON l.source_row = t.source_row AND l.{{ from_code }} = t.{{ column | ident }} AND l.new_code IS NOT NULL
ORDER BY t.source_row
