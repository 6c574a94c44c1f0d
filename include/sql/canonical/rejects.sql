-- The rejects: one row per value that could not be converted or is missing though required, with the whole raw row.
-- Parameters:
--   fields    canonical fields that can be refused, each with name, column, position (of the raw column), required, fallible, reason, and
--             for money plain (what an amount looks like) and inexact (the reason for an amount that is no whole number of fen)
--   columns   all raw columns
-- Reads the view typed. Columns: source_row, field, raw_column, raw_value, reason (Chinese), raw (JSON object of the raw row).
WITH refused AS (
    SELECT
        source_row,
        to_json({
{% for column in columns %}
            {{ column | literal }}: {{ ("r_" ~ loop.index0) | ident }}{{ "," if not loop.last }}
{% endfor %}
        }) AS raw,
        unnest([
{% for field in fields %}
            {
                'field': {{ field.name | literal }},
                'raw_column': {{ field.column | literal }},
                'raw_value': {{ ("r_" ~ field.position) | ident }},
                'reason': CASE
{% if field.required %}
                    WHEN {{ ("t_" ~ field.name) | ident }} IS NULL THEN '必填项为空'
{% endif %}
                    WHEN {{ ("t_" ~ field.name) | ident }} IS NULL OR {{ ("v_" ~ field.name) | ident }} IS NOT NULL THEN NULL
{% if field.plain is not none %}
                    WHEN regexp_matches({{ ("t_" ~ field.name) | ident }}, {{ field.plain | literal }}) THEN {{ field.inexact | literal }}
{% endif %}
                    ELSE {{ field.reason | literal }}
                END
            }{{ "," if not loop.last }}
{% endfor %}
        ]) AS problem
    FROM typed
    WHERE FALSE
{% for field in fields %}
        OR {% if not field.required %}{{ ("t_" ~ field.name) | ident }} IS NOT NULL AND {% endif %}{{ ("v_" ~ field.name) | ident }} IS NULL
{% endfor %}
)

SELECT
    source_row,
    problem.field AS field,
    problem.raw_column AS raw_column,
    problem.raw_value AS raw_value,
    problem.reason AS reason,
    CAST(raw AS VARCHAR) AS raw
FROM refused
WHERE problem.reason IS NOT NULL
