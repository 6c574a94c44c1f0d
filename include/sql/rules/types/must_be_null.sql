-- A value must not be there.
-- type: must_be_null
-- label: 应为空
-- grain: row
-- arguments: column (field that must be empty in the rows examined)
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND ({{ column }} IS NOT NULL);
