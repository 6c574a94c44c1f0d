-- The rows that a table holds for one business date.
-- Parameters (all already quoted for the database that is read, not for the engine):
--   items    select items, one per raw column in order
--   table    the table's name
--   column   the column that holds the business date, with or without a time
--   first    the business date: a literal or a bind parameter
--   next     the day after it
SELECT
    {{ items | join(",\n    ") }}
FROM {{ table }}
WHERE {{ column }} >= {{ first }} AND {{ column }} < {{ next }}
