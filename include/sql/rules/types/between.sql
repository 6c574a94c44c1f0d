-- Figures lie between two bounds each, both allowed.
-- type: between
-- label: 数值范围
-- grain: row
-- arguments: items (each of figure, minimum, maximum; a bound may be empty)
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND (
{%- for value, minimum, maximum in items %}{{ " OR " if not loop.first }}
{%- if minimum is not none %}{{ value }} < {{ minimum }}{% endif %}{{ " OR " if minimum is not none and maximum is not none }}
{%- if maximum is not none %}{{ value }} > {{ maximum }}{% endif %}{% endfor -%}
);
