-- A text has the form that another field's code asks for; codes without a form are not examined.
-- type: pattern_by_code
-- label: 按代码定格式
-- grain: row
-- arguments: matches (SQL: does the form of the row's code match; NULL where the code has none)
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND (NOT ({{ matches }}));
