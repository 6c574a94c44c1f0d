-- A date lies between two others, both allowed.
-- type: date_range
-- label: 日期范围
-- grain: row
-- arguments: column (date), minimum (SQL date), maximum (SQL date; either may be left out)
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND (
{%- if minimum %}{{ column }} < {{ minimum }}{% endif %}{{ " OR " if minimum and maximum }}{% if maximum %}{{ column }} > {{ maximum }}{% endif -%}
);
