-- The rows of both sides that something is to be said about, with all columns: unmatched, deviating or regrouped rows (rows_<i>), and the
-- rows that their first key does not match: aside_<i>, whose place is duplicate, reversed, residual (a later rung may match it), keymap
-- or unusable.
-- Parameters:
--   keys     number of key columns
--   subject  positions of the key columns that make the subject key
--   rungs    per later rung the columns without which a row cannot be matched by it
--   mapped   per side the column that its key map fills, or none
{% from "compare/macros.sql" import each %}
{% macro subject_key() %}CASE WHEN status = 'ok' THEN concat_ws('/', {{ each("k#", subject) }}) ELSE concat('no:', own_key) END{% endmacro %}
{% for i in (0, 1) %}
CREATE OR REPLACE TEMP TABLE rows_{{ i }} AS
SELECT *, {{ subject_key() }} AS subject
FROM side_{{ i }}
WHERE source_row IN (SELECT n{{ i }} FROM joined WHERE n{{ i }} IS NOT NULL AND (NOT same OR crossed OR t0 <> t1));
CREATE OR REPLACE TEMP TABLE aside_{{ i }} AS
SELECT *, {{ subject_key() }} AS subject,
       CASE
         WHEN netted THEN 'reversed'
         WHEN status = 'ok' THEN 'duplicate'
{% for columns in rungs %}
         WHEN {{ each("# IS NOT NULL", columns, " AND ") }} THEN 'residual'
{% endfor %}
         WHEN status = 'keymap' THEN 'keymap'
{% if mapped[i] %}
         WHEN own_number <> '' AND {{ mapped[i] }} IS NULL THEN 'keymap'
{% endif %}
         ELSE 'unusable'
       END AS place
FROM live_{{ i }}
WHERE NOT live;
{% endfor %}
