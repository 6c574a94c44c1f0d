-- A code is in a table whose rows hold for a time.
-- type: in_dated_table
-- label: 在有效期码表内
-- grain: row
-- arguments: valid (SQL condition: the table has the code on the row's own date)
SELECT source_row FROM {{ batch }} WHERE {{ denominator }} AND (NOT ({{ valid }}));
