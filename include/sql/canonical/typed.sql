-- Cleaned rows with each canonical field in its type; a value that cannot be converted becomes NULL, so that text without a value is a
-- reject. A code without a meaning becomes ? and the code.
-- Money is exact: decimal text in yuan to integer fen. Text is cast to DECIMAL(18), which DuckDB does 200 times faster than to a wider
-- one, and widened before the product, which would not fit.
-- Parameters:
--   fields     canonical fields, each with name, type, sql_type, column, const, codes, by_insurance, pattern, parts (of a date or time)
--   insurance  SQL expression of the row's canonical insurance code, for code tables that depend on it
--   columns    all raw columns
-- Reads the views cleaned and codes (table_name, insurance, code, canonical).
-- Columns: source_row, v_<field> canonical value, t_<field> cleaned text, r_<position> raw column.
{% from "canonical/normalise.jinja" import unified, upgraded %}
CREATE OR REPLACE TEMP VIEW typed AS
SELECT
    cleaned.source_row,
{% for field in fields %}
{% set text = ("cleaned." ~ (("t_" ~ field.name) | ident)) %}
    {% if field.const is not none -%}
    CAST({{ field.const | literal }} AS {{ field.sql_type }})
    {%- elif field.column is none -%}
    CAST(NULL AS {{ field.sql_type }})
    {%- elif field.type == "date" -%}
    CASE WHEN regexp_matches({{ text }}, {{ field.pattern | literal }}) THEN TRY_CAST(
        {%- for start, length in field.parts -%}
        substr({{ text }}, {{ start }}, {{ length }}){{ " || '-' || " if not loop.last }}
        {%- endfor %} AS DATE) END
    {%- elif field.type == "time" -%}
    CASE WHEN regexp_matches({{ text }}, {{ field.pattern | literal }}) THEN TRY_CAST(
        {%- for start, length in field.parts -%}
        substr({{ text }}, {{ start }}, {{ length }}){{ " || " ~ (["-", "-", " ", ":", ":"][loop.index0] | literal) ~ " || " if not loop.last }}
        {%- endfor %}{{ [" || ' 00:00:00'", " || ':00:00'", " || ':00'", ""][(field.parts | length) - 3] }} AS TIMESTAMP) END
    {%- elif field.type == "number" -%}
    CASE WHEN regexp_matches({{ text }}, {{ field.pattern | literal }}) THEN TRY_CAST({{ text }} AS DECIMAL(12, 3)) END
    {%- elif field.type == "fen" and field.unit == "yuan" -%}
    CASE WHEN regexp_matches({{ text }}, {{ field.pattern | literal }}) THEN TRY_CAST(CAST(TRY_CAST({{ text }} AS DECIMAL(18, 2)) AS DECIMAL(22, 2)) * 100 AS BIGINT) END
    {%- elif field.type == "rate" -%}
    CASE WHEN regexp_matches({{ text }}, {{ field.pattern | literal }}) THEN TRY_CAST(CAST(TRY_CAST({{ text }} AS DECIMAL(15, 6)) AS DECIMAL(22, 6)) * 1000000 AS BIGINT) END
    {%- elif field.type in ("fen", "int") -%}
    CASE WHEN regexp_matches({{ text }}, {{ field.pattern | literal }}) THEN TRY_CAST(TRY_CAST({{ text }} AS DECIMAL(18, 0)) AS BIGINT) END
    {%- elif field.codes is not none -%}
    CASE WHEN {{ text }} IS NOT NULL THEN coalesce(
        {%- if field.by_insurance %}{{ ("s_" ~ field.name) | ident }}.canonical, {% endif -%}
        {{ ("k_" ~ field.name) | ident }}.canonical, '?' || {{ text }}) END
    {%- elif field.normalise == "id_number" -%}
    {{ upgraded(text) }}
    {%- elif field.normalise in ("person_name", "unit_name") -%}
    {{ unified(text, field.normalise) }}
    {%- else -%}
    {{ text }}
    {%- endif %} AS {{ ("v_" ~ field.name) | ident }},
    {% if field.column is not none -%}
    {{ text }} AS {{ ("t_" ~ field.name) | ident }},
    {% endif %}
{% endfor %}
{% for column in columns %}
    cleaned.{{ ("r_" ~ loop.index0) | ident }}{{ "," if not loop.last }}
{% endfor %}
FROM cleaned
{% for field in fields if field.codes is not none and field.column is not none %}
LEFT JOIN codes AS {{ ("k_" ~ field.name) | ident }}
    ON {{ ("k_" ~ field.name) | ident }}.table_name = {{ field.codes | literal }}
    AND {{ ("k_" ~ field.name) | ident }}.insurance = ''
    AND {{ ("k_" ~ field.name) | ident }}.code = cleaned.{{ ("t_" ~ field.name) | ident }}
{% if field.by_insurance %}
LEFT JOIN codes AS {{ ("s_" ~ field.name) | ident }}
    ON {{ ("s_" ~ field.name) | ident }}.table_name = {{ field.codes | literal }}
    AND {{ ("s_" ~ field.name) | ident }}.insurance = {{ insurance }}
    AND {{ ("s_" ~ field.name) | ident }}.code = cleaned.{{ ("t_" ~ field.name) | ident }}
{% endif %}
{% endfor %};
