-- Findings with their region in the codes of another table; region_was is the code of the night.
-- Parameters: findings (relation of FINDING_COLUMNS and carried), columns (FINDING_COLUMNS).
-- Relations: region_meanings (code, restated).
SELECT
{% for column in columns %}
  {% if column == "region" %}coalesce(m.restated, f.region) AS region{% else %}f.{{ column }}{% endif %},
{% endfor %}
  f.carried,
  f.region AS region_was
FROM {{ findings }} AS f
LEFT JOIN region_meanings AS m ON m.code = f.region;
