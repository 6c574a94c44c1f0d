-- Findings whose subject keys read the same (keys that hold the separator) are told apart: the second and further ones get a
-- fingerprint of their own. Table findings is made anew.
-- Parameters:
--   columns  names of the findings' columns, the fingerprint last
CREATE OR REPLACE TEMP TABLE findings AS
SELECT {% for name in columns if name != "fingerprint" %}{{ name }}, {% endfor %}
       CASE WHEN turn = 1 THEN fingerprint ELSE md5(concat_ws('|', fingerprint, CAST(turn AS VARCHAR))) END AS fingerprint
FROM (
  SELECT *, row_number() OVER (PARTITION BY fingerprint ORDER BY evidence, side_values) AS turn FROM findings
) AS counted;
