-- A condition written out, for what no other type says.
-- type: sql
-- label: 专用条件
-- grain: row
-- arguments: violated (SQL condition of the breaking rows)
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND ({{ violated }});
