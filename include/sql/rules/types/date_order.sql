-- One date comes after another.
-- type: date_order
-- label: 日期先后
-- grain: row
-- gx: {"type": "expect_column_pair_values_a_to_be_greater_than_b", "kwargs": {"column_A": "later", "column_B": "earlier", "or_equal": "or_equal", "ignore_row_if": "=either_value_is_missing"}, "denominator": "{later} IS NOT NULL AND {earlier} IS NOT NULL"}
-- arguments: earlier, later (date fields), or_equal (whether one day may be both)
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND ({{ later }} {{ "<" if or_equal else "<=" }} {{ earlier }});
