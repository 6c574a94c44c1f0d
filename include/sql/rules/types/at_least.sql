-- Figures are not below a bound.
-- type: at_least
-- label: 不小于
-- grain: row
-- arguments: columns (figures), minimum (number), strict (whether the bound itself is too small)
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND ({% for column in columns %}{{ " OR " if not loop.first }}{{ column }} {{ "<=" if strict else "<" }} {{ minimum }}{% endfor %});
