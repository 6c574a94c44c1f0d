-- The rows that the pairs of nets consist of: table netted (side, origin, source_row), and both sides without them: views kept_<i>.
-- Parameters:
--   sides  whether the views kept_<i> are wanted (a date's own rows)
CREATE OR REPLACE TEMP TABLE netted AS
SELECT side, origin, source_row FROM nets
UNION ALL
SELECT side, undone_origin, undone_row FROM nets;
{% if sides %}
{% for i in (0, 1) %}
CREATE OR REPLACE TEMP VIEW kept_{{ i }} AS
SELECT s.* FROM side_{{ i }} AS s LEFT JOIN netted AS n ON n.side = {{ i }} AND n.source_row = s.source_row WHERE n.source_row IS NULL;
{% endfor %}
{% endif %}
