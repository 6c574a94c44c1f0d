-- Rows of an intermediate database by whether they have been passed on.
-- Parameters:
--   items    select items
--   table    the table
--   status   column with the processing state
--   done     its value, in SQL text, when a row has been passed on
--   passed   whether rows that have been passed on are wanted, or the others
--   arrived  column with the day or time at which a row was put there
--   before   day or time in SQL text: rows put there earlier
--   since    day or time in SQL text: rows put there then or later; none: however long ago
SELECT {{ items | join(", ") }}
FROM {{ table }}
WHERE {{ "" if passed else "(" }}{{ status }} {{ "=" if passed else "<>" }} {{ done }}{{ "" if passed else " OR " ~ status ~ " IS NULL)" }}
    AND {{ arrived }} < {{ before }}
{% if since is not none %}
    AND {{ arrived }} >= {{ since }}
{% endif %}
