-- Reversals and what they undo, on one side: table nets, one row per reversal and its original. By the original's number first, then
-- (where a reversal names none) by equal fields; always with opposite amounts. Equal candidates pair in the order of date and row.
-- Parameters:
--   relation  rows of both sides: side, origin, source_row, reversal, a_<amount>, x_<field>
--   serial, original  fields: a row's own number, the number of the row that a reversal undoes
--   by_columns  x_ columns by which a reversal without a number finds its original
--   amounts   names of the amount components
-- Columns: side, origin, source_row (of the reversal), undone_origin, undone_row.
{% from "compare/macros.sql" import each %}
{% macro place(fields) %}side, {{ each("#", fields) }}, {{ each("a_#", amounts) }}{% endmacro %}
CREATE OR REPLACE TEMP TABLE undoing AS
SELECT * FROM {{ relation }} AS r WHERE reversal;
CREATE OR REPLACE TEMP TABLE nets AS
WITH numbered AS (
  SELECT *, row_number() OVER (PARTITION BY {{ place(["x_" ~ original]) }} ORDER BY origin, source_row) AS turn
  FROM undoing
  WHERE x_{{ original }} IS NOT NULL
),
named AS (
  SELECT r.*, row_number() OVER (PARTITION BY {{ place(["x_" ~ serial]) }} ORDER BY origin, source_row) AS turn
  FROM {{ relation }} AS r
  WHERE NOT r.reversal AND r.x_{{ serial }} IN (SELECT x_{{ original }} FROM undoing WHERE x_{{ original }} IS NOT NULL)
)
SELECT u.side, u.origin, u.source_row, o.origin AS undone_origin, o.source_row AS undone_row
FROM numbered AS u
JOIN named AS o ON o.side = u.side AND o.x_{{ serial }} = u.x_{{ original }} AND o.turn = u.turn
  AND {{ each("o.a_# = -u.a_#", amounts, " AND ") }};
{% if by_columns %}
INSERT INTO nets
WITH unnamed AS (
  SELECT *, row_number() OVER (PARTITION BY {{ place(by_columns) }} ORDER BY origin, source_row) AS turn
  FROM undoing
  WHERE x_{{ original }} IS NULL AND {{ each("# IS NOT NULL", by_columns, " AND ") }}
),
free AS (
  SELECT r.*, row_number() OVER (PARTITION BY {{ place(by_columns) }} ORDER BY origin, source_row) AS turn
  FROM {{ relation }} AS r
  WHERE NOT r.reversal AND r.{{ by_columns[0] }} IN (SELECT {{ by_columns[0] }} FROM unnamed)
    AND NOT EXISTS (SELECT 1 FROM nets AS n WHERE n.side = r.side AND n.undone_origin = r.origin AND n.undone_row = r.source_row)
)
SELECT u.side, u.origin, u.source_row, o.origin AS undone_origin, o.source_row AS undone_row
FROM unnamed AS u
JOIN free AS o ON o.side = u.side AND o.turn = u.turn AND {{ each("o.# = u.#", by_columns, " AND ") }}
  AND {{ each("o.a_# = -u.a_#", amounts, " AND ") }};
{% endif %}
