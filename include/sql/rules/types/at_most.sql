-- A figure is at most another one.
-- type: at_most
-- label: 不大于
-- grain: row
-- arguments: pairs (each of a figure and its limit, fields or SQL)
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND ({% for value, limit in pairs %}{{ " OR " if not loop.first }}{{ value }} > {{ limit }}{% endfor %});
