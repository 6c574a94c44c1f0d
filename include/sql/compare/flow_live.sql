-- Both sides with what may be matched marked: live (a usable key that the side has once, not undone), and the rows that are undone on
-- their own date: netted.
-- Parameters:
--   i      index of the side
--   keys   number of key columns
--   nets   whether reversals are declared, so that the table nets exists
{% from "compare/macros.sql" import same_key %}
CREATE OR REPLACE TEMP VIEW live_{{ i }} AS
SELECT s.*, {{ "n.source_row IS NOT NULL" if nets else "FALSE" }} AS netted,
       s.status = 'ok' AND d.first_row IS NULL{{ " AND n.source_row IS NULL" if nets }} AS live
FROM side_{{ i }} AS s
LEFT JOIN dup_{{ i }} AS d ON {{ same_key("d", "s", keys) }}
{% if nets %}
LEFT JOIN netted AS n ON n.side = {{ i }} AND n.source_row = s.source_row
{% endif %}
;
