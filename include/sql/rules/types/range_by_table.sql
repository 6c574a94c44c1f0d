-- A figure lies within the dated limits of its region and scheme.
-- type: range_by_table
-- label: 按政策参数表定范围
-- grain: row
-- arguments: outside (SQL condition: beyond the limits that apply; NULL where none applies)
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND ({{ outside }});
