-- A partition's rows with what another target says of their persons' places, in columns place_<what>; empty where it says nothing or
-- several things.
-- Parameters: data, column, person, places (names), known (relation of code, person, a column per name; a line per place).
SELECT t.*{% for name in places %}, coalesce(k.{{ name }}, '') AS place_{{ name }}{% endfor %}

FROM {{ data }} AS t
LEFT JOIN (
  SELECT code, person{% for name in places %}, min({{ name }}) AS {{ name }}{% endfor %}

  FROM {{ known }} AS p
  GROUP BY code, person
  HAVING count(*) = 1
) AS k ON k.code = t.{{ column | ident }} AND k.person = CAST(t.{{ person | ident }} AS VARCHAR)
