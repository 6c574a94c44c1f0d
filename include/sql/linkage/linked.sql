-- The picked pairs of a couple of sides join the others: table linked.
-- Parameters:
--   a, b         indexes of the sides; the same for pairs inside one source
--   comparisons  compared fields of the model
--   first        the table has to be made
-- Columns: a, b, left_row, right_row, left_key, right_key, insurance, period, region, left_id, right_id, left_sound, right_sound,
-- weight, probability, level_<field>.
{{ "CREATE OR REPLACE TEMP TABLE linked AS" if first else "INSERT INTO linked" }}
SELECT {{ a }} AS a, {{ b }} AS b, p.left_row, p.right_row, p.left_key, p.right_key, l.insurance, l.period,
       coalesce(l.region, r.region) AS region, l.id_number AS left_id, r.id_number AS right_id, l.sound AS left_sound,
       r.sound AS right_sound, p.weight, p.probability
{% for name in comparisons %}
       , p.level_{{ name }}
{% endfor %}
FROM picked AS p
JOIN link_left AS l ON l.unique_id = p.left_row
JOIN link_right AS r ON r.unique_id = p.right_row;
