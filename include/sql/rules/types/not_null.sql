-- A value is there.
-- type: not_null
-- label: 必填
-- grain: row
-- gx: {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "column"}, "denominator": "TRUE"}
-- arguments: column (field that must have a value)
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND ({{ column }} IS NULL);
