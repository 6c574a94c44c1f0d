-- rule: P23
-- datasets: person
-- elsewhere: death
-- about: person
-- subject: person
-- needs: person.id_number, person.death_date
-- parameters: {}
-- denominator: persons who are in a register of deaths
-- note: A death that 公安, 卫健 or 民政 registered is known to the source, with the same date. A death that no register has proves nothing: registers come in parts.
-- Rendered with: person, death (relations; death of all sources), date, parameters, limits, result ("count" or "rows").
WITH examined AS (
  SELECT
    person.id_number, person.region, person.source_row, person.death_date, registered.death_date AS registered_date, registered.source,
    person.death_date IS DISTINCT FROM registered.death_date AS violated
  FROM {{ person }} AS person
  JOIN {{ death }} AS registered ON registered.id_number = person.id_number
  WHERE registered.death_date IS NOT NULL
)
{% if result == "count" %}
SELECT count(*) AS examined, count(*) FILTER (WHERE violated) AS violations FROM examined;
{% else %}
SELECT
  id_number AS subject_key, region, NULL AS insurance, NULL AS period, NULL AS part,
  concat(coalesce(CAST(death_date AS VARCHAR), '无'), ' / ', CAST(registered_date AS VARCHAR), ' (', source, ')') AS value,
  NULL AS amount_diff_fen, source_row, 1 AS row_count
FROM examined
WHERE violated;
{% endif %}
