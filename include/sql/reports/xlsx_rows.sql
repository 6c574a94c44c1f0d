-- The rows of a long sheet as the XML of a workbook, made where the data is: the same text as hedui.reports.cells gives cell by cell.
-- Parameters: relation, columns (name, letter, kind, body and zebra: numbers of styles), start and count (positions), first (row of
--   the sheet that position 1 stands in), special, injection, number and illegal (patterns of hedui.reports.cells), height, longest
--   (characters of a text).
-- Relations: the relation has position BIGINT from 1. Result: one text per row, in order. Money is fen and shown in yuan.
-- A row is one concat: a chain of || would copy what it has so far for every piece.
{% macro legal(value) -%}
regexp_replace({{ value }}, {{ illegal | literal }}, '', 'g')
{%- endmacro %}
{% macro harmless(value) -%}
CASE WHEN regexp_matches({{ legal(value) }}, {{ injection | literal }}) AND NOT regexp_matches({{ legal(value) }}, {{ number | literal }})
    THEN '''' ELSE '' END || {{ legal(value) }}
{%- endmacro %}
{% macro safe(value) -%}
CASE WHEN length({{ value }}) <= {{ longest }} AND NOT regexp_matches({{ value }}, {{ special | literal }})
        AND NOT regexp_matches({{ value }}, {{ injection | literal }}) THEN {{ value }}
    ELSE replace(replace(replace(
        CASE WHEN length({{ harmless(value) }}) <= {{ longest }} THEN {{ harmless(value) }}
            ELSE substr({{ harmless(value) }}, 1, {{ longest }}) || '…' END,
        '&', '&amp;'), '<', '&lt;'), '>', '&gt;') END
{%- endmacro %}
{% macro content(column) -%}
{% set value = column.name | ident %}
{% if column.kind in ('money', 'diff') -%}
'><v>' || CAST(CAST({{ value }} AS DECIMAL(18, 0)) * CAST(0.01 AS DECIMAL(3, 2)) AS VARCHAR) || '</v></c>'
{%- elif column.kind in ('int', 'tally', 'percent') -%}
'><v>' || CAST({{ value }} AS VARCHAR) || '</v></c>'
{%- elif column.kind == 'date' -%}
'><v>' || CAST(date_diff('day', DATE '1899-12-30', {{ value }}) AS VARCHAR) || '</v></c>'
{%- else -%}
' t="inlineStr"><is><t xml:space="preserve">' || nullif({{ safe(value) }}, '') || '</t></is></c>'
{%- endif %}
{%- endmacro %}
WITH numbered AS (
    SELECT *, position AS place, CAST(position + {{ first }} - 1 AS VARCHAR) AS line,
        (position + {{ first }} - 1) % 2 AS odd
    FROM {{ relation | ident }}
    WHERE position > {{ start }} AND position <= {{ start + count }}
)
SELECT concat('<row r="', line, '" ht="{{ height }}" customHeight="1">',
{% for column in columns %}
    '<c r="{{ column.letter }}', line, CASE WHEN odd = 1 THEN '" s="{{ column.body }}"' ELSE '" s="{{ column.zebra }}"' END,
    coalesce({{ content(column) }}, '/>'),
{% endfor %}
    '</row>') AS xml
FROM numbered ORDER BY place;
