-- What a target in the lake holds, per code and per conservation group; content is a sum of row hashes, in which order does not matter.
-- Parameters: data, column, person, unit, amounts, date, rest (all columns but those with codes), closed, groups (relation of code, grp).
WITH rows_read AS (
  SELECT {% if closed %}COALESCE(t.{{ closed.column | ident }} < {{ closed.before | literal }}, FALSE){% else %}FALSE{% endif %} AS closed,
    COALESCE(g.grp, '') AS grp, COALESCE(t.{{ column | ident }}, '') AS code,
    {% if person %}t.{{ person | ident }}{% else %}NULL{% endif %} AS person,
    {% if unit %}t.{{ unit | ident }}{% else %}NULL{% endif %} AS unit,
    {% for amount in amounts %}COALESCE(t.{{ amount | ident }}, 0) AS amount_{{ loop.index }}, {% endfor %}
    {% if date %}CAST(t.{{ date | ident }} AS VARCHAR){% else %}NULL{% endif %} AS day,
    hash({% for name in rest %}t.{{ name | ident }}{{ ", " if not loop.last }}{% endfor %}) AS row_hash
  FROM {{ data }} AS t
  LEFT JOIN {{ groups }} AS g ON g.code = t.{{ column | ident }}
),
coded AS (
  SELECT closed, grp, code, FALSE AS is_group, person, unit, {% for amount in amounts %}amount_{{ loop.index }}, {% endfor %}day, row_hash FROM rows_read
  UNION ALL
  SELECT closed, grp, '' AS code, TRUE AS is_group, person, unit, {% for amount in amounts %}amount_{{ loop.index }}, {% endfor %}day, row_hash FROM rows_read
)
SELECT closed, grp, code, is_group, count(*) AS row_count,
  {% if person %}count(DISTINCT person){% else %}NULL{% endif %} AS persons,
  {% if unit %}count(DISTINCT unit){% else %}NULL{% endif %} AS units,
  min(day) AS earliest, max(day) AS latest, CAST(sum(row_hash) AS VARCHAR) AS digest
  {% for amount in amounts %}, CAST(sum(amount_{{ loop.index }}) AS BIGINT) AS fen_{{ loop.index }}{% endfor %}

FROM coded
GROUP BY closed, grp, code, is_group
