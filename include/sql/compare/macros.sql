-- Macros of the comparisons' SQL; renders to nothing.
{% macro each(pattern, items, separator=", ") %}{% for item in items %}{{ pattern | replace("#", item | string) }}{{ separator if not loop.last }}{% endfor %}{% endmacro %}
{# A tolerance of "codes": one of several possible codes ("990105|990108") is no deviation. #}
{% macro different(a, b, tolerance) %}{% if tolerance == "codes" %}({{ a }} IS DISTINCT FROM {{ b }} AND coalesce(strpos(concat('|', {{ a }}, '|'), concat('|', {{ b }}, '|')) = 0 AND strpos(concat('|', {{ b }}, '|'), concat('|', {{ a }}, '|')) = 0, TRUE)){% elif tolerance %}(({{ a }} IS NULL) <> ({{ b }} IS NULL) OR abs({{ a }} - {{ b }}) > {{ tolerance }}){% else %}{{ a }} IS DISTINCT FROM {{ b }}{% endif %}{% endmacro %}
{% macro same_key(a, b, keys) %}{% for k in range(keys) %}{{ a }}.k{{ k }} = {{ b }}.k{{ k }}{{ " AND " if not loop.last }}{% endfor %}{% endmacro %}
