-- A text has one of several forms.
-- type: pattern
-- label: 格式
-- grain: row
-- arguments: column (text), patterns (regular expressions, one of which must match), or matches (an SQL condition in their place)
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND (NOT (
{%- if patterns %}{% for pattern in patterns %}{{ " OR " if not loop.first }}regexp_matches({{ column }}, {{ pattern | literal }}){% endfor %}
{%- else %}{{ matches }}{% endif -%}
));
