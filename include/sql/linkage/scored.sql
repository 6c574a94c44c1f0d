-- Scored pairs in one total order, so that picking by it depends on nothing else: tables scored and picked (empty).
-- Parameters:
--   predicted    Splink's table of scored pairs of link_left and link_right
--   comparisons  compared fields of the model
--   within       both tables are of one side: a pair of two rows that were both looked for is taken once
-- Columns: turn (1 is the best), left_node, right_node (a row's number among both tables' rows), left_row, right_row, weight (bits),
-- probability, level_<field> (Splink's number of the level: -1 not comparable, 0 the last).
CREATE OR REPLACE TEMP TABLE scored AS
SELECT row_number() OVER (ORDER BY weight DESC, left_key, right_key, left_row, right_row) AS turn, *
FROM (
  SELECT l.unique_id * 2 AS left_node, r.unique_id * 2 + {{ 0 if within else 1 }} AS right_node,
         l.unique_id AS left_row, r.unique_id AS right_row, l.subject_key AS left_key, r.subject_key AS right_key,
         round(p.match_weight, 6) AS weight, round(p.match_probability, 6) AS probability
{% for name in comparisons %}
         , p.gamma_{{ name }} AS level_{{ name }}
{% endfor %}
  FROM {{ predicted | ident }} AS p
  JOIN link_left AS l ON l.unique_id = CASE WHEN p.source_dataset_l = 'link_left' THEN p.unique_id_l ELSE p.unique_id_r END
  JOIN link_right AS r ON r.unique_id = CASE WHEN p.source_dataset_l = 'link_left' THEN p.unique_id_r ELSE p.unique_id_l END
  WHERE l.subject_key <> r.subject_key
{% if within %}
    AND (l.subject_key < r.subject_key OR r.unique_id NOT IN (SELECT unique_id FROM link_left))
{% endif %}
) AS pairs;
CREATE OR REPLACE TEMP TABLE picked AS SELECT * FROM scored WHERE FALSE;
