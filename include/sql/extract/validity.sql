-- The rows of a validity table (拉链表) that hold at the end of one business date; a row holds from valid_from until before valid_to.
-- Parameters (all already quoted for the database that is read, not for the engine):
--   items       select items, one per raw column in order
--   table       the table's name
--   valid_from  the column with the beginning; empty: since ever
--   valid_to    the column with the end; empty: until further notice
--   next        the day after the business date: a literal or a bind parameter
SELECT
    {{ items | join(",\n    ") }}
FROM {{ table }}
WHERE ({{ valid_from }} IS NULL OR {{ valid_from }} < {{ next }})
    AND ({{ valid_to }} IS NULL OR {{ valid_to }} >= {{ next }})
