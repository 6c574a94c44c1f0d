-- Where one thing holds, another must: rows are examined where the first does.
-- type: implies
-- label: 条件蕴含
-- grain: row
-- arguments: consequence (SQL condition)
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND (NOT coalesce({{ consequence }}, FALSE));
