-- A total is the sum of its parts; a missing part counts as nothing.
-- type: sum_equals
-- label: 合计等于分项
-- grain: row
-- arguments: parts (figures), total (figure)
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND ({% for part in parts %}{{ " + " if not loop.first }}coalesce({{ part }}, 0){% endfor %} <> coalesce({{ total }}, 0));
