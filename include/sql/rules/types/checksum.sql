-- A number's check character follows from its other characters.
-- type: checksum
-- label: 校验位
-- grain: row
-- arguments: column (text), algorithm (citizen: GB 11643, credit: GB 32100, organisation: GB 11714 inside a credit code), exempt (SQL condition)
{% import 'rules/conditions.sql' as sql %}
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND (
{%- if algorithm == "citizen" %}{{ sql.id_check_character(column) }} <> substr({{ column }}, 18, 1)
{%- elif algorithm == "credit" %}{{ sql.bad_credit_code(column) }}
{%- else %}{{ sql.organisation_check_character(column) }} <> substr({{ column }}, 17, 1){% endif %}
{%- if exempt %} AND NOT ({{ exempt }}){% endif -%}
);
