-- A code is one of those that its scheme allows.
-- type: code_of_scheme
-- label: 代码与险种匹配
-- grain: row
-- arguments: allowed (SQL condition: the code is in its scheme's list; NULL where the scheme has no list)
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND (NOT ({{ allowed }}));
