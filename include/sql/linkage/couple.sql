-- What two sides lack of each other: tables link_left (rows of a whose key b lacks) and link_right (rows of b whose key a lacks).
-- Parameters:
--   a, b     indexes of the sides
--   sources  sources of the sides, in order
-- Columns: those of records.sql.
{% for table, own, other in (("link_left", a, b), ("link_right", b, a)) %}
CREATE OR REPLACE TEMP TABLE {{ table }} AS
SELECT * FROM record_{{ own }}
WHERE unique_id IN (SELECT n{{ own }} FROM lacking WHERE missing = {{ sources[other] | literal }} AND n{{ own }} IS NOT NULL);
{% endfor %}
