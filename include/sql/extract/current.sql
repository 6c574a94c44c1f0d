-- A table that knows only its present state, read whole.
-- Parameters (all already quoted for the database that is read, not for the engine):
--   items    select items, one per raw column in order
--   table    the table's name
SELECT
    {{ items | join(",\n    ") }}
FROM {{ table }}
