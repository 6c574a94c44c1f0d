-- The rows of both sides that something is to be said about, with all columns: unmatched or deviating rows (rows_<i>), unusable rows
-- and all rows of duplicate keys (aside_<i>).
-- Parameters:
--   keys  number of key columns
{% from "compare/macros.sql" import same_key %}
{% for i in (0, 1) %}
CREATE OR REPLACE TEMP TABLE rows_{{ i }} AS
SELECT * FROM side_{{ i }} WHERE source_row IN (SELECT n{{ i }} FROM joined WHERE NOT same AND n{{ i }} IS NOT NULL);
CREATE OR REPLACE TEMP TABLE aside_{{ i }} AS
SELECT * FROM live_{{ i }} WHERE NOT live;
{% endfor %}
