-- A text has none of several forms; where it is required, it must be there as well.
-- type: forbidden_pattern
-- label: 禁用格式
-- grain: row
-- arguments: column (text), patterns (regular expressions that must not match), required (whether an empty value breaks the rule)
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND (
{%- if required %}{{ column }} IS NULL OR {% endif %}
{%- for pattern in patterns %}{{ " OR " if not loop.first }}regexp_matches({{ column }}, {{ pattern | literal }}){% endfor -%}
);
